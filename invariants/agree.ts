import { z } from 'zod';
import { isJudgement, judgeComparisons } from '../gym/judge/compare.ts';
import { pairGroups } from '../gym/judge/pair.ts';
import { noticedBy, quantitySchema, quantityText } from '../gym/judge/quantity.ts';
import { exact, toleranceSchema, toleranceText } from '../gym/judge/tolerance.ts';
import { defineInvariant, invariantBase } from '../gym/task/invariant.ts';
import { type Judgement, vacuous } from '../gym/task/judgement.ts';
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
  const observed = { name: spec.observed.metric, quantity: spec.observed, evidence };
  const witnesses = Object.entries(spec.witnesses);
  const compared = witnesses.map(([name, quantity]) => ({
    name,
    pairs: pairGroups(observed, { name, quantity, evidence }),
  }));
  const missing = compared.map(({ pairs }) => pairs).filter(isJudgement);
  const paired = compared.flatMap(({ name, pairs }) => (isJudgement(pairs) ? [] : [{ name, ...pairs }]));
  const [first] = paired;
  // A witness that is missing does not take away what another one saw.
  const judged =
    first === undefined
      ? undefined
      : judgeComparisons(
          paired.flatMap(({ name, comparisons }) =>
            comparisons.map((each) => ({ ...each, part: partName(each.part, name, witnesses.length) })),
          ),
          spec.tolerance,
          first.unit,
          `against ${witnesses.map(([name]) => name).join(', ')}`,
        );
  if (judged?.state === 'fail') return judged;
  const open = missing.find(({ state }) => state === 'vacuous') ?? missing[0];
  return open ?? judged ?? vacuous('there is no witness');
}

function partName(group: string, witness: string, witnesses: number): string {
  return witnesses === 1 ? group : `${group} (${witness})`;
}
