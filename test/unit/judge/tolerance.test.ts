import fc from 'fast-check';
import { expect, test } from 'vitest';
import { abs, allowance, anyOf, rel, toleranceText, ulp } from '../../../gym/judge/tolerance.ts';

test('one floating step leads to the neighbour and not beyond', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: 1e-300, max: 1e300 }), (value) => {
      const step = Number(allowance(ulp(1), value));
      expect(value + step).not.toBe(value);
      expect(value + step / 2 === value || value + step / 2 === value + step).toBe(true);
    }),
  );
  expect(allowance(ulp(2), 1)).toBe(2 * Number.EPSILON);
  expect(allowance(ulp(1), 0)).toBe(Number.MIN_VALUE);
});

test('of several the widest counts, and one that cannot be told does not hide the others', () => {
  expect(allowance(anyOf(abs(10), rel(0.01)), 5000n)).toBe(50n);
  expect(allowance(anyOf(abs(10), rel(0.01)), 500n)).toBe(10);
  expect(allowance(anyOf(abs(10), rel(0.01)), 0n)).toBe(10);
  expect(allowance(anyOf(rel(0.01), rel(0.02)), 0n)).toBeNull();
  expect(toleranceText(anyOf(abs(10), rel(0.01)))).toBe('within 10 or within 1 %');
});
