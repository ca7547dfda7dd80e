import { z } from 'zod';
import { subtract } from './quantity.ts';
import { numberText } from './text.ts';

const limit = z.union([z.number(), z.bigint()]).optional();

/** Bounds on a value; a kind that has them refines its schema by `isLimited` and `isPossible`. */
export const limitKeys = {
  /** Smallest value that holds. */
  atLeast: limit,
  /** Largest value that holds. */
  atMost: limit,
};
const limits = z.object(limitKeys);
export type Limits = z.output<typeof limits>;

/** Whether there is any bound. */
export function isLimited({ atLeast, atMost }: Limits): boolean {
  return atLeast !== undefined || atMost !== undefined;
}

/** Whether a value can hold at all. */
export function isPossible({ atLeast, atMost }: Limits): boolean {
  return atLeast === undefined || atMost === undefined || atLeast <= atMost;
}

/** What is wrong where one of them is not so. */
export const limitMessages = { none: 'name atLeast, atMost or both', impossible: 'atLeast is above atMost' };

/** `at least 1 and at most 9`. */
export function limitsText({ atLeast, atMost }: Limits): string {
  const words = [
    ...(atLeast === undefined ? [] : [`at least ${numberText(atLeast)}`]),
    ...(atMost === undefined ? [] : [`at most ${numberText(atMost)}`]),
  ];
  return words.join(' and ');
}

/** The bound that is nearest, and how far the value is on its good side. There is at least one. */
export function nearest(
  { atLeast, atMost }: Limits,
  value: bigint | number,
): { limit: bigint | number; margin: bigint | number } {
  const sides = [
    ...(atLeast === undefined ? [] : [{ limit: atLeast, margin: subtract(value, atLeast) }]),
    ...(atMost === undefined ? [] : [{ limit: atMost, margin: subtract(atMost, value) }]),
  ];
  return sides.reduce((a, b) => (b.margin < a.margin ? b : a));
}

/** Whether a value is within the bounds. */
export function isWithin({ atLeast, atMost }: Limits, value: bigint | number): boolean {
  return (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost);
}
