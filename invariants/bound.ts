import { z } from 'zod';
import { distanceOf, isJudgement, marginOf, ready } from '../gym/judge/compare.ts';
import { isLimited, isPossible, limitKeys, limitMessages, limitsText, nearest } from '../gym/judge/limits.ts';
import { quantitySchema, quantityText, resolve, subtract } from '../gym/judge/quantity.ts';
import { amountText, listText } from '../gym/judge/text.ts';
import { defineInvariant, invariantBase } from '../gym/task/invariant.ts';
import { type Judgement, unknown } from '../gym/task/judgement.ts';
import type { Evidence } from '../gym/task/measurement.ts';

const schema = z
  .strictObject({ ...invariantBase, quantity: quantitySchema, ...limitKeys })
  .refine(isLimited, limitMessages.none)
  .refine(isPossible, limitMessages.impossible);
type Spec = z.output<typeof schema>;

/** A quantity stays within bounds, in every group. */
export const bound = defineInvariant({
  kind: 'bound',
  schema,
  claim: (spec) => `${quantityText(spec.quantity)} is ${limitsText(spec)}`,
  looksAt: ({ quantity }) => [quantity],
  judge,
});

function judge(spec: Spec, evidence: Evidence): Judgement {
  const resolved = ready(resolve(spec.quantity, evidence));
  if (isJudgement(resolved)) return resolved;
  if (resolved.unit === 'hash') return unknown(`${spec.quantity.metric} is a hash, which has no size`);
  const parts = [...resolved.groups].map(([part, value]) => ({ part, value, ...nearest(spec, value) }));
  const wrong = parts.filter(({ margin }) => margin < 0);
  const far = wrong.map((part) => distanceOf(part.margin, part.limit));
  const shown = (wrong.length === 0 ? parts : wrong).map(
    ({ part, value }) => `${part} is ${amountText(value, resolved.unit)}`,
  );
  return {
    state: wrong.length === 0 ? 'pass' : 'fail',
    because: `${listText(shown)}; it must be ${limitsText(spec)}`,
    margin: marginOf(parts.map((part) => part.margin)),
    distance: far.reduce((most, each) => Math.max(most, each), 0),
    unit: resolved.unit,
    parts: parts.map(({ part, value, limit: expected, margin: room }) => ({
      part,
      observed: String(value),
      expected: String(expected),
      off: room < 0 ? String(subtract(value, expected)) : '0',
    })),
    evidence: [],
  };
}
