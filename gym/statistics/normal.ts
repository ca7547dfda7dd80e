import { solve } from './solve.ts';

/**
 * The share of a standard normal distribution at or below `x`. Series near the middle (Marsaglia, "Evaluating the Normal Distribution",
 * Journal of Statistical Software 11(4), 2004), the continued fraction of Mills' ratio in the tails (DLMF 7.9.3).
 */
export function normalCdf(x: number): number {
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  const size = Math.abs(x);
  if (size > 3) {
    const tail = density / tailFraction(size);
    return x < 0 ? tail : 1 - tail;
  }
  let [sum, term] = [x, x];
  for (let odd = 3; Math.abs(term) > 1e-18; odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  return 0.5 + sum * density;
}

/** x + 1/(x + 2/(x + 3/…)): 150 steps give full precision from 3 on. */
function tailFraction(x: number): number {
  let fraction = x;
  for (let step = 150; step > 0; step -= 1) fraction = x + step / fraction;
  return fraction;
}

/** The inverse of `normalCdf`; `share` is strictly between 0 and 1. */
export function normalQuantile(share: number): number {
  // Below the middle small shares keep all their digits.
  return share > 0.5 ? -normalQuantile(1 - share) : solve(normalCdf, share, -40, 0);
}
