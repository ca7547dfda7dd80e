import { incompleteBeta } from './beta.ts';
import { least, solve } from './solve.ts';

/**
 * The greatest rate of errors, from 0 to 1, that still fits `errors` in `n` independent attempts: Clopper and Pearson's exact one-sided
 * bound (Biometrika 26, 1934). Without errors it is about 3/n at 95 %. Null where nothing was attempted.
 */
export function rateUpperBound(errors: number, n: number, confidence: number): number | null {
  if (n === 0) return null;
  if (errors >= n) return 1;
  if (errors === 0) return -Math.expm1(Math.log1p(-confidence) / n);
  return solve((rate) => incompleteBeta(rate, errors + 1, n - errors), confidence, 0, 1);
}

/** The least rate of errors that still fits, in the same way. */
export function rateLowerBound(errors: number, n: number, confidence: number): number | null {
  if (n === 0) return null;
  if (errors === 0) return 0;
  return solve((rate) => incompleteBeta(rate, errors, n - errors + 1), 1 - confidence, 0, 1);
}

/** How many attempts it takes, `errors` of which fail, to show that the rate is at most `limit` (above 0). */
export function attemptsForRate(limit: number, confidence: number, errors = 0): number {
  const shown = (n: number) => (rateUpperBound(errors, n, confidence) ?? 1) <= limit;
  let high = Math.ceil(3 / limit) + errors;
  while (!shown(high)) high *= 2;
  return least(shown, errors, high) ?? high;
}
