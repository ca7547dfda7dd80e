import { z } from 'zod';
import { absolute } from './quantity.ts';

const size = z.union([
  z.number().nonnegative('a tolerance is 0 or more'),
  z.bigint().nonnegative('a tolerance is 0 or more'),
]);

/**
 * How far two values may be apart. `exact`: not at all. `abs`: in the unit of the values. `rel`: as a share of the
 * expected value (a zero reference cannot be judged). `any`: whichever allows most.
 */
export const toleranceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('exact') }),
  z.strictObject({ kind: z.literal('abs'), size }),
  z.strictObject({ kind: z.literal('rel'), share: z.number().nonnegative('a tolerance is 0 or more') }),
]);
export type Tolerance = z.infer<typeof toleranceSchema>;

/** No difference at all. */
export const exact = (): Tolerance => ({ kind: 'exact' });
/** At most this far apart, in the unit of the values. */
export const abs = (size: number | bigint): Tolerance => ({ kind: 'abs', size });
/** At most this share of the expected value apart: rel(0.01) is one percent. */
export const rel = (share: number): Tolerance => ({ kind: 'rel', share });

/** How far a value may be from `expected`, in its unit; null where that cannot be told (a share of zero). */
export function allowance(tolerance: Tolerance, expected: bigint | number): bigint | number | null {
  if (tolerance.kind === 'exact') return 0n;
  if (tolerance.kind === 'abs') return tolerance.size;
  if (Number(expected) === 0) return null;
  return tolerance.share * Math.abs(Number(expected));
}

/** Whether a difference is within the allowance. Mixed bigint and number compare exactly in JavaScript. */
export function within(difference: bigint | number, allowed: bigint | number): boolean {
  return absolute(difference) <= allowed;
}

/** The tolerance in words, for a claim. */
export function toleranceText(tolerance: Tolerance): string {
  if (tolerance.kind === 'exact') return 'exactly';
  if (tolerance.kind === 'abs') return `within ${tolerance.size}`;
  return `within ${tolerance.share * 100} %`;
}
