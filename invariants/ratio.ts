import { z } from 'zod';
import { type Comparison, distanceOf, isJudgement, marginOf } from '../gym/judge/compare.ts';
import { rateBounds } from '../gym/judge/confidence.ts';
import { pairGroups } from '../gym/judge/pair.ts';
import { noticedBy, quantitySchema, quantityText } from '../gym/judge/quantity.ts';
import { countText, listText, numberText, percentText } from '../gym/judge/text.ts';
import { allowance, exact, toleranceSchema, toleranceText } from '../gym/judge/tolerance.ts';
import { defineInvariant, invariantBase } from '../gym/task/invariant.ts';
import { type Judgement, unknown, vacuous } from '../gym/task/judgement.ts';
import type { Evidence } from '../gym/task/measurement.ts';

const schema = z
  .strictObject({
    ...invariantBase,
    numerator: quantitySchema,
    denominator: quantitySchema,
    /** Smallest ratio that holds. */
    atLeast: z.number().optional(),
    /** Largest ratio that holds. */
    atMost: z.number().optional(),
    /** What it should be near: a ratio, or that of the baseline's build. */
    near: z.union([z.number(), z.literal('baseline')]).optional(),
    /** How near. */
    tolerance: toleranceSchema.default(exact()),
    /** Where a ratio is a share of independent attempts: how sure it must be. None: the ratio is taken as it is. */
    confidence: z.number().gt(0).lt(1).optional(),
  })
  .refine(
    ({ atLeast, atMost, near }) => (near === undefined) !== (atLeast === undefined && atMost === undefined),
    'name atLeast and atMost, or near with a tolerance',
  )
  .refine(({ atLeast = -Infinity, atMost = Infinity }) => atLeast <= atMost, 'atLeast is above atMost');
type Spec = z.output<typeof schema>;

/** One quantity as a share of another stays within bounds, in every group: clicks of what was shown, hits of what was asked for. */
export const ratio = defineInvariant({
  kind: 'ratio',
  schema,
  claim: (spec) =>
    `${quantityText(spec.numerator)} / ${quantityText(spec.denominator)} is ${rangeText(spec)}${spec.confidence === undefined ? '' : `, with ${percentText(spec.confidence)} confidence`}`,
  looksAt: ({ numerator, denominator }) => [numerator, denominator],
  comparesBuilds: ({ near }) => near === 'baseline',
  judge,
  notices: ({ near, numerator }) => (near === undefined ? [] : noticedBy(numerator).filter((how) => how !== 'drop')),
});

function rangeText({ atLeast, atMost, near, tolerance }: Spec): string {
  if (near !== undefined) {
    return `${toleranceText(tolerance)} ${near === 'baseline' ? "the baseline's" : numberText(near)}`;
  }
  const words = [
    ...(atLeast === undefined ? [] : [`at least ${numberText(atLeast)}`]),
    ...(atMost === undefined ? [] : [`at most ${numberText(atMost)}`]),
  ];
  return words.join(' and ');
}

/** A ratio in a group, what it may be by what was seen, and what it has to be between. */
interface Share {
  readonly part: string;
  readonly n: number;
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
  readonly low: number;
  readonly high: number;
}

function judge(spec: Spec, evidence: Evidence): Judgement {
  const counts = ratiosIn(spec, evidence, '');
  if (isJudgement(counts)) return counts;
  const known = spec.near === 'baseline' ? baselineRatios(spec, evidence) : new Map<string, number>();
  if (isJudgement(known)) return known;
  const shares: Share[] = [];
  for (const { part, observed, expected } of counts.filter((each) => Number(each.expected) !== 0)) {
    const range = rangeOf(spec, known.get(part));
    if (range === null) return unknown(`${part}: the ratio that it should be near is not there, or 0`);
    const [hits, n] = [Number(observed), Number(expected)];
    if (spec.confidence !== undefined && !isShare(hits, n)) return unknown(`${part}: ${hits} is no share of ${n}`);
    shares.push({ part, n, value: hits / n, ...boundsOf(hits, n, spec.confidence), ...range });
  }
  const judged = judgeShares(spec, shares);
  const idle = counts.find(({ expected }) => Number(expected) === 0);
  if (idle === undefined || judged.state === 'fail') return judged;
  return Number(idle.observed) === 0
    ? vacuous(`${idle.part}: ${quantityText(spec.denominator)} is 0`)
    : unknown(`${idle.part}: ${numberText(idle.observed)} of 0 is no ratio`);
}

/** Numerators and denominators by group. */
function ratiosIn(spec: Spec, evidence: Evidence, whose: string): readonly Comparison[] | Judgement {
  const numerator = { name: `${whose}${spec.numerator.metric}`, quantity: spec.numerator, evidence };
  const denominator = { name: `${whose}${spec.denominator.metric}`, quantity: spec.denominator, evidence };
  const pairs = pairGroups(numerator, denominator);
  if (isJudgement(pairs)) return pairs;
  return pairs.unit === 'hash' ? unknown(`${spec.numerator.metric} is a hash, which has no size`) : pairs.comparisons;
}

function baselineRatios(spec: Spec, { baseline }: Evidence): ReadonlyMap<string, number> | Judgement {
  if (baseline === undefined) return unknown('there was no build of the baseline to compare with');
  const counts = ratiosIn(spec, baseline, "the baseline's ");
  if (isJudgement(counts)) return { ...counts, because: `the baseline: ${counts.because}` };
  const there = counts.filter(({ expected }) => Number(expected) !== 0);
  return new Map(there.map(({ part, observed, expected }) => [part, Number(observed) / Number(expected)]));
}

/** What it has to be between; null: that cannot be told. */
function rangeOf(spec: Spec, ofBaseline: number | undefined): Pick<Share, 'low' | 'high'> | null {
  const { near, atLeast = -Infinity, atMost = Infinity } = spec;
  if (near === undefined) return { low: atLeast, high: atMost };
  const middle = near === 'baseline' ? ofBaseline : near;
  const room = middle === undefined ? null : allowance(spec.tolerance, middle);
  return middle === undefined || room === null ? null : { low: middle - Number(room), high: middle + Number(room) };
}

function isShare(hits: number, n: number): boolean {
  return Number.isInteger(hits) && Number.isInteger(n) && hits >= 0 && hits <= n;
}

function boundsOf(hits: number, n: number, confidence: number | undefined): Pick<Share, 'lower' | 'upper'> {
  if (confidence === undefined) return { lower: hits / n, upper: hits / n };
  const { lower, upper } = rateBounds(hits, n, confidence);
  return { lower: lower ?? 0, upper: upper ?? 1 };
}

function judgeShares(spec: Spec, shares: readonly Share[]): Judgement {
  if (shares.length === 0) return vacuous(`${quantityText(spec.denominator)} is 0`);
  const wrong = shares.filter(({ lower, upper, low, high }) => upper < low || lower > high);
  const open = shares.find(({ lower, upper, low, high }) => lower < low || upper > high);
  if (wrong.length === 0 && open !== undefined) {
    return unknown(`${shareText(open)}: too few to tell whether it is ${rangeText(spec)}`);
  }
  const shown = wrong.length > 0 ? wrong : shares;
  const rooms = shown.map((share) => ({ ...share, ...roomOf(share, wrong.length > 0) }));
  return {
    state: wrong.length === 0 ? 'pass' : 'fail',
    because: `${listText(shown.map(shareText))}; it must be ${rangeText(spec)}`,
    margin: marginOf(rooms.map(({ room }) => room)),
    distance: rooms.reduce((most, { room, limit }) => Math.max(most, room < 0 ? distanceOf(room, limit) : 0), 0),
    unit: 'ratio',
    parts: rooms.map(({ part, value, limit, room }) => ({
      part,
      observed: String(value),
      expected: String(limit),
      off: room < 0 ? String(value - limit) : '0',
    })),
    evidence: [],
  };
}

/** The nearest limit and how far it is away; of one that is off, how far it is off at the least. */
function roomOf({ lower, upper, low, high }: Share, isWrong: boolean): { room: number; limit: number } {
  const [below, above] = isWrong ? [upper - low, high - lower] : [lower - low, high - upper];
  return below < above ? { room: below, limit: low } : { room: above, limit: high };
}

function shareText({ part, value, lower, upper, n }: Share): string {
  if (lower === upper) return `${part} is ${numberText(value)}`;
  return `${part} is ${numberText(value)} (${numberText(lower)} to ${numberText(upper)} by ${countText(n, 'attempt')})`;
}
