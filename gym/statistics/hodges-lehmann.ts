import type { Interval } from './interval.ts';
import { rankSumChances } from './signed-rank.ts';

/** The middle of a symmetric distribution, as its differences tell it. */
export interface Location {
  /** The Hodges–Lehmann estimate: the median of all means of two. */
  readonly estimate: number;
  /** Null where there are too few differences for the confidence. */
  readonly interval: Interval | null;
}

/**
 * Hodges and Lehmann's estimate with the interval that belongs to Wilcoxon's exact signed-rank test: both bounds are Walsh averages. The
 * achieved confidence is at least `confidence`, with ties as well. Source: Hollander, Wolfe and Chicken, Nonparametric Statistical Methods,
 * sections 3.2 and 3.3. Null where there are no differences or one is not finite. Takes time and memory of n².
 */
export function hodgesLehmann(differences: readonly number[], confidence: number): Location | null {
  if (differences.length === 0 || !differences.every(Number.isFinite)) return null;
  const averages = walshAverages(differences);
  const at = (index: number) => averages[index] ?? Number.NaN;
  const last = averages.length - 1;
  const estimate = (at(Math.floor(last / 2)) + at(Math.ceil(last / 2))) / 2;
  const tail = tailOf(differences.length, confidence);
  if (tail === null) return { estimate, interval: null };
  const { cut, achieved } = tail;
  return { estimate, interval: { low: at(cut), high: at(last - cut), confidence: achieved } };
}

/** The means of all pairs of values, each with itself included, in order. */
function walshAverages(values: readonly number[]): Float64Array {
  const averages = new Float64Array((values.length * (values.length + 1)) / 2);
  let index = 0;
  for (const [at, value] of values.entries()) {
    for (const other of values.slice(at)) {
      averages[index] = (value + other) / 2;
      index += 1;
    }
  }
  return averages.sort();
}

/** How many Walsh averages are cut off on each side, and the confidence that leaves; null: not even the outermost are far enough. */
function tailOf(n: number, confidence: number): { cut: number; achieved: number } | null {
  const chances = rankSumChances(Array.from({ length: n }, (_, index) => index + 1));
  let outside = 0;
  for (let sum = 0; ; sum += 1) {
    const next = outside + 2 * (chances[2 * sum] ?? 0);
    if (next > 1 - confidence) return sum === 0 ? null : { cut: sum - 1, achieved: 1 - outside };
    outside = next;
  }
}
