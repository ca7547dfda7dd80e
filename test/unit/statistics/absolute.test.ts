import { describe, expect, it, test } from 'vitest';
import { decideQuantile, decideRate, type Ranked } from '../../../gym/statistics/absolute.ts';
import { latencyHistogram } from '../../../gym/statistics/histogram.ts';
import { seeded } from '../../../gym/statistics/random.ts';

function ranked(values: readonly number[]): Ranked {
  const sorted = values.toSorted((a, b) => a - b);
  return { count: sorted.length, atRank: (rank) => sorted[rank - 1] ?? null };
}
const upTo = (n: number) => ranked(Array.from({ length: n }, (_, index) => index + 1));

describe('p95 below a limit at 95 %', () => {
  it.each([
    ['all far below, but one too few to say so', upTo(58), 1000, { state: 'unknown', upper: null, needed: 59 }],
    ['all below', upTo(59), 60, { state: 'pass', upper: 59, needed: null }],
    ['the greatest on the limit', upTo(59), 59, { state: 'unknown', upper: 59, needed: null }],
    ['the limit between the bounds', upTo(1000), 950, { state: 'unknown', lower: 938, upper: 962, needed: null }],
    ['the lower bound on the limit', upTo(1000), 938, { state: 'fail', needed: null }],
    ['few, but all above', ranked([7, 8, 9]), 5, { state: 'fail', lower: 8, upper: null }],
    ['none', ranked([]), 5, { state: 'vacuous', lower: null, upper: null, needed: 59 }],
  ])('%s', (_, values, limit, expected) => {
    expect(decideQuantile(values, 0.95, limit, 0.95)).toMatchObject(expected);
  });

  test('of a histogram', async () => {
    const histogram = await latencyHistogram();
    for (let value = 1; value <= 1000; value += 1) histogram.record(value);
    expect(decideQuantile(histogram, 0.95, 970, 0.95)).toMatchObject({ state: 'pass', lower: 938, upper: 962 });
  });

  test('is wrong in at most 5 % of samples to each side', () => {
    const random = seeded(2);
    const seen = { pass: 0, fail: 0, unknown: 0, vacuous: 0 };
    // p95 is exactly the limit: any decision is by chance.
    for (let round = 0; round < 2000; round += 1) {
      seen[decideQuantile(ranked(Array.from({ length: 300 }, () => random.unit())), 0.95, 0.95, 0.95).state] += 1;
    }
    expect(seen.pass / 2000).toBeLessThan(0.065);
    expect(seen.fail / 2000).toBeLessThan(0.065);
    expect(seen.pass + seen.fail).toBeGreaterThan(50);
  });
});

describe('less than one error in 100, at 95 %', () => {
  it.each([
    ['none in 298', 0, 298, { state: 'unknown', needed: 299 }],
    ['none in 300', 0, 300, { state: 'pass', needed: null }],
    ['one in 300', 1, 300, { state: 'unknown', needed: 473 }],
    ['one in 10', 1, 10, { state: 'unknown', needed: 473 }],
    ['five in 10', 5, 10, { state: 'fail', upper: expect.closeTo(0.778, 3), lower: expect.closeTo(0.222, 3) }],
    ['no attempt', 0, 0, { state: 'vacuous', lower: null, upper: null }],
  ])('%s', (_, errors, n, expected) => {
    expect(decideRate(errors, n, 0.01, 0.95)).toMatchObject(expected);
  });
});
