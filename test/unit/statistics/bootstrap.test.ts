import { describe, expect, it, test } from 'vitest';
import { bootstrap } from '../../../gym/statistics/bootstrap.ts';
import { normals } from './samples.ts';

const values = [10, 12, 12.5, 12.5, 13.9, 15, 21, 22, 23, 34, 50, 81, 89, 121, 134, 213];
const mean = (sample: readonly number[]) => sample.reduce((sum, value) => sum + value, 0) / sample.length;
const settings = { confidence: 0.95, resamples: 2000, seed: 1 };

test('the published intervals: 28.86 to 84.21, BCa 32.31 to 91.43, to half a percent', () => {
  // With millions of samples numpy comes to 28.86, 84.23, 32.25 and 91.46; a few 100,000 miss the half percent now and then.
  const intervals = bootstrap(values, mean, { ...settings, resamples: 1_000_000 });
  const ratios = [
    (intervals?.percentile.low ?? 0) / 28.86,
    (intervals?.percentile.high ?? 0) / 84.21,
    (intervals?.bca?.low ?? 0) / 32.31,
    (intervals?.bca?.high ?? 0) / 91.43,
  ];
  for (const ratio of ratios) expect(Math.abs(ratio - 1)).toBeLessThan(0.005);
});

test('the same seed gives the same, another one does not', () => {
  expect(bootstrap(values, mean, settings)).toEqual(bootstrap(values, mean, settings));
  expect(bootstrap(values, mean, settings)).not.toEqual(bootstrap(values, mean, { ...settings, seed: 2 }));
});

test('moves and scales with the values', () => {
  const before = bootstrap(values, mean, settings);
  const after = bootstrap(
    values.map((value) => 8 * value + 64),
    mean,
    settings,
  );
  expect(after?.bca?.low).toBeCloseTo(8 * (before?.bca?.low ?? 0) + 64, 8);
  expect(after?.percentile.high).toBeCloseTo(8 * (before?.percentile.high ?? 0) + 64, 8);
});

test('values that lie evenly round their middle have an interval that does, though many samples hit it exactly', () => {
  const even = Array.from({ length: 20 }, (_, index) => index % 2);
  const bca = bootstrap(even, mean, settings)?.bca;
  expect((bca?.low ?? 0) + (bca?.high ?? 0)).toBeCloseTo(1, 10);
});

describe('where there is nothing to draw', () => {
  it.each([
    ['no values', []],
    ['a value that is not a number', [1, Number.NaN]],
  ])('%s: no interval', (_, none) => {
    expect(bootstrap(none, mean, settings)).toBeNull();
  });

  test('equal values have no BCa interval', () => {
    const percentile = { low: 3, high: 3, confidence: 0.95 };
    expect(bootstrap([3, 3, 3], mean, settings)).toEqual({ estimate: 3, percentile, bca: null });
  });
});

test('holds the mean nearly as often as it says', () => {
  const normal = normals(5);
  const rounds = 400;
  let held = 0;
  for (let round = 0; round < rounds; round += 1) {
    const sample = Array.from({ length: 40 }, normal);
    const bca = bootstrap(sample, mean, { confidence: 0.9, resamples: 500, seed: round })?.bca;
    held += bca && bca.low <= 0 && bca.high >= 0 ? 1 : 0;
  }
  // Bootstrap intervals of few values are a little too narrow; three standard errors are 4.5 %.
  expect(held / rounds).toBeGreaterThan(0.84);
  expect(held / rounds).toBeLessThan(0.945);
});
