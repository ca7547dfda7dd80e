import { z } from 'zod';
import { absolute } from './quantity.ts';
import { percentText } from './text.ts';

const size = z.union([
  z.number().nonnegative('a tolerance is 0 or more'),
  z.bigint().nonnegative('a tolerance is 0 or more'),
]);

const simple = [
  z.strictObject({ kind: z.literal('exact') }),
  z.strictObject({ kind: z.literal('abs'), size }),
  z.strictObject({ kind: z.literal('rel'), share: z.number().nonnegative('a tolerance is 0 or more') }),
  z.strictObject({ kind: z.literal('ulp'), steps: z.number().int().nonnegative('a tolerance is 0 or more') }),
] as const;

/**
 * How far two values may be apart. `exact`: not at all. `abs`: in the unit of the values. `rel`: as a share of the
 * expected value (a zero reference cannot be judged). `ulp`: in steps between neighbouring floating numbers at the expected
 * value. `any`: as far as the widest of several.
 */
export const toleranceSchema = z.discriminatedUnion('kind', [
  ...simple,
  z.strictObject({ kind: z.literal('any'), of: z.array(z.discriminatedUnion('kind', simple)).min(1) }),
]);
export type Tolerance = z.infer<typeof toleranceSchema>;
type SimpleTolerance = Exclude<Tolerance, { kind: 'any' }>;

/** No difference at all. */
export const exact = (): SimpleTolerance => ({ kind: 'exact' });
/** At most this far apart, in the unit of the values. */
export const abs = (size: number | bigint): SimpleTolerance => ({ kind: 'abs', size });
/** At most this share of the expected value apart: rel(0.01) is one percent. */
export const rel = (share: number): SimpleTolerance => ({ kind: 'rel', share });
/** At most so many floating numbers apart: what rounding alone may do. */
export const ulp = (steps: number): SimpleTolerance => ({ kind: 'ulp', steps });
/** Within at least one of these: `anyOf(abs(10), rel(0.01))` is 10, or one percent where that is more. */
export const anyOf = (...of: SimpleTolerance[]): Tolerance => ({ kind: 'any', of });

/** How far a value may be from `expected`, in its unit; null where that cannot be told (a share of zero). */
export function allowance(tolerance: Tolerance, expected: bigint | number): bigint | number | null {
  if (tolerance.kind === 'exact') return 0n;
  if (tolerance.kind === 'abs') return tolerance.size;
  if (tolerance.kind === 'ulp') return tolerance.steps * stepAt(Number(expected));
  if (tolerance.kind === 'any') return widest(tolerance.of.map((each) => allowance(each, expected)));
  if (Number(expected) === 0) return null;
  const size = absolute(expected);
  return typeof size === 'bigint' ? shareOf(size, tolerance.share) : tolerance.share * size;
}

/** The widest that can be told: one that can not (a share of zero) does not take away the others. */
function widest(all: readonly (bigint | number | null)[]): bigint | number | null {
  return all.reduce((most, each) => (most === null || (each !== null && each > most) ? each : most), null);
}

/** The distance from a floating number to its neighbour (IEEE 754, binary64): its exponent stands in the bits 52 to 62. */
function stepAt(value: number): number {
  const [bits = 0n] = new BigUint64Array(new Float64Array([value]).buffer);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  return 2 ** (Math.max(exponent, 1) - 1075);
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
  if (tolerance.kind === 'ulp') return `within ${tolerance.steps} floating steps`;
  if (tolerance.kind === 'any') return tolerance.of.map(toleranceText).join(' or ');
  return `within ${percentText(tolerance.share)}`;
}
