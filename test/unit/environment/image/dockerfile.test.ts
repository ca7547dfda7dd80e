import { describe, expect, it } from 'vitest';
import { baseImages } from '../../../../gym/environment/image/dockerfile.ts';

describe('baseImages', () => {
  it('finds what comes from elsewhere, not stages of its own', () => {
    const text = `
# FROM comment
ARG TAG=1
ARG BASE="node:\${TAG}"
FROM --platform=linux/amd64 $BASE AS build
ARG TAG=3
RUN echo FROM nowhere
FROM build as test
COPY --from=build /a /b
COPY --from=0 /a /b
COPY --chown=1 \\
  --from=busybox:1 /a /b
FROM scratch
from debian:\${SUITE:-bookworm}
`;
    expect(baseImages(text, {})).toEqual(['node:1', 'busybox:1', 'debian:bookworm']);
    expect(baseImages(text, { TAG: '2', SUITE: 'x' })).toEqual(['node:2', 'busybox:1', 'debian:bookworm']);
  });
});
