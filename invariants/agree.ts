import { z } from 'zod';
import { type Comparison, isJudgement, judgeComparisons, type Ready, ready } from '../gym/judge/compare.ts';
import { noticedBy, quantitySchema, quantityText, resolve } from '../gym/judge/quantity.ts';
import { exact, toleranceSchema, toleranceText } from '../gym/judge/tolerance.ts';
import { defineInvariant, invariantBase } from '../gym/task/invariant.ts';
import { type Judgement, unknown } from '../gym/task/judgement.ts';
import type { Evidence } from '../gym/task/measurement.ts';

const schema = z.strictObject({
  ...invariantBase,
  /** What is claimed. */
  observed: quantitySchema,
  /** What others saw of the same thing, by name; grouped by the same labels. */
  witnesses: z
    .record(z.string(), quantitySchema)
    .refine((all) => Object.keys(all).length > 0, 'name at least one witness'),
  tolerance: toleranceSchema.default(exact()),
});
type Spec = z.output<typeof schema>;

/** Witnesses agree with what was observed, group by group. A group that one side lacks counts as zero where it is summed or counted. */
export const agree = defineInvariant({
  kind: 'agree',
  schema,
  claim: ({ observed, witnesses, tolerance }) =>
    `${quantityText(observed)} agrees ${toleranceText(tolerance)} with ${Object.values(witnesses).map(quantityText).join(' and ')}`,
  looksAt: ({ observed, witnesses }) => [observed, ...Object.values(witnesses)],
  judge,
  notices: ({ observed }) => noticedBy(observed),
});

function judge(spec: Spec, evidence: Evidence): Judgement {
  const observed = ready(resolve(spec.observed, evidence));
  if (isJudgement(observed)) return observed;
  const compared = Object.entries(spec.witnesses).map(([name, quantity]) =>
    against(spec, observed, { name, quantity }, evidence),
  );
  const comparisons = compared.flatMap((each) => ('because' in each ? [] : each));
  const missing = compared.flatMap((each) => ('because' in each ? [each] : []));
  const judged = judgeComparisons(
    comparisons,
    spec.tolerance,
    observed.unit,
    `against ${Object.keys(spec.witnesses).join(', ')}`,
  );
  // A witness that is missing does not take away what another one saw.
  if (judged.state === 'fail') return judged;
  return missing.find(({ state }) => state === 'vacuous') ?? missing[0] ?? judged;
}

interface Witness {
  readonly name: string;
  readonly quantity: Spec['observed'];
}

/** The comparisons with one witness, or the judgement that it cannot be compared with. */
function against(
  spec: Spec,
  observed: Ready,
  { name, quantity }: Witness,
  evidence: Evidence,
): readonly Comparison[] | Judgement {
  const seen = ready(resolve(quantity, evidence));
  if (isJudgement(seen)) return seen;
  if (seen.unit !== observed.unit) return unknown(`${name} is in ${seen.unit}, not in ${observed.unit}`);
  const comparisons: Comparison[] = [];
  for (const group of new Set([...observed.groups.keys(), ...seen.groups.keys()])) {
    const here = observed.groups.get(group) ?? zeroOf(spec.observed);
    const there = seen.groups.get(group) ?? zeroOf(quantity);
    if (here === null || there === null)
      return unknown(`${group} is missing in ${here === null ? spec.observed.metric : name}`);
    const part = partName(group, name, Object.keys(spec.witnesses).length);
    comparisons.push({ part, observed: here, expected: there });
  }
  return comparisons;
}

/** The sum and the number of nothing is zero; there is no largest or smallest of nothing. */
function zeroOf({ reduce }: Spec['observed']): bigint | null {
  return reduce === 'sum' || reduce === 'count' ? 0n : null;
}

function partName(group: string, witness: string, witnesses: number): string {
  return witnesses === 1 ? group : `${group} (${witness})`;
}
