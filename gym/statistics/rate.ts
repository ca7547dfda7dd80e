import { incompleteBeta } from './beta.ts';
import { solve } from './solve.ts';

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
