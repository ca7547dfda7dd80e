import { expect, it } from 'vitest';
import { binomialCdf, incompleteBeta } from '../../../gym/statistics/beta.ts';
import { normalCdf, normalQuantile } from '../../../gym/statistics/normal.ts';

/** How far a value is from the expected one, as a share of it. */
const off = (value: number, expected: number) => Math.abs(value - expected) / Math.abs(expected);

// All expected values by scipy 1.17.
it.each([
  [-10, 7.61985302416047e-24],
  [-5, 2.866515718791933e-7],
  [-3.0001, 0.0013494549132607172],
  [-3, 0.0013498980316300933],
  [-2.9999, 0.001350341282954925],
  [-1.5, 0.06680720126885807],
  [-0.1, 0.460172162722971],
  [0, 0.5],
  [0.7, 0.758036347776927],
  [3.2, 0.9993128620620841],
])('normalCdf(%d)', (x, expected) => {
  expect(off(normalCdf(x), expected)).toBeLessThan(1e-12);
});

it.each([
  [1e-300, -37.0470962993612],
  [1e-10, -6.361340902404056],
  [0.025, -1.9599639845400545],
  [0.3, -0.5244005127080409],
  [0.9, 1.2815515655446004],
  [0.999999, 4.753424308817087],
])('normalQuantile(%d)', (share, expected) => {
  expect(off(normalQuantile(share), expected)).toBeLessThan(1e-12);
});

it.each([
  [0.3, 2, 5, 0.5798250000000003],
  [0.5, 0.5, 0.5, 0.5],
  [0.999, 300, 1, 0.7407070321560992],
  [1e-6, 1, 3000, 0.0029955059921347635],
  [0.95, 950, 50, 0.4826304562730232],
  [0.0501, 50001, 950001, 0.6757296703227671],
  [0.01, 10_000, 990_001, 0.5013498725636688],
])('incompleteBeta(%d, %d, %d)', (x, a, b, expected) => {
  expect(off(incompleteBeta(x, a, b), expected)).toBeLessThan(1e-8);
});

it.each([
  [0, 10, 0.1, 0.3486784401],
  [280, 299, 0.95, 0.17149840521993676],
  [4, 10, 0.5, 0.376953125],
  [949_900, 1_000_000, 0.95, 0.3238060621050892],
  [999, 1000, 0.999, 0.6323045752290363],
])('binomialCdf(%d, %d, %d)', (successes, trials, chance, expected) => {
  expect(off(binomialCdf(successes, trials, chance), expected)).toBeLessThan(1e-8);
});
