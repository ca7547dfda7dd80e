import { z } from 'zod';
import { distanceOf, isJudgement, marginOf, ready } from '../gym/judge/compare.ts';
import { quantitySchema, quantityText, resolve, subtract } from '../gym/judge/quantity.ts';
import { amountText, listText, numberText } from '../gym/judge/text.ts';
import { defineInvariant, invariantBase } from '../gym/task/invariant.ts';
import { type Judgement, unknown } from '../gym/task/judgement.ts';
import type { Evidence } from '../gym/task/measurement.ts';

const limit = z.union([z.number(), z.bigint()]).optional();
const schema = z
  .strictObject({
    ...invariantBase,
    quantity: quantitySchema,
    /** Smallest value that holds. */
    atLeast: limit,
    /** Largest value that holds. */
    atMost: limit,
  })
  .refine(({ atLeast, atMost }) => atLeast !== undefined || atMost !== undefined, 'name atLeast, atMost or both')
  .refine(
    ({ atLeast, atMost }) => atLeast === undefined || atMost === undefined || atLeast <= atMost,
    'atLeast is above atMost',
  );
type Spec = z.output<typeof schema>;

/** A quantity stays within bounds, in every group. */
export const bound = defineInvariant({
  kind: 'bound',
  schema,
  claim: (spec) => `${quantityText(spec.quantity)} is ${boundsText(spec)}`,
  looksAt: ({ quantity }) => [quantity],
  judge,
});

function boundsText({ atLeast, atMost }: Spec): string {
  const words = [
    atLeast === undefined ? [] : [`at least ${numberText(atLeast)}`],
    atMost === undefined ? [] : [`at most ${numberText(atMost)}`],
  ];
  return words.flat().join(' and ');
}

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
    because: `${listText(shown)}; it must be ${boundsText(spec)}`,
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

/** The bound that is nearest, and how far the value is on its good side. */
function nearest(
  { atLeast, atMost }: Spec,
  value: bigint | number,
): { limit: bigint | number; margin: bigint | number } {
  const sides = [
    ...(atLeast === undefined ? [] : [{ limit: atLeast, margin: subtract(value, atLeast) }]),
    ...(atMost === undefined ? [] : [{ limit: atMost, margin: subtract(atMost, value) }]),
  ];
  return sides.reduce((a, b) => (b.margin < a.margin ? b : a));
}
