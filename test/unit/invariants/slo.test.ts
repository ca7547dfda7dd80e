import { describe, expect, test } from 'vitest';
import { series, sum } from '../../../gym/judge/quantity.ts';
import { slo } from '../../../invariants/slo.ts';
import { evidenceOf, judged, samples, timeline } from '../judge/samples.ts';

const latencies = (values: readonly number[]) =>
  evidenceOf({
    app: timeline(
      'latency',
      values.map((value, index) => [index, value] as const),
      'ms',
    ),
  });
const p95 = slo({ name: 's', latencies: series('app.latency'), quantile: 0.95, atMost: 200 });
/** So many of 1,000 are above 200 ms. */
const slow = (count: number) => latencies(Array.from({ length: 1000 }, (_, index) => (index < count ? 300 : 100)));

describe('a quantile', () => {
  // Of 1,000 values, p95 is with 95 % between those of rank 938 and 962: 38 above are few enough, 63 too many.
  test.each([
    [38, 'pass'],
    [39, 'unknown'],
    [62, 'unknown'],
    [63, 'fail'],
  ])('%i of 1,000 above the limit: %s', (count, state) => {
    expect(judged(p95, slow(count)).state).toBe(state);
  });

  test('58 are too few for p95, 59 are enough', () => {
    const fast = (n: number) => latencies(Array.from({ length: n }, () => 100));
    expect(judged(p95, fast(58))).toMatchObject({
      state: 'unknown',
      because: expect.stringMatching(/^all: p95 is at least 100 ms by 58 samples, too few to tell: it takes 1 more/),
    });
    expect(judged(p95, fast(59))).toMatchObject({ state: 'pass', margin: 100, distance: 0 });
  });

  test('at the limit holds', () => {
    expect(judged(p95, latencies(Array.from({ length: 100 }, () => 200)))).toMatchObject({ state: 'pass', margin: 0 });
  });

  test('an open one says how many more it would take; a failure how far it is off at the least', () => {
    expect(judged(p95, slow(45)).because).toMatch(/it takes [\d,]+ more at the least$/);
    expect(judged(p95, slow(50)).because).toMatch(/too near to the limit for any number of samples$/);
    expect(judged(p95, slow(63))).toMatchObject({
      because: 'all: p95 is between 300 ms and 300 ms by 1,000 samples; it must be at most 200 ms',
      margin: -100,
      distance: 0.5,
      unit: 'ms',
    });
  });

  test('the number it would take is enough, if it stays like that', () => {
    const [, more = ''] = /it takes ([\d,]+) more/.exec(judged(p95, slow(45)).because) ?? [];
    const n = 1000 + Number(more.replaceAll(',', ''));
    const above = Math.floor(n * 0.045);
    expect(judged(p95, latencies(Array.from({ length: n }, (_, index) => (index < above ? 300 : 100)))).state).toBe(
      'pass',
    );
  });

  test('each group is judged; one that fails is named', () => {
    const grouped = slo({ name: 's', latencies: series('app.latency', { by: ['page'] }), quantile: 0.5, atMost: 200 });
    const values = Array.from(
      { length: 40 },
      (_, at) => [at, at % 2 === 0 ? 100 : 900, { page: at % 2 === 0 ? 'a' : 'b' }] as const,
    );
    const { state, because } = judged(grouped, evidenceOf({ app: timeline('latency', values, 'ms') }));
    expect([state, because]).toEqual([
      'fail',
      'b: p50 is between 900 ms and 900 ms by 20 samples; it must be at most 200 ms',
    ]);
  });

  test('what was summed up already has no quantile', () => {
    const mean = [{ metric: 'latency', labels: {}, value: 5, unit: 'ms' as const, n: 50 }];
    expect(judged(p95, evidenceOf({ app: mean }))).toMatchObject({
      state: 'unknown',
      because: expect.stringContaining('a sample stands for 50 requests'),
    });
  });
});

describe('a rate of errors', () => {
  const rate = slo({ name: 's', errors: sum('app.errors'), total: sum('app.requests'), atMost: 0.001 });
  const requests = (errors: bigint, total: bigint) =>
    evidenceOf({ app: [...samples('errors', errors, 'count'), ...samples('requests', total, 'count')] });

  test.each([
    [0n, 2994n, 'unknown'],
    [0n, 2995n, 'pass'],
    [5n, 1000n, 'fail'],
    [1n, 1000n, 'unknown'],
    [0n, 0n, 'vacuous'],
    [3n, 2n, 'unknown'],
  ])('%i of %i: %s', (errors, total, state) => {
    expect(judged(rate, requests(errors, total)).state).toBe(state);
  });
  test('the words are shares', () => {
    expect(judged(rate, requests(0n, 1000n)).because).toBe(
      'all: the rate of errors is between 0 % and 0.299 % by 1,000 samples, too few to tell: it takes 1,995 more at the least',
    );
    expect(rate.claim).toBe('sum(app.errors) are at most 0.1 % of sum(app.requests), with 95 % confidence');
    expect(p95.claim).toBe('p95 of app.latency is at most 200, with 95 % confidence');
  });
  test('a rate of nothing at all cannot be shown', () => {
    expect(() => slo({ name: 's', errors: sum('a.e'), total: sum('a.n'), atMost: 0 })).toThrow(/use bound/);
  });
});
