import { normalCdf } from './normal.ts';

/** What is claimed of the middle of the differences, against that it is 0. */
export type Alternative = 'two-sided' | 'greater' | 'less';

/**
 * How a p value is computed. `exact`: from all 2^n signs of the ranks that there are, ties included. `normal`: by the normal approximation
 * with the variance corrected for ties. `normal-corrected`: the same with a correction for continuity.
 */
export type Method = 'exact' | 'normal' | 'normal-corrected';

/** Wilcoxon's statistic: differences of 0 are left out, equal ones share the mean of their ranks. */
export interface SignedRanks {
  /** The rank of each difference that is not 0; a whole number or a half. */
  readonly ranks: readonly number[];
  /** The sum of the ranks of positive differences, W+. */
  readonly plus: number;
  /** The sum of the ranks of negative differences, W−. */
  readonly minus: number;
}

/** Ranks the sizes of the differences. Round them first where equal ones could differ in their last digits. */
export function signedRanks(differences: readonly number[]): SignedRanks {
  const sorted = differences.filter((value) => value !== 0).sort((a, b) => Math.abs(a) - Math.abs(b));
  const ranks: number[] = [];
  for (let start = 0; start < sorted.length; ) {
    const size = Math.abs(sorted[start] ?? 0);
    let end = start + 1;
    while (end < sorted.length && Math.abs(sorted[end] ?? 0) === size) end += 1;
    // Ranks from start + 1 to end.
    for (let index = start; index < end; index += 1) ranks.push((start + 1 + end) / 2);
    start = end;
  }
  const sum = (sign: number) =>
    ranks.reduce((total, rank, at) => total + (Math.sign(sorted[at] ?? 0) === sign ? rank : 0), 0);
  return { ranks, plus: sum(1), minus: sum(-1) };
}

/**
 * The distribution of W+ where each rank has either sign with the same chance: the chance of each sum of doubled ranks (ties have halves).
 * Counted by dynamic programming, rank after rank; exact up to 53 ranks, beyond that to the last digits of a double. Source: Hollander, Wolfe
 * and Chicken, Nonparametric Statistical Methods, section 3.1; with ties, the distribution given those ties (ibid., comment 11).
 */
export function rankSumChances(ranks: readonly number[]): Float64Array {
  const doubled = ranks.map((rank) => 2 * rank);
  const chances = new Float64Array(1 + doubled.reduce((sum, rank) => sum + rank, 0));
  chances[0] = 1;
  let reached = 0;
  for (const rank of doubled) {
    reached += rank;
    for (let sum = reached; sum >= 0; sum -= 1) {
      const without = chances[sum] ?? 0;
      chances[sum] = ((sum < rank ? 0 : (chances[sum - rank] ?? 0)) + without) / 2;
    }
  }
  return chances;
}

/** Up to here `exact` is what is taken where no method is asked for. */
const exactUpTo = 50;

/** The p value of Wilcoxon's signed-rank test of `differences`; 1 where none is other than 0. */
export function signedRankP(
  differences: readonly number[],
  alternative: Alternative,
  method: Method = differences.length <= exactUpTo ? 'exact' : 'normal-corrected',
): number {
  const ranked = signedRanks(differences);
  const { less, greater } =
    method === 'exact' ? exactTails(ranked) : normalTails(ranked, method === 'normal' ? 0 : 0.5);
  if (alternative === 'less') return less;
  if (alternative === 'greater') return greater;
  return Math.min(1, 2 * Math.min(less, greater));
}

interface Tails {
  readonly less: number;
  readonly greater: number;
}

function exactTails({ ranks, plus }: SignedRanks): Tails {
  const chances = rankSumChances(ranks);
  const sum = (from: number, to: number) => chances.subarray(from, to).reduce((total, chance) => total + chance, 0);
  return { less: Math.min(1, sum(0, 2 * plus + 1)), greater: Math.min(1, sum(2 * plus, chances.length)) };
}

function normalTails({ ranks, plus, minus }: SignedRanks, correction: number): Tails {
  // The sum of the squares of the ranks over four is the usual variance less its correction for ties.
  const deviation = Math.sqrt(ranks.reduce((sum, rank) => sum + rank * rank, 0) / 4);
  if (deviation === 0) return { less: 1, greater: 1 };
  const excess = (plus - minus) / 2;
  return {
    less: normalCdf((excess + correction) / deviation),
    greater: normalCdf((correction - excess) / deviation),
  };
}
