import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { latencyHistogram } from '../../../gym/statistics/histogram.ts';

test('an empty histogram has no answer, instead of 0', async () => {
  const { count, max, mean, quantile, atRank } = await latencyHistogram();
  expect([count, max, mean, quantile(0.99), atRank(1)]).toEqual([0, null, null, null, null]);
});

describe('a stall of 100 s among 10,000 values of 1 ms, measured every 10 ms', () => {
  test('is one value of many without correction', async () => {
    const raw = await latencyHistogram();
    for (let index = 0; index < 10_000; index += 1) raw.record(1000);
    raw.record(100_000_000);
    expect([raw.count, raw.quantile(0.9999)]).toEqual([10_001, 1000]);
    expect((raw.max ?? 0) / 1e8).toBeCloseTo(1, 3);
  });

  test('is half of all time with it', async () => {
    const corrected = await latencyHistogram();
    for (let index = 0; index < 10_000; index += 1) corrected.recordCorrected(1000, 10_000);
    corrected.recordCorrected(100_000_000, 10_000);
    expect(corrected.count).toBe(20_000);
    for (const [share, value] of [
      [0.75, 5e7],
      [0.9, 8e7],
      [0.99, 9.8e7],
    ] as const) {
      expect(Math.abs((corrected.quantile(share) ?? 0) / value - 1)).toBeLessThan(0.001);
    }
  });
});

it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('%d is a bug of who measured', async (value) => {
  const histogram = await latencyHistogram();
  expect(() => histogram.record(value)).toThrow('is not a latency');
  expect(() => histogram.recordCorrected(value, 1)).toThrow('is not a latency');
  expect(histogram.count).toBe(0);
});

test('each rank is the value of that rank, at most 0.1 % too high', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 2 ** 30 }), { minLength: 1, maxLength: 60 }), async (values) => {
      const histogram = await latencyHistogram();
      for (const value of values) histogram.record(value);
      for (const [index, value] of values.toSorted((a, b) => a - b).entries()) {
        const read = histogram.atRank(index + 1) ?? -1;
        expect(read).toBeGreaterThanOrEqual(value);
        expect(read).toBeLessThanOrEqual(value * 1.001);
      }
      expect(histogram.atRank(values.length + 1)).toBeNull();
    }),
  );
});
