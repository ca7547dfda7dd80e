import { z } from 'zod';
import { isJudgement, judgeComparisons } from '../gym/judge/compare.ts';
import { pairGroups } from '../gym/judge/pair.ts';
import { noticedBy, quantitySchema, quantityText, times } from '../gym/judge/quantity.ts';
import { numberText } from '../gym/judge/text.ts';
import { exact, toleranceSchema, toleranceText } from '../gym/judge/tolerance.ts';
import { defineInvariant, invariantBase } from '../gym/task/invariant.ts';
import { type Judgement, unknown } from '../gym/task/judgement.ts';
import type { Evidence } from '../gym/task/measurement.ts';

const schema = z.strictObject({
  ...invariantBase,
  /** What came of the first input. */
  original: quantitySchema,
  /** What came of the input that was made from it. */
  followUp: quantitySchema,
  /** What the second is to the first. */
  relation: z.enum(['equal', 'atLeast', 'atMost']).default('equal'),
  /** How many times the first it is. */
  factor: z.number().positive().default(1),
  tolerance: toleranceSchema.default(exact()),
});
type Spec = z.output<typeof schema>;

/** What comes of related inputs is related: where nobody knows the right answer, it is known how it changes. */
export const metamorphic = defineInvariant({
  kind: 'metamorphic',
  schema,
  claim: (spec) =>
    `${quantityText(spec.followUp)} is ${relationText(spec)} ${quantityText(spec.original)}, ${toleranceText(spec.tolerance)}`,
  looksAt: ({ original, followUp }) => [original, followUp],
  judge,
  notices: ({ relation, followUp }) =>
    noticedBy(followUp).filter((how) => relation === 'equal' || (how === 'drop') === (relation === 'atLeast')),
});

function relationText({ relation, factor }: Spec): string {
  const than = { equal: '', atLeast: 'at least ', atMost: 'at most ' }[relation];
  return factor === 1 ? than || 'equal to' : `${than}${numberText(factor)} times`;
}

function judge(spec: Spec, evidence: Evidence): Judgement {
  const original = { name: spec.original.metric, quantity: spec.original, evidence };
  const pairs = pairGroups({ name: spec.followUp.metric, quantity: spec.followUp, evidence }, original);
  if (isJudgement(pairs)) return pairs;
  if (pairs.unit === 'hash' && spec.factor !== 1)
    return unknown(`${spec.original.metric} is a hash, which has no size`);
  const comparisons = pairs.comparisons.map((each) => ({ ...each, expected: times(each.expected, spec.factor) }));
  const lead = `against ${factorText(spec)}`;
  return judgeComparisons(comparisons, spec.tolerance, pairs.unit, lead, spec.relation);
}

function factorText({ factor, original }: Spec): string {
  return factor === 1 ? original.metric : `${numberText(factor)} times ${original.metric}`;
}
