// How often the paired comparison is right, by simulation, beside what is usually done: to compare two means. Needs no engine;
// `node scripts/bench/targets.ts` runs it alone.
import { decide } from '../../gym/statistics/paired.ts';
import { type Random, seeded } from '../../gym/statistics/random.ts';
import { table, writeFigures } from './measure.ts';

/** What sessions with one noise and one true ratio came to: shares of all sessions, and the pairs that one took on average. */
export interface Outcome {
  readonly pass: number;
  readonly fail: number;
  readonly unknown: number;
  readonly meanPairs: number;
  /** Sessions in which the mean of the candidate was above the limit, after 8 and after 32 pairs. */
  readonly meanFails8: number;
  readonly meanFails32: number;
}

const delta = 0.05;
const sessions = 1500;

/** Simulates sessions of a candidate that is really slower by the share `effect`. */
export function simulate(noise: number, effect: number, count: number, random: Random): Outcome {
  const seen = { pass: 0, fail: 0, unknown: 0, meanPairs: 0, meanFails8: 0, meanFails32: 0 };
  for (let session = 0; session < count; session += 1) {
    const ratios = Array.from({ length: 32 }, () => Math.log1p(effect) + noise * heavyTailed(random));
    const decision = decide(ratios, { kind: 'no-worse', delta });
    if (decision.state === 'undecided' || decision.state === 'invalid') throw new Error('32 pairs are a whole session');
    seen[decision.state] += 1 / count;
    seen.meanPairs += decision.comparison.pairs / count;
    seen.meanFails8 += meanFails(ratios.slice(0, 8)) ? 1 / count : 0;
    seen.meanFails32 += meanFails(ratios) ? 1 / count : 0;
  }
  return seen;
}

/** Student's t with four degrees of freedom: most are near 0, a few far off. Its standard deviation is 1.41. */
function heavyTailed(random: Random): number {
  // Not 0, of which there is no logarithm.
  const uniform = () => 1 - random.unit();
  const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return normal / Math.sqrt(-Math.log(uniform() * uniform()) / 2);
}

/** Whether the mean of the candidate is above the limit; half of a pair's noise is laid on each side. */
function meanFails(ratios: readonly number[]): boolean {
  const mean = (side: number) => ratios.reduce((sum, ratio) => sum + Math.exp((side * ratio) / 2), 0);
  return mean(1) / mean(-1) > 1 + delta;
}

/** Simulates all cases under one seed and writes the table. */
export function benchTargets(): void {
  const random = seeded(1);
  const rows = [0.03, 0.06, 0.1].flatMap((noise) =>
    [0, 0.05, 0.1].map((effect) => row(noise, effect, simulate(noise, effect, sessions, random))),
  );
  const header = [
    'noise',
    'really slower by',
    'pass',
    'fail',
    'unknown',
    'pairs',
    'means of 8 fail',
    'means of 32 fail',
  ];
  writeFigures('targets', table(header, rows));
}

function row(noise: number, effect: number, outcome: Outcome): string[] {
  const share = (value: number) => `${(100 * value).toFixed(1)} %`;
  return [
    `${Math.round(100 * noise)} %`,
    `${Math.round(100 * effect)} %`,
    share(outcome.pass),
    share(outcome.fail),
    share(outcome.unknown),
    outcome.meanPairs.toFixed(1),
    share(outcome.meanFails8),
    share(outcome.meanFails32),
  ];
}

if (import.meta.main) benchTargets();
