import { z } from 'zod';
import { absolute } from './quantity.ts';
import { percentText } from './text.ts';

const size = z.union([
  z.number().nonnegative('a tolerance is 0 or more'),
  z.bigint().nonnegative('a tolerance is 0 or more'),
]);

/**
 * How far two values may be apart. `exact`: not at all. `abs`: in the unit of the values. `rel`: as a share of the
 * expected value (a zero reference cannot be judged).
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
  const size = absolute(expected);
  return typeof size === 'bigint' ? shareOf(size, tolerance.share) : tolerance.share * size;
}

/** A share of a whole number, rounded down: of the decimal that was written, as 0.29 of 100 is 29 and not 28.999…. */
function shareOf(size: bigint, share: number): bigint {
  const [digits = '0', exponent = '0'] = String(share).split('e');
  const [whole = '0', fraction = ''] = digits.split('.');
  const power = Number(exponent) - fraction.length;
  const scaled = BigInt(whole + fraction) * size;
  return power < 0 ? scaled / 10n ** BigInt(-power) : scaled * 10n ** BigInt(power);
}

/** The tolerance in words, for a claim. */
export function toleranceText(tolerance: Tolerance): string {
  if (tolerance.kind === 'exact') return 'exactly';
  if (tolerance.kind === 'abs') return `within ${tolerance.size}`;
  return `within ${percentText(tolerance.share)}`;
}
