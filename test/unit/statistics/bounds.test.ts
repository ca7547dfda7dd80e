import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { lowerRank, samplesForQuantile, upperRank } from '../../../gym/statistics/quantile.ts';
import { seeded } from '../../../gym/statistics/random.ts';
import { rateLowerBound, rateUpperBound } from '../../../gym/statistics/rate.ts';

describe('the upper bound of a quantile', () => {
  it.each([
    [0.95, 59],
    [0.99, 299],
    [0.999, 2995],
  ])('of %d needs %d values at 95 %%', (quantile, n) => {
    expect(samplesForQuantile(quantile, 0.95)).toBe(n);
    expect(upperRank(n - 1, quantile, 0.95)).toBeNull();
    expect(upperRank(n, quantile, 0.95)).toBe(n);
  });

  // By scipy 1.17 (binom.ppf).
  it.each([
    [100, 0.95, 99],
    [1000, 0.95, 962],
    [1000, 0.5, 527],
    [1_000_000, 0.99, 990_164],
  ])('of %d values, %d, is at rank %d', (n, quantile, rank) => {
    expect(upperRank(n, quantile, 0.95)).toBe(rank);
  });

  test('a median needs no more than a power of two says', () => {
    expect([samplesForQuantile(0.5, 0.5), samplesForQuantile(0.5, 0.875)]).toEqual([1, 3]);
  });

  test('holds in 95 % of samples or a little more, and the lower one too', () => {
    const random = seeded(3);
    let [above, below] = [0, 0];
    const ranks = [upperRank(200, 0.95, 0.95) ?? 0, lowerRank(200, 0.95, 0.95) ?? 0];
    for (let round = 0; round < 3000; round += 1) {
      const sorted = Array.from({ length: 200 }, () => random.unit()).sort((a, b) => a - b);
      above += (sorted[(ranks[0] ?? 0) - 1] ?? 0) >= 0.95 ? 1 : 0;
      below += (sorted[(ranks[1] ?? 0) - 1] ?? 0) <= 0.95 ? 1 : 0;
    }
    for (const share of [above / 3000, below / 3000]) {
      expect(share).toBeGreaterThan(0.938);
      expect(share).toBeLessThan(0.985);
    }
  });

  test('no values, no bound', () => {
    expect([upperRank(0, 0.95, 0.95), lowerRank(0, 0.95, 0.95)]).toEqual([null, null]);
  });
});

describe('the bounds of a rate', () => {
  // By scipy 1.17 (beta.ppf).
  it.each([
    [0, 100, 0.029513049607039925, 0],
    [1, 100, 0.046559811453538935, 0.0005128014162622921],
    [3, 1000, 0.007735244718479458, 0.0008181753982218001],
    [99, 100, 0.9994871985837377, 0.9534401885464611],
    [50, 1_000_000, 6.328665364259592e-5, 3.896492809647248e-5],
  ])('of %d errors in %d', (errors, n, upper, lower) => {
    expect((rateUpperBound(errors, n, 0.95) ?? 0) / upper).toBeCloseTo(1, 9);
    expect(rateLowerBound(errors, n, 0.95)).toBeCloseTo(lower, 12);
  });

  test('no error in n is about 3/n', () => {
    expect((rateUpperBound(0, 10_000, 0.95) ?? 0) * 10_000).toBeCloseTo(3, 2);
  });

  test('nothing attempted is no rate of 0', () => {
    expect([rateUpperBound(0, 0, 0.95), rateLowerBound(0, 0, 0.95)]).toEqual([null, null]);
  });

  test('nothing but errors', () => {
    expect(rateUpperBound(5, 5, 0.95)).toBe(1);
    expect(rateLowerBound(5, 5, 0.95)).toBeCloseTo(0.05 ** (1 / 5), 12);
  });

  test('rise with the errors and fall with the attempts, around what was seen', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5000 }), fc.nat(), (n, some) => {
        const errors = some % n;
        const upper = rateUpperBound(errors, n, 0.95) ?? 0;
        expect(upper).toBeGreaterThan(errors / n);
        expect(rateLowerBound(errors, n, 0.95)).toBeLessThanOrEqual(errors / n);
        expect(rateUpperBound(errors + 1, n, 0.95)).toBeGreaterThan(upper);
        expect(rateUpperBound(errors, n + 1, 0.95)).toBeLessThan(upper);
      }),
    );
  });

  it.each([
    [0.01, 0, 299],
    [0.001, 0, 2995],
    [0.01, 1, 473],
  ])('a limit of %d is shown with %d errors in %d attempts', (limit, errors, n) => {
    expect(rateUpperBound(errors, n, 0.95)).toBeLessThanOrEqual(limit);
    expect(rateUpperBound(errors, n - 1, 0.95)).toBeGreaterThan(limit);
  });
});
