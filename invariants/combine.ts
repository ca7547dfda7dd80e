import { z } from 'zod';
import { combined } from '../gym/judge/combine.ts';
import { verbFor } from '../gym/judge/text.ts';
import { isGreen } from '../gym/judge/verdict.ts';
import { defineInvariant, type Invariant, invariantBase, isInvariant } from '../gym/task/invariant.ts';
import { unknown, vacuous } from '../gym/task/judgement.ts';

const one = z.custom<Invariant>(isInvariant, 'not an invariant: use a kind such as bound, or your own');
const schema = z.strictObject({ ...invariantBase, of: z.array(one) });
const parts = {
  looksAt: ({ of }: { of: readonly Invariant[] }) => of.flatMap((each) => each.looksAt),
  sources: ({ of }: { of: readonly Invariant[] }) => of.flatMap((each) => each.sources),
  services: ({ of }: { of: readonly Invariant[] }) => of.flatMap((each) => each.services),
  comparesBuilds: ({ of }: { of: readonly Invariant[] }) => of.some((each) => each.comparesBuilds),
};

/** All of several hold: the worst of them decides. None at all is vacuous. */
export const all = defineInvariant({
  kind: 'all',
  schema,
  ...parts,
  claim: ({ of }) => of.map(({ claim }) => claim).join('; and '),
  notices: ({ of }) => of.flatMap(({ notices }) => notices),
  judge: ({ of }, evidence) => combined(of, of.length, evidence),
});

/** One of several holds: the best of them decides. */
export const any = defineInvariant({
  kind: 'any',
  schema,
  ...parts,
  claim: ({ of }) => of.map(({ claim }) => claim).join('; or '),
  judge: ({ of }, evidence) => combined(of, 1, evidence),
});

/** So many of several hold, whichever they are. */
export const atLeast = defineInvariant({
  kind: 'at-least',
  schema: schema
    .extend({ count: z.number().int().positive() })
    .refine(({ of, count }) => of.length === 0 || count <= of.length, 'count is more than there are'),
  ...parts,
  claim: ({ of, count }) =>
    `${count} of ${of.length} ${verbFor(count, 'holds', 'hold')}: ${of.map(({ claim }) => claim).join('; ')}`,
  judge: ({ of, count }, evidence) => combined(of, count, evidence),
});

/**
 * Where the condition holds, so does the other. Where it does not hold, nothing was judged: vacuous; a condition that cannot be told is
 * unknown.
 */
export const when = defineInvariant({
  kind: 'when',
  schema: z.strictObject({ ...invariantBase, condition: one, holds: one }),
  looksAt: ({ condition, holds }) => [...condition.looksAt, ...holds.looksAt],
  sources: ({ condition, holds }) => [...condition.sources, ...holds.sources],
  services: ({ condition, holds }) => [...condition.services, ...holds.services],
  comparesBuilds: ({ condition, holds }) => condition.comparesBuilds || holds.comparesBuilds,
  claim: ({ condition, holds }) => `when ${condition.claim}: ${holds.claim}`,
  judge({ condition, holds }, evidence) {
    const met = condition.judge(evidence);
    if (isGreen(met.state)) return holds.judge(evidence);
    if (met.state === 'fail') return vacuous(`${condition.name} did not hold: ${met.because}`);
    return met.state === 'vacuous' ? vacuous(met.because) : unknown(`${condition.name}: ${met.because}`);
  },
});
