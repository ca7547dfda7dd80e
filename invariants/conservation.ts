import { z } from 'zod';
import { isJudgement, judgeComparisons, type Ready, ready } from '../gym/judge/compare.ts';
import { add, quantitySchema, quantityText, resolve, subtract } from '../gym/judge/quantity.ts';
import { amountText, differenceText, listText, numberText } from '../gym/judge/text.ts';
import { exact, toleranceSchema, toleranceText } from '../gym/judge/tolerance.ts';
import { defineInvariant, invariantBase } from '../gym/task/invariant.ts';
import { type Judgement, unknown, vacuous } from '../gym/task/judgement.ts';
import type { Evidence } from '../gym/task/measurement.ts';

type Parts = z.output<typeof quantitySchema> | Record<string, z.output<typeof quantitySchema>>;
const isQuantity = (parts: Parts): parts is z.output<typeof quantitySchema> =>
  'metric' in parts && typeof parts.metric === 'string';

const schema = z
  .strictObject({
    ...invariantBase,
    /** What is known to have gone in. */
    total: quantitySchema,
    /** What it went into: one quantity whose groups are the parts, or quantities by name, summed group by group of the total. */
    parts: z.union([
      quantitySchema,
      z.record(z.string(), quantitySchema).refine((parts) => Object.keys(parts).length > 0, 'name at least one part'),
    ]),
    /** What each part should be, grouped as the parts: finds two errors that cancel, and names the part that is off. */
    expectedParts: quantitySchema.optional(),
    tolerance: toleranceSchema.default(exact()),
  })
  .refine(({ parts, expectedParts }) => expectedParts === undefined || isQuantity(parts), {
    path: ['expectedParts'],
    message: 'expectedParts goes with parts that are the groups of one quantity',
  });
type Spec = z.output<typeof schema>;

/** Nothing is lost and nothing appears from nowhere: the parts add up to the total. */
export const conservation = defineInvariant({
  kind: 'conservation',
  schema,
  claim: ({ total, parts, tolerance }) =>
    `${partQuantities(parts).map(quantityText).join(' + ')} adds up to ${quantityText(total)} ${toleranceText(tolerance)}`,
  looksAt: ({ total, parts, expectedParts }) => [
    total,
    ...partQuantities(parts),
    ...(expectedParts === undefined ? [] : [expectedParts]),
  ],
  judge,
  notices: ({ expectedParts }) => ['scale', 'drop', ...(expectedParts === undefined ? [] : ['swap' as const])],
});

function partQuantities(parts: Parts): z.output<typeof quantitySchema>[] {
  return isQuantity(parts) ? [parts] : Object.values(parts);
}

function judge(spec: Spec, evidence: Evidence): Judgement {
  const total = ready(resolve(spec.total, evidence));
  if (isJudgement(total)) return total;
  return isQuantity(spec.parts)
    ? judgeGroups(spec, spec.parts, total, evidence)
    : judgeNamed(spec, spec.parts, total, evidence);
}

/** The groups of one quantity against one total. */
function judgeGroups(
  spec: Spec,
  quantity: z.output<typeof quantitySchema>,
  total: Ready,
  evidence: Evidence,
): Judgement {
  const parts = ready(resolve(quantity, evidence));
  if (isJudgement(parts)) return parts;
  if (parts.unit !== total.unit) return unknown(`the parts are in ${parts.unit}, not in ${total.unit}`);
  if (isNothing(total.groups) && isNothing(parts.groups)) return vacuous(`${quantityText(spec.total)} is 0`);
  const whole = judgeSum(parts, total, spec.tolerance);
  const expected = spec.expectedParts === undefined ? null : ready(resolve(spec.expectedParts, evidence));
  // A sum that is off is off, whether or not the parts can be compared.
  if (expected === null || (isJudgement(expected) && whole.state === 'fail')) return withPlainParts(whole, parts);
  return isJudgement(expected) ? expected : withExpectedParts(whole, parts, expected, spec);
}

function judgeSum(parts: Ready, total: Ready, tolerance: Spec['tolerance']): Judgement {
  const known = [...total.groups.values()].reduce(add);
  const sum = [...parts.groups.values()].reduce(add);
  const whole = judgeComparisons([{ part: 'sum', observed: sum, expected: known }], tolerance, total.unit, 'the parts');
  if (whole.state === 'unknown') return whole;
  const shares = listText([...parts.groups].map(([part, value]) => `${part} ${numberText(value)}`));
  const because =
    whole.state === 'pass'
      ? `${shares} add up to ${amountText(known, total.unit)}`
      : `the parts come to ${amountText(sum, total.unit)}, not ${amountText(known, total.unit)}: ${differenceText(subtract(sum, known), known, total.unit)} (${shares})`;
  return { ...whole, because };
}

function withExpectedParts(whole: Judgement, parts: Ready, expected: Ready, spec: Spec): Judgement {
  if (parts.unit !== expected.unit) return unknown(`the expected parts are in ${expected.unit}, not in ${parts.unit}`);
  const names = new Set([...parts.groups.keys(), ...expected.groups.keys()]);
  const comparisons = [...names].map((part) => ({
    part,
    observed: parts.groups.get(part) ?? 0n,
    expected: expected.groups.get(part) ?? 0n,
  }));
  const each = judgeComparisons(comparisons, spec.tolerance, parts.unit, 'off');
  if (each.state !== 'fail' && whole.state === 'unknown') return whole;
  if (each.state === 'unknown') return whole.state === 'fail' ? withPlainParts(whole, parts) : each;
  const passes = whole.state === 'pass' && each.state === 'pass';
  return {
    ...each,
    state: passes ? 'pass' : 'fail',
    because: each.state === 'pass' ? whole.because : `${whole.because}; ${each.because}`,
    margin: Math.min(whole.margin ?? Number.POSITIVE_INFINITY, each.margin ?? Number.POSITIVE_INFINITY),
    distance: Math.max(whole.distance ?? 0, each.distance ?? 0),
    parts: [...each.parts, ...whole.parts],
  };
}

/** Named quantities, summed group by group of the total. */
function judgeNamed(
  spec: Spec,
  named: Record<string, z.output<typeof quantitySchema>>,
  total: Ready,
  evidence: Evidence,
): Judgement {
  const sums = new Map([...total.groups.keys()].map((group): [string, bigint | number] => [group, 0n]));
  for (const [name, quantity] of Object.entries(named)) {
    const values = ready(resolve(quantity, evidence));
    if (isJudgement(values)) return values;
    if (values.unit !== total.unit) return unknown(`${name} is in ${values.unit}, not in ${total.unit}`);
    for (const [group, value] of values.groups) sums.set(group, add(sums.get(group) ?? 0n, value));
  }
  if (isNothing(total.groups) && isNothing(sums)) return vacuous(`${quantityText(spec.total)} is 0`);
  const comparisons = [...sums].map(([part, observed]) => ({ part, observed, expected: total.groups.get(part) ?? 0n }));
  return judgeComparisons(
    comparisons,
    spec.tolerance,
    total.unit,
    `${Object.keys(named).join(' + ')} against the total`,
  );
}

/** Nothing went in, or nothing came out. */
function isNothing(groups: Ready['groups']): boolean {
  return [...groups.values()].every((value) => Number(value) === 0);
}

function withPlainParts(whole: Judgement, parts: Ready): Judgement {
  if (whole.parts.length === 0) return whole;
  const plain = [...parts.groups].map(([part, value]) => ({ part, observed: String(value), expected: '', off: '' }));
  return { ...whole, parts: [...plain, ...whole.parts] };
}
