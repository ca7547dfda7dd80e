import type { Nearest } from '../store/proofs.ts';
import type { CheckResult } from '../task/judgement.ts';

/**
 * Of the checks that saw something else than without the fault, the one with the least room left; `undefined`: none saw a difference. Room is
 * the margin, by the size of what was expected.
 */
export function nearestCheck(clean: readonly CheckResult[], broken: readonly CheckResult[]): Nearest | undefined {
  const moved = broken.filter((check) => {
    const before = clean.find(({ name }) => name === check.name);
    return check.kind !== 'cases' && JSON.stringify(before?.parts) !== JSON.stringify(check.parts);
  });
  const [nearest] = moved.toSorted((a, b) => roomOf(a) - roomOf(b));
  return nearest === undefined ? undefined : { check: nearest.name, because: nearest.because };
}

function roomOf({ margin, parts }: CheckResult): number {
  const size = Math.max(1, ...parts.map(({ expected }) => Math.abs(Number(expected) || 0)));
  return (margin ?? Number.MAX_VALUE) / size;
}
