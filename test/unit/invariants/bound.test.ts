import { describe, expect, test } from 'vitest';
import { count, max, sum } from '../../../gym/judge/quantity.ts';
import { bound } from '../../../invariants/bound.ts';
import { evidenceOf, judged, samples } from '../judge/samples.ts';

type Limits = { atLeast?: number | bigint; atMost?: number | bigint };
const by = { by: ['channel'] };
const bounded = (limits: Limits) => bound({ name: 'b', quantity: max('got.bytes', by), ...limits });

describe('the border', () => {
  test.each<[string, Limits, bigint | number, string, number]>([
    ['at the upper bound', { atMost: 100 }, 100n, 'pass', 0],
    ['just inside', { atMost: 100 }, 99n, 'pass', 1],
    ['just beyond', { atMost: 100 }, 101n, 'fail', -1],
    ['at the lower bound', { atLeast: 100n }, 100n, 'pass', 0],
    ['just below', { atLeast: 100n }, 99n, 'fail', -1],
    ['the nearer of two bounds', { atLeast: 10, atMost: 100 }, 98n, 'pass', 2],
    ['a bound of zero', { atMost: 0 }, 3n, 'fail', -3],
    ['negative values', { atLeast: -5 }, -7n, 'fail', -2],
    ['beyond 2^53', { atMost: 2n ** 53n }, 2n ** 53n + 1n, 'fail', -1],
    ['beyond 2^53, the bound a number', { atMost: 2 ** 53 }, 2n ** 53n + 1n, 'fail', -1],
    ['a fraction beyond', { atMost: 0.1 }, 0.1 + Number.EPSILON, 'fail', 0.1 - (0.1 + Number.EPSILON)],
    ['the smallest number there is', { atMost: 0 }, Number.MIN_VALUE, 'fail', -Number.MIN_VALUE],
    [
      'the smallest number beyond a large bound',
      { atLeast: 0, atMost: 1e9 },
      -Number.MIN_VALUE,
      'fail',
      -Number.MIN_VALUE,
    ],
    ['the widest float there is', { atMost: -1.7e308 }, 1.7e308, 'fail', -Number.MAX_VALUE],
  ])('%s', (_, limits, value, state, margin) => {
    const unit = typeof value === 'bigint' ? 'bytes' : 'ms';
    const judgement = judged(bounded(limits), evidenceOf({ got: samples('bytes', { tcp: value }, unit) }));
    expect(judgement).toMatchObject({ state, margin });
  });
});

test('a failure names the groups that are off, by how much, and which way', () => {
  const { because, parts, distance } = judged(
    bounded({ atLeast: 10, atMost: 100 }),
    evidenceOf({ got: samples('bytes', { local: 50n, shm: 110n, tcp: 5n }) }),
  );
  expect(because).toBe('shm is 110 bytes, tcp is 5 bytes; it must be at least 10 and at most 100');
  expect(parts.map(({ part, off }) => [part, off])).toEqual([
    ['local', '0'],
    ['shm', '10'],
    ['tcp', '-5'],
  ]);
  expect(distance).toBe(0.5);
});

test('distances of small quantities are shares too', () => {
  const small = bound({ name: 'b', quantity: sum('got.errors'), atMost: 0.01 });
  const { distance, because } = judged(small, evidenceOf({ got: samples('errors', 0.03, 'ratio') }));
  expect(distance).toBeCloseTo(2, 10);
  expect(because).toBe('all is 0.03; it must be at most 0.01');
});

test('a hash has no size', () => {
  const evidence = evidenceOf({ got: samples('bytes', { tcp: 5n }, 'hash') });
  expect(judged(bounded({ atMost: 10 }), evidence).state).toBe('unknown');
  const counted = bound({ name: 'b', quantity: count('got.bytes'), atMost: 10 });
  expect(judged(counted, evidence)).toMatchObject({ state: 'pass', unit: 'count' });
});

test.each<[string, Limits]>([
  ['no bound', {}],
  ['bounds that exclude each other', { atLeast: 5n, atMost: 4 }],
  ['a bound that is no number', { atMost: Number.NaN }],
  ['a bound without end', { atMost: Number.POSITIVE_INFINITY }],
])('a definition error: %s', (_, limits) => {
  expect(() => bounded(limits)).toThrow(/^bound: /);
});
