import { z } from 'zod';
import { isJudgement, judgeComparisons, type Relation, ready } from '../gym/judge/compare.ts';
import { pairGroups } from '../gym/judge/pair.ts';
import { noticedBy, quantitySchema, quantityText, resolve } from '../gym/judge/quantity.ts';
import { exact, toleranceSchema, toleranceText } from '../gym/judge/tolerance.ts';
import { defineInvariant, invariantBase, type TamperingName } from '../gym/task/invariant.ts';
import { type Judgement, unknown } from '../gym/task/judgement.ts';
import type { Evidence } from '../gym/task/measurement.ts';

const schema = z.strictObject({
  ...invariantBase,
  quantity: quantitySchema,
  /** Which way it may move: where lower is better it is no worse if it is not higher. None: it stays the same. */
  better: z.enum(['higher', 'lower']).optional(),
  /** How far it may be off, or worse. */
  tolerance: toleranceSchema.default(exact()),
});
type Spec = z.output<typeof schema>;

/** What this build does is what the baseline's build does, or no worse. */
export const differential = defineInvariant({
  kind: 'differential',
  schema,
  claim: ({ quantity, better, tolerance }) => {
    const what = better === undefined ? 'the same as' : `no ${better === 'lower' ? 'higher' : 'lower'} than`;
    return `${quantityText(quantity)} is ${what} the baseline's, ${toleranceText(tolerance)}`;
  },
  looksAt: ({ quantity }) => [quantity],
  comparesBuilds: () => true,
  judge,
  notices,
});

/** Only what makes it worse is noticed. */
function notices({ quantity, better }: Spec): TamperingName[] {
  const changes = noticedBy(quantity);
  if (better === undefined) return changes;
  return changes.filter((how) => (how === 'drop') === (better === 'higher'));
}

function judge({ quantity, better, tolerance }: Spec, evidence: Evidence): Judgement {
  const { baseline } = evidence;
  if (baseline === undefined) return unknown('there was no build of the baseline to compare with');
  const known = ready(resolve(quantity, baseline));
  if (isJudgement(known)) return { ...known, because: `the baseline: ${known.because}` };
  const observed = { name: 'this build', quantity, evidence };
  const pairs = pairGroups(observed, { name: 'the baseline', quantity, evidence: baseline });
  if (isJudgement(pairs)) return pairs;
  const relation: Relation = better === undefined ? 'equal' : better === 'lower' ? 'atMost' : 'atLeast';
  return judgeComparisons(pairs.comparisons, tolerance, pairs.unit, 'against the baseline', relation);
}
