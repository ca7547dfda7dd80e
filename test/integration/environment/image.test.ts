import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { bench, docker, run } from './support.ts';

const gym = bench();

afterEach(() => {
  const tags = docker('image', 'ls', '--filter', 'label=dev.gym.image', '--format', '{{.Repository}}:{{.Tag}}');
  for (const tag of tags.split('\n').filter((line) => line.startsWith('gym-gymtest-')))
    docker('image', 'rm', '-f', tag);
});

function context(dockerfile: string, files: Record<string, string> = {}): void {
  mkdirSync(join(gym.folder, 'ctx'), { recursive: true });
  for (const [name, text] of Object.entries({ ...files, Dockerfile: dockerfile })) {
    writeFileSync(join(gym.folder, 'ctx', name), text);
  }
}

/** `service how` of every image of the last `up`. */
function images(): string[] {
  return gym.events
    .splice(0)
    .flatMap((event) => (event.type === 'image.ready' ? [`${event.service} ${event.how}`] : []));
}

describe('images', () => {
  it('are built when their inputs change, and only then', async () => {
    const text = `
services:
  a:
    build: {context: ctx, target: two, args: {WORD: "\${WORD:-hello}"}}
    init: true
    command: [sleep, "1000"]
`;
    const dockerfile = `
FROM debian:bookworm-slim AS one
COPY . /ctx
FROM one AS two
ARG WORD
RUN echo $WORD > /word
FROM one AS three
RUN exit 1
`;
    context(dockerfile, { kept: '1', dropped: '1', '.dockerignore': 'dropped' });
    const first = await gym.mustUp(text);
    expect(images()).toEqual(['a built']);
    expect((await run(first, 'a', ['sh', '-c', 'cat /word; ls /ctx'])).out).toBe('hello\nDockerfile\nkept\n');

    context(dockerfile, { dropped: '2' });
    await gym.mustUp(text);
    expect(images()).toEqual(['a cached']);

    context(dockerfile, { kept: '2' });
    await gym.mustUp(text);
    expect(images()).toEqual(['a built']);

    const other = await gym.mustUp(text, { variables: { WORD: 'bye' } });
    expect(images()).toEqual(['a built']);
    expect((await run(other, 'a', ['cat', '/word'])).out).toBe('bye\n');
  });

  it('are built once for services that share a build, by content or by name', async () => {
    context('FROM debian:bookworm-slim\nRUN date +%N > /made\n');
    const environment = await gym.mustUp(`
x-b: &b {init: true, command: [sleep, "1000"]}
services:
  a: {<<: *b, build: ctx, image: shared-by-name}
  b: {<<: *b, build: ctx}
  c: {<<: *b, image: shared-by-name}
`);
    const made = await Promise.all(['a', 'b', 'c'].map((service) => run(environment, service, ['cat', '/made'])));
    expect(new Set(made.map(({ out }) => out)).size).toBe(1);
    expect(docker('image', 'ls', '-q', 'shared-by-name')).toBe('');
  });

  it("come back from the builder's cache, and stay", async () => {
    const up = async (version: number): Promise<string> => {
      context(`FROM debian:bookworm-slim\nRUN echo ${version} > /v\nCMD ["sleep", "1000"]\n`);
      const environment = await gym.mustUp('services: {a: {build: ctx, init: true}}');
      const { out } = await run(environment, 'a', ['cat', '/v']);
      await environment.down();
      return out;
    };
    await up(1);
    docker('image', 'rm', '-f', docker('image', 'ls', '-q', 'gym-gymtest-a'));
    for (const version of [2, 3, 4, 5, 6, 7]) await up(version);
    gym.events.length = 0;
    expect([await up(1), images()]).toEqual(['1\n', ['a built']]);
    expect([await up(1), images()]).toEqual(['1\n', ['a cached']]);
  });

  it('need no shell for health checks and commands, and bring their own health check', async () => {
    context(`
FROM debian:bookworm-slim
HEALTHCHECK --interval=1s CMD ["test", "-f", "/etc/hostname"]
RUN ["rm", "-f", "/bin/sh", "/bin/dash", "/bin/bash"]
CMD ["sleep", "1000"]
`);
    const environment = await gym.mustUp('services: {a: {build: ctx, init: true}}');
    expect(gym.events.some((event) => event.type === 'service.changed' && event.state === 'ready')).toBe(true);
    expect(await run(environment, 'a', ['echo', 'hi'])).toMatchObject({
      out: 'hi\n',
      err: '',
      outcome: { exitCode: 0 },
    });
    const { outcome } = await run(environment, 'a', ['sleep', '4322'], { timeoutMs: 500 });
    expect(outcome.kind).toBe('timed-out');
    expect(docker('top', `${environment.project}-a`)).not.toContain('4322');
    expect(await run(environment, 'a', ['no-such'])).toEqual({
      outcome: { kind: 'exited', exitCode: 127, durationMs: expect.any(Number) },
      out: '',
      err: 'a: "no-such": executable file not found in $PATH\n',
    });
  });
});
