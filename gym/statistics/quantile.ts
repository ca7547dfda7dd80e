import { binomialCdf } from './beta.ts';
import { least } from './solve.ts';

/**
 * Which of `n` independent values in ascending order, counted from 1, is at or above their distribution's quantile with the confidence:
 * an upper bound, whatever the distribution. Null where n is too small (`samplesForQuantile`). Source: David and Nagaraja, Order
 * Statistics, section 7.1.
 */
export function upperRank(n: number, quantile: number, confidence: number): number | null {
  return least((rank) => binomialCdf(rank - 1, n, quantile) >= confidence, 1, n);
}

/** Which of `n` independent values in ascending order, counted from 1, is at or below the quantile with the confidence; null: none is. */
export function lowerRank(n: number, quantile: number, confidence: number): number | null {
  const mirrored = upperRank(n, 1 - quantile, confidence);
  return mirrored === null ? null : n + 1 - mirrored;
}

/** How many independent values it takes for an upper bound of a quantile: 59, 299 and 2995 for p95, p99 and p99.9 at 95 %. */
export function samplesForQuantile(quantile: number, confidence: number): number {
  const n = Math.ceil(Math.log(1 - confidence) / Math.log(quantile));
  // A logarithm that is a whole number may come out a little above or below it.
  return 1 - quantile ** (n - 1) >= confidence ? n - 1 : n;
}
