import type { Interval } from './interval.ts';
import { normalCdf, normalQuantile } from './normal.ts';
import { seeded } from './random.ts';

/** Intervals of a statistic, from the values that were seen, drawn anew again and again. */
export interface Bootstrap {
  readonly estimate: number;
  /** Between the quantiles of what was drawn. */
  readonly percentile: Interval;
  /** Bias-corrected and accelerated; null where it is not defined, as where all values are the same. */
  readonly bca: Interval | null;
}

/**
 * Bootstrap intervals of `statistic` of `values`. The same seed gives the same intervals. Null where there are no values or the statistic
 * is not finite for a sample that was drawn. Source: Efron and Tibshirani, An Introduction to the Bootstrap, sections 13.3 and 14.3.
 */
export function bootstrap(
  values: readonly number[],
  statistic: (sample: readonly number[]) => number,
  { confidence, resamples, seed }: { confidence: number; resamples: number; seed: number },
): Bootstrap | null {
  if (values.length === 0) return null;
  const random = seeded(seed);
  const estimate = statistic(values);
  const drawn = new Float64Array(resamples);
  const sample = [...values];
  for (let index = 0; index < resamples; index += 1) {
    for (let at = 0; at < sample.length; at += 1) sample[at] = values[random.below(values.length)] ?? 0;
    drawn[index] = statistic(sample);
  }
  if (!Number.isFinite(estimate) || !drawn.every(Number.isFinite)) return null;
  drawn.sort();
  const between = (low: number, high: number) => ({
    low: quantileOf(drawn, low),
    high: quantileOf(drawn, high),
    confidence,
  });
  const tail = (1 - confidence) / 2;
  const corrected = correctedTails(drawn, estimate, jackknife(values, statistic), tail);
  return { estimate, percentile: between(tail, 1 - tail), bca: corrected && between(...corrected) };
}

/** The statistic of the values without each one in turn. */
function jackknife(values: readonly number[], statistic: (sample: readonly number[]) => number): number[] {
  return values.map((_, left) => statistic(values.filter((__, at) => at !== left)));
}

/** The quantiles at which the BCa interval ends. */
function correctedTails(
  drawn: Float64Array,
  estimate: number,
  without: readonly number[],
  tail: number,
): [number, number] | null {
  const below =
    drawn.reduce((sum, value) => sum + (value < estimate ? 1 : value === estimate ? 0.5 : 0), 0) / drawn.length;
  const mean = without.reduce((sum, value) => sum + value, 0) / without.length;
  const power = (exponent: number) => without.reduce((sum, value) => sum + (mean - value) ** exponent, 0);
  const acceleration = power(3) / (6 * power(2) ** 1.5);
  if (below <= 0 || below >= 1 || !Number.isFinite(acceleration)) return null;
  const bias = normalQuantile(below);
  const corrected = (share: number) => {
    const shifted = bias + normalQuantile(share);
    return normalCdf(bias + shifted / (1 - acceleration * shifted));
  };
  return [corrected(tail), corrected(1 - tail)];
}

/** The quantile of sorted values, linear between neighbours (type 7 of Hyndman and Fan, 1996). */
function quantileOf(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(position)] ?? Number.NaN, sorted[Math.ceil(position)] ?? Number.NaN];
  return low + (position - Math.floor(position)) * (high - low);
}
