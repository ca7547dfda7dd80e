import { hodgesLehmann } from './hodges-lehmann.ts';
import type { Interval } from './interval.ts';
import { seeded } from './random.ts';

/** Both builds, measured one right after the other on the same warm environment; same unit, above 0. */
export interface Pair {
  readonly baseline: number;
  readonly candidate: number;
}

/**
 * What is asked of the ratio candidate/baseline, where less is better. `no-worse`: below 1 + `delta`. `improve`: at most `ratio`, as 0.8
 * for a fifth less.
 */
export type RelativeTarget =
  | { readonly kind: 'no-worse'; readonly delta: number }
  | { readonly kind: 'improve'; readonly ratio: number };

/** After how many pairs it is looked whether there is a decision. 8 is the first size that allows an interval of 99 %: 2/2^8 = 0.8 %. */
export const looks: readonly number[] = [8, 12, 16, 24, 32];

/** The confidence of each look. Five looks with 1 % each are wrong in at most 5 % of all sessions (Bonferroni), 2.5 % to each side. */
export const lookConfidence = 0.99;

/** The ratio candidate/baseline as some pairs tell it. */
export interface Comparison {
  readonly pairs: number;
  readonly ratio: number;
  /** Null where there are too few pairs for the confidence of a look. */
  readonly interval: Interval | null;
}

/**
 * What the pairs so far come to. `undecided`: go on until there are `nextLook` pairs. `unknown`: this was the last look; `pairsNeeded` is
 * about how many pairs it would take if the ratio stayed what it is, null where no number would do, as it is the very limit.
 * `invalid`: a pair, counted from 0, whose times are not finite numbers above 0.
 *
 *     undecided ──look──► pass | fail
 *         │  ▲
 *         └──┘ no decision; after the last look ──► unknown
 */
export type Decision =
  | { readonly state: 'undecided'; readonly nextLook: number; readonly comparison: Comparison | null }
  | { readonly state: 'pass' | 'fail'; readonly comparison: Comparison }
  | { readonly state: 'unknown'; readonly comparison: Comparison; readonly pairsNeeded: number | null }
  | { readonly state: 'invalid'; readonly pair: number };

/** ln(candidate/baseline) of each pair; NaN where a time is not a finite number above 0. */
export function logRatios(pairs: readonly Pair[]): number[] {
  return pairs.map(({ baseline, candidate }) =>
    baseline > 0 && candidate > 0 && Number.isFinite(baseline) && Number.isFinite(candidate)
      ? Math.log(candidate / baseline)
      : Number.NaN,
  );
}

/** Compares by all the pairs: Hodges and Lehmann's estimate of the log ratio, and its exact interval. Null without valid pairs. */
export function compare(ratios: readonly number[]): Comparison | null {
  const location = hodgesLehmann(ratios, lookConfidence);
  if (location === null) return null;
  const { estimate, interval } = location;
  return {
    pairs: ratios.length,
    ratio: Math.exp(estimate),
    interval: interval && { ...interval, low: Math.exp(interval.low), high: Math.exp(interval.high) },
  };
}

/**
 * Decides by the log ratios so far, in the order in which they were measured. The first look that decides stays the decision, whatever
 * comes after it; pairs between two looks wait for the next.
 */
export function decide(ratios: readonly number[], target: RelativeTarget): Decision {
  const pair = ratios.findIndex((ratio) => !Number.isFinite(ratio));
  if (pair >= 0) return { state: 'invalid', pair };
  let latest: Comparison | null = null;
  for (const look of looks) {
    if (look > ratios.length) return { state: 'undecided', nextLook: look, comparison: latest };
    const comparison = compare(ratios.slice(0, look));
    if (comparison === null || comparison.interval === null) continue;
    const state = stateOf(comparison.interval, target);
    if (state !== null) return { state, comparison };
    latest = comparison;
  }
  if (latest === null) throw new Error('no look allows an interval');
  return { state: 'unknown', comparison: latest, pairsNeeded: pairsNeeded(latest, limitOf(target)) };
}

const limitOf = (target: RelativeTarget): number => (target.kind === 'no-worse' ? 1 + target.delta : target.ratio);

function stateOf({ low, high }: Interval, target: RelativeTarget): 'pass' | 'fail' | null {
  const limit = limitOf(target);
  if (low > limit) return 'fail';
  if (target.kind === 'no-worse' ? high < limit : high <= limit) return 'pass';
  return null;
}

/** The half of an interval that is towards the limit shrinks with the square root of the pairs. */
function pairsNeeded({ pairs, ratio, interval }: Comparison, limit: number): number | null {
  if (interval === null) return null;
  const gap = Math.abs(Math.log(limit / ratio));
  const half = Math.abs(Math.log((ratio < limit ? interval.high : interval.low) / ratio));
  const needed = Math.ceil(pairs * (half / gap) ** 2);
  return Number.isSafeInteger(needed) ? Math.max(needed, pairs + 1) : null;
}

/** Which build is measured first in each pair, at random under the seed. More pairs begin with the same ones. */
export function firstOfPairs(count: number, seed: number): ('baseline' | 'candidate')[] {
  const random = seeded(seed);
  return Array.from({ length: count }, () => (random.below(2) === 0 ? 'baseline' : 'candidate'));
}
