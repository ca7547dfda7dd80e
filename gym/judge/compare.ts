import { type Judgement, type Part, unknown, vacuous } from '../task/judgement.ts';
import type { Unit } from '../task/measurement.ts';
import { absolute, add, type Resolved, subtract } from './quantity.ts';
import { amountText, differenceText, listText } from './text.ts';
import { allowance, exact, type Tolerance } from './tolerance.ts';

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
 * Judges comparisons: each must be within the tolerance; hashes must be equal. Distance is the sum of what goes beyond
 * it, over the sum of what was expected; of hashes, the share that differs. `lead` begins the sentence of a failure.
 */
export function judgeComparisons(
  comparisons: readonly Comparison[],
  tolerance: Tolerance,
  unit: Unit,
  lead: string,
): Judgement {
  if (comparisons.length === 0) return vacuous('there is nothing to compare');
  const compared = comparisons.map((each) => compare(each, unit === 'hash' ? exact() : tolerance));
  const rooms = compared.flatMap(({ room }) => (room === null ? [] : [room]));
  const wrong = compared.filter(({ room }) => room !== null && room < 0);
  const open = compared.find(({ room }) => room === null);
  // What is off elsewhere is off all the same.
  if (open !== undefined && wrong.length === 0) {
    return unknown(`${open.part}: a share of zero cannot be told (the expected value is 0)`);
  }
  const beyond = rooms.filter((room) => room < 0).reduce(add, 0n);
  const scale = compared.map(({ expected }) => absolute(expected)).reduce(add);
  return {
    state: wrong.length === 0 ? 'pass' : 'fail',
    because:
      wrong.length === 0
        ? `${lead}: ${compared.length} of ${compared.length} agree`
        : `${lead}: ${wrongText(wrong, unit)}`,
    margin: unit === 'hash' ? 0 - wrong.length : marginOf(rooms),
    distance: unit === 'hash' ? wrong.length / compared.length : distanceOf(beyond, scale),
    unit,
    parts: compared.map((each) => partOf(each)),
    evidence: [],
  };
}

/** A comparison with its difference and how much of the allowance is left; null where a share of zero is asked for. */
type Compared = Comparison & { readonly off: bigint | number; readonly room: bigint | number | null };

function compare(comparison: Comparison, tolerance: Tolerance): Compared {
  const off = subtract(comparison.observed, comparison.expected);
  const allowed = allowance(tolerance, comparison.expected);
  return { ...comparison, off, room: allowed === null ? null : subtract(allowed, absolute(off)) };
}

/** The least room there is, as a number that JSON can hold; below 0 whenever one is. */
export function marginOf(rooms: readonly (bigint | number)[]): number {
  return finite(rooms.reduce<number>((least, room) => Math.min(least, Number(room)), Number.MAX_VALUE));
}

/** How far something is beyond what is allowed, over the size of what was expected: 0 only if it is not, and always finite. */
export function distanceOf(beyond: bigint | number, scale: bigint | number): number {
  if (Number(beyond) === 0) return 0;
  const size = finite(Math.abs(Number(scale)));
  return finite(Math.max(finite(Math.abs(Number(beyond))) / (size === 0 ? 1 : size), Number.MIN_VALUE));
}

function finite(value: number): number {
  return Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE);
}

function wrongText(wrong: readonly Compared[], unit: Unit): string {
  return listText(
    wrong.map(
      ({ part, off, observed, expected }) =>
        `${part} is ${amountText(observed, unit)}, not ${amountText(expected, unit)}: ${differenceText(off, expected, unit)}`,
    ),
  );
}

function partOf({ part, observed, expected, off }: Compared): Part {
  return { part, observed: String(observed), expected: String(expected), off: String(off) };
}
