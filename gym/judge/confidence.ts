import { incompleteBeta } from '../statistics/beta.ts';
import { lowerRank, samplesForQuantile, upperRank } from '../statistics/quantile.ts';
import { rateLowerBound, rateUpperBound } from '../statistics/rate.ts';
import { least } from '../statistics/solve.ts';

/** One-sided bounds, each with the confidence that was asked for; null: too little was measured for one. */
export interface Bounds {
  readonly lower: number | null;
  readonly upper: number | null;
}

/** Bounds of a quantile of independent values, whatever their distribution. `values` are in ascending order. */
export function quantileBounds(values: Float64Array, quantile: number, confidence: number): Bounds {
  const at = (rank: number | null): number | null => (rank === null ? null : (values[rank - 1] ?? null));
  return {
    lower: at(lowerRank(values.length, quantile, confidence)),
    upper: at(upperRank(values.length, quantile, confidence)),
  };
}

/** Bounds of a rate of which `hits` of `n` independent attempts were seen. */
export function rateBounds(hits: number, n: number, confidence: number): Bounds {
  return { lower: rateLowerBound(hits, n, confidence), upper: rateUpperBound(hits, n, confidence) };
}

/** How many more values it takes at the least to tell whether a quantile is at most `limit`, if they are like these; null: too many. */
export function moreForQuantile(
  values: Float64Array,
  quantile: number,
  limit: number,
  confidence: number,
): number | null {
  const fewest = samplesForQuantile(quantile, confidence);
  if (values.length < fewest) return fewest - values.length;
  // The quantile is at most the limit where what is above the limit is rare enough.
  const above = values.filter((value) => value > limit).length;
  return moreForRate(above, values.length, 1 - quantile, confidence);
}

const mostAttempts = 1e9;

/**
 * How many more attempts it takes to tell on which side of `limit` a rate is, if it stays what it was in the first `n`: the size from
 * which on Clopper and Pearson's bound (see `rateUpperBound`) is beyond the limit. Null: more than a thousand million.
 */
export function moreForRate(hits: number, n: number, limit: number, confidence: number): number | null {
  const rate = hits / n;
  const isDecided = (attempts: number): boolean => {
    const expected = rate * attempts;
    return rate < limit
      ? incompleteBeta(limit, expected + 1, attempts - expected) >= confidence
      : incompleteBeta(limit, expected, attempts - expected + 1) < 1 - confidence;
  };
  let high = Math.max(n, 1);
  while (!isDecided(high)) {
    high *= 2;
    if (high > mostAttempts) return null;
  }
  const enough = least(isDecided, n, high);
  return enough === null ? null : enough - n;
}
