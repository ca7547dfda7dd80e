import { type Judgement, type Part, unknown, vacuous } from '../task/judgement.ts';
import type { Unit } from '../task/measurement.ts';
import { absolute, add, type Resolved, subtract } from './quantity.ts';
import { amountText, differenceText, listText } from './text.ts';
import { allowance, type Tolerance, within } from './tolerance.ts';

/** One pair of values that should be equal. */
export interface Comparison {
  readonly part: string;
  readonly observed: bigint | number;
  readonly expected: bigint | number;
}

/** Gives the groups of a quantity, or the judgement that ends the matter because there are none. */
export type Ready = { readonly groups: ReadonlyMap<string, bigint | number>; readonly unit: Unit };

/** A resolved quantity's plain values, or the judgement that there is nothing to judge. */
export function ready(resolved: Resolved): Ready | Judgement {
  if (resolved.state !== 'ok')
    return resolved.state === 'unknown' ? unknown(resolved.because) : vacuous(resolved.because);
  return { groups: new Map([...resolved.groups].map(([group, { value }]) => [group, value])), unit: resolved.unit };
}

/** Whether `ready` ended in a judgement. */
export function isJudgement(value: Ready | Judgement): value is Judgement {
  return 'because' in value;
}

/**
 * Judges comparisons: each must be within the tolerance. Distance is the sum of what goes beyond it, over the sum of what was expected.
 * `lead` begins the sentence of a failure.
 */
export function judgeComparisons(
  comparisons: readonly Comparison[],
  tolerance: Tolerance,
  unit: Unit,
  lead: string,
): Judgement {
  if (comparisons.length === 0) return vacuous('there is nothing to compare');
  const compared = comparisons.map((each) => ({
    ...each,
    off: subtract(each.observed, each.expected),
    allowed: allowance(tolerance, each.expected),
  }));
  const open = compared.find(({ allowed }) => allowed === null);
  if (open !== undefined) return unknown(`${open.part}: a share of zero cannot be told (the expected value is 0)`);
  const sized = compared.map((each) => ({ ...each, allowed: each.allowed ?? 0n }));
  const wrong = sized.filter(({ off, allowed }) => !within(off, allowed));
  const margin = Math.min(...sized.map(({ off, allowed }) => Number(allowed) - Number(absolute(off))));
  const scale = Math.max(1, Math.abs(Number(sized.map(({ expected }) => absolute(expected)).reduce(add))));
  const beyond = wrong.reduce((sum, { off, allowed }) => sum + Number(absolute(off)) - Number(allowed), 0);
  return {
    state: wrong.length === 0 ? 'pass' : 'fail',
    because:
      wrong.length === 0 ? `${lead}: ${sized.length} of ${sized.length} agree` : `${lead}: ${wrongText(wrong, unit)}`,
    margin,
    distance:
      wrong.length === 0 ? 0 : Math.max(beyond, Number.MIN_VALUE) / (unit === 'hash' ? Math.max(1, beyond) : scale),
    unit,
    parts: sized.map((each) => partOf(each)),
    evidence: [],
  };
}

function wrongText(wrong: readonly (Comparison & { off: bigint | number })[], unit: Unit): string {
  return listText(
    wrong.map(
      ({ part, off, observed, expected }) =>
        `${part} is ${amountText(observed, unit)}, not ${amountText(expected, unit)}: ${differenceText(off, expected, unit)}`,
    ),
  );
}

function partOf({ part, observed, expected, off }: Comparison & { off: bigint | number }): Part {
  return { part, observed: String(observed), expected: String(expected), off: String(off) };
}
