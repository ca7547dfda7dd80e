import { expect, test } from 'vitest';
import { sampleInput, type Unit } from '../../../gym/task/measurement.ts';

test.each<[bigint | number, Unit, bigint | number | undefined]>([
  [5, 'bytes', 5n],
  [-5, 'count', -5n],
  [-0, 'bytes', 0n],
  [2n ** 64n, 'hash', 2n ** 64n],
  [Number.MAX_SAFE_INTEGER, 'bytes', BigInt(Number.MAX_SAFE_INTEGER)],
  [2 ** 53, 'bytes', undefined],
  [1.5, 'bytes', undefined],
  [1.5, 'ms', 1.5],
  [5n, 'ms', 5],
  [Number.NaN, 'ms', undefined],
  [Number.POSITIVE_INFINITY, 'ratio', undefined],
])('%s %s', (value, unit, kept) => {
  const parsed = sampleInput.safeParse({ metric: 'm', value, unit, labels: { worker: 1 } });
  expect(parsed.data?.value).toBe(kept);
  if (kept !== undefined) expect(parsed.data?.labels).toEqual({ worker: '1' });
});
