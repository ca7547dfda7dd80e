import fc from 'fast-check';
import { expect, test } from 'vitest';
import { latencyHistogram } from '../../../gym/load/histogram.ts';

test('an empty histogram has no quantile, instead of 0', () => {
  const histogram = latencyHistogram(60_000);
  expect([histogram.count, histogram.quantile(0.99)]).toEqual([0, null]);
});

test('a stall of 100 s among 10,000 latencies of 1 ms is one of many', () => {
  const histogram = latencyHistogram(200_000);
  for (let index = 0; index < 10_000; index += 1) histogram.record(1);
  histogram.record(100_000);
  expect([histogram.count, histogram.quantile(0.9999)]).toEqual([10_001, 1]);
  expect((histogram.quantile(1) ?? 0) / 1e5).toBeCloseTo(1, 3);
});

test('what is above the highest counts as that', () => {
  const histogram = latencyHistogram(60_000);
  histogram.record(1e9);
  expect(histogram.quantile(1)).toBe(60_000);
});

test('each rank is the latency of that rank, at most 0.1 % too high', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 2 ** 24 }), { minLength: 1, maxLength: 60 }), (values) => {
      const histogram = latencyHistogram(2 ** 25);
      for (const value of values) histogram.record(value);
      for (const [index, value] of values.toSorted((a, b) => a - b).entries()) {
        // Half a rank lower, so that no rounding of the share leads to the next one.
        const read = histogram.quantile((index + 0.5) / values.length) ?? -1;
        expect(read).toBeGreaterThanOrEqual(value);
        expect(read).toBeLessThanOrEqual(value * 1.001);
      }
    }),
  );
});
