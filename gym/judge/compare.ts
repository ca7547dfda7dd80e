import { type Judgement, type Part, unknown, vacuous } from '../task/judgement.ts';
import type { Sample, Unit } from '../task/measurement.ts';
import { absolute, add, type Resolved, type ResolvedSeries, subtract } from './quantity.ts';
import { amountText, differenceText, listText, verbFor } from './text.ts';
import { allowance, exact, type Tolerance } from './tolerance.ts';

/** How what was observed should be to what was expected. */
export type Relation = 'equal' | 'atLeast' | 'atMost';

/** One pair of values that should be equal, or one of them no less or no more than the other. */
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

/** A series' samples by group. */
export type ReadySeries = { readonly groups: ReadonlyMap<string, readonly Sample[]>; readonly unit: Unit };

/** A resolved series, or the judgement that there is nothing to judge. */
export function readySeries(resolved: ResolvedSeries): ReadySeries | Judgement {
  if (resolved.state === 'ok') return resolved;
  return resolved.state === 'unknown' ? unknown(resolved.because) : vacuous(resolved.because);
}

/** Whether there is a judgement already, instead of something to judge. */
export function isJudgement<Value extends object>(value: Value | Judgement): value is Judgement {
  return 'because' in value;
}

/**
 * Judges comparisons: each must be within the tolerance; hashes must be equal. Distance is the sum of what goes beyond
 * it, over the sum of what was expected; of hashes, the share that differs. `lead` begins the sentence of a failure. With a relation
 * other than `equal` only one direction counts, and the tolerance is how far it may go that way.
 */
export function judgeComparisons(
  comparisons: readonly Comparison[],
  tolerance: Tolerance,
  unit: Unit,
  lead: string,
  relation: Relation = 'equal',
): Judgement {
  if (comparisons.length === 0) return vacuous('there is nothing to compare');
  if (unit === 'hash' && relation !== 'equal') return unknown(`${lead}: hashes have no size`);
  const compared = comparisons.map((each) => compare(each, unit === 'hash' ? exact() : tolerance, relation));
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
        ? `${lead}: ${compared.length} of ${compared.length} ${relation === 'equal' ? verbFor(compared.length, 'agrees', 'agree') : verbFor(compared.length, 'holds', 'hold')}`
        : `${lead}: ${wrongText(wrong, unit, relation)}`,
    margin: unit === 'hash' ? 0 - wrong.length : marginOf(rooms),
    distance: unit === 'hash' ? wrong.length / compared.length : distanceOf(beyond, scale),
    unit,
    parts: compared.map((each) => partOf(each, relation)),
    evidence: [],
  };
}

/** A comparison with its difference and how much of the allowance is left; null where a share of zero is asked for. */
type Compared = Comparison & { readonly off: bigint | number; readonly room: bigint | number | null };

function compare(comparison: Comparison, tolerance: Tolerance, relation: Relation): Compared {
  const off = subtract(comparison.observed, comparison.expected);
  const bad = relation === 'equal' ? absolute(off) : relation === 'atMost' ? off : -off;
  // What is on the good side needs no tolerance, not even one that can be told.
  const allowed = allowance(tolerance, comparison.expected) ?? (relation !== 'equal' && bad <= 0 ? 0n : null);
  return { ...comparison, off, room: allowed === null ? null : subtract(allowed, bad) };
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

const relationWords: Record<Relation, string> = { equal: 'not', atLeast: 'below', atMost: 'above' };

function wrongText(wrong: readonly Compared[], unit: Unit, relation: Relation): string {
  return listText(
    wrong.map(
      ({ part, off, observed, expected }) =>
        `${part} is ${amountText(observed, unit)}, ${relationWords[relation]} ${amountText(expected, unit)}: ${differenceText(off, expected, unit)}`,
    ),
  );
}

/** Better than it has to be is not off. */
function partOf({ part, observed, expected, off, room }: Compared, relation: Relation): Part {
  const isBetter = relation !== 'equal' && room !== null && room >= 0;
  return { part, observed: String(observed), expected: String(expected), off: isBetter ? '0' : String(off) };
}
