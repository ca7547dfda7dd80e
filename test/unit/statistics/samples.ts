import { seeded } from '../../../gym/statistics/random.ts';

/** Differences in height of corn, cross- against self-fertilized (Darwin; documentation of scipy). */
export const corn = [6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75];

const first = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
const second = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
/** Depression scale factors before less after (Hollander and Wolfe), rounded, as equal ones would differ in their last digits. */
export const depression = first.map((before, index) => Number((before - (second[index] ?? 0)).toFixed(3)));

/** Numbers at random of a standard normal distribution. */
export function normals(seed: number): () => number {
  const random = seeded(seed);
  const uniform = () => 1 - random.unit();
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
