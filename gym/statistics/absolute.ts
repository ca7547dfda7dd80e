import { lowerRank, samplesForQuantile, upperRank } from './quantile.ts';
import { attemptsForRate, rateLowerBound, rateUpperBound } from './rate.ts';

/**
 * Whether something is below a limit. `pass`: with the confidence it is. `fail`: with the confidence it is not. `unknown`: what was
 * measured fits both. `vacuous`: nothing was measured.
 */
export interface AbsoluteDecision {
  readonly state: 'pass' | 'fail' | 'unknown' | 'vacuous';
  /** How many values or attempts there are. */
  readonly n: number;
  /** One-sided bounds, each with the confidence; null where there are too few values for one. */
  readonly lower: number | null;
  readonly upper: number | null;
  /** How many it takes at the least before it can pass; null where there are enough, or it is decided. */
  readonly needed: number | null;
}

/** Values of which those of a rank, counted from 1 in ascending order, can be read: a histogram, or a sorted array. */
export interface Ranked {
  readonly count: number;
  atRank(rank: number): number | null;
}

/** Decides whether a quantile of independent values is below `limit`, whatever their distribution. */
export function decideQuantile(values: Ranked, quantile: number, limit: number, confidence: number): AbsoluteDecision {
  const n = values.count;
  const at = (rank: number | null) => (rank === null ? null : values.atRank(rank));
  const bounds = { lower: at(lowerRank(n, quantile, confidence)), upper: at(upperRank(n, quantile, confidence)) };
  const least = samplesForQuantile(quantile, confidence);
  return decided(n, bounds, limit, least > n ? least : null);
}

/** Decides whether the rate of errors is below `limit`, between 0 and 1; `needed` is where no further attempt fails. */
export function decideRate(errors: number, n: number, limit: number, confidence: number): AbsoluteDecision {
  const bounds = { lower: rateLowerBound(errors, n, confidence), upper: rateUpperBound(errors, n, confidence) };
  return decided(n, bounds, limit, attemptsForRate(limit, confidence, errors));
}

function decided(
  n: number,
  { lower, upper }: Pick<AbsoluteDecision, 'lower' | 'upper'>,
  limit: number,
  needed: number | null,
): AbsoluteDecision {
  if (n === 0) return { state: 'vacuous', n, lower, upper, needed };
  if (upper !== null && upper < limit) return { state: 'pass', n, lower, upper, needed: null };
  if (lower !== null && lower >= limit) return { state: 'fail', n, lower, upper, needed: null };
  return { state: 'unknown', n, lower, upper, needed };
}
