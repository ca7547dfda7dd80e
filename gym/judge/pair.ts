import { type Judgement, unknown } from '../task/judgement.ts';
import type { Evidence, Unit } from '../task/measurement.ts';
import { type Comparison, isJudgement, ready } from './compare.ts';
import { type Quantity, resolve } from './quantity.ts';

/** A quantity, in which evidence it is looked up, and what it is called in a sentence. */
export interface Side {
  readonly name: string;
  readonly quantity: Quantity;
  readonly evidence: Evidence;
}

/** The values of two quantities side by side, group by group, in one unit. */
export interface Paired {
  readonly comparisons: readonly Comparison[];
  readonly unit: Unit;
}

/**
 * Puts two quantities side by side, or says why that cannot be done. A group that one side lacks counts as zero where it is summed or
 * counted; a largest or smallest of nothing is unknown.
 */
export function pairGroups(observed: Side, expected: Side): Paired | Judgement {
  const here = ready(resolve(observed.quantity, observed.evidence));
  if (isJudgement(here)) return here;
  const there = ready(resolve(expected.quantity, expected.evidence));
  if (isJudgement(there)) return there;
  if (there.unit !== here.unit) return unknown(`${expected.name} is in ${there.unit}, not in ${here.unit}`);
  const comparisons: Comparison[] = [];
  for (const part of new Set([...here.groups.keys(), ...there.groups.keys()])) {
    const left = here.groups.get(part) ?? zeroOf(observed.quantity);
    const right = there.groups.get(part) ?? zeroOf(expected.quantity);
    if (left === null || right === null) {
      return unknown(`${part} is missing in ${(left === null ? observed : expected).name}`);
    }
    comparisons.push({ part, observed: left, expected: right });
  }
  return { comparisons, unit: here.unit };
}

/** The sum and the number of nothing is zero; there is no largest or smallest of nothing. */
function zeroOf({ reduce }: Quantity): bigint | null {
  return reduce === 'sum' || reduce === 'count' ? 0n : null;
}
