import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { decide, firstOfPairs, logRatios, looks, type RelativeTarget } from '../../../gym/statistics/paired.ts';
import { seeded } from '../../../gym/statistics/random.ts';
import { simulate } from '../../../scripts/bench/targets.ts';
import { normals } from './samples.ts';

const noWorse: RelativeTarget = { kind: 'no-worse', delta: 0.05 };
const improve: RelativeTarget = { kind: 'improve', ratio: 0.8 };

/** Log ratios around a true ratio. */
function ratiosOf(ratio: number, noise: number, count: number, seed = 1): number[] {
  const normal = normals(seed);
  return Array.from({ length: count }, () => Math.log(ratio) + noise * normal());
}

describe('a decision', () => {
  it.each([
    ['no difference passes', 1, noWorse, 'pass'],
    ['10 % slower fails', 1.1, noWorse, 'fail'],
    ['30 % faster is an improvement by a fifth', 0.7, improve, 'pass'],
    ['10 % faster is not', 0.9, improve, 'fail'],
  ] as const)('at the first look, of little noise: %s', (_, ratio, target, state) => {
    const decision = decide(ratiosOf(ratio, 0.01, 8), target);
    expect(decision).toMatchObject({ state, comparison: { pairs: 8, interval: { confidence: 1 - 2 / 2 ** 8 } } });
    if (!('comparison' in decision)) throw new Error('not compared');
    expect(decision.comparison?.ratio).toBeCloseTo(ratio, 1);
  });

  test('is not taken before the first look, nor between looks', () => {
    const same = Array(32).fill(Math.log(1.05));
    expect(decide(same.slice(0, 7), noWorse)).toEqual({ state: 'undecided', nextLook: 8, comparison: null });
    expect(decide(same.slice(0, 11), noWorse)).toMatchObject({
      state: 'undecided',
      nextLook: 12,
      comparison: { pairs: 8 },
    });
    expect(decide(same.slice(0, 12), noWorse)).toMatchObject({
      state: 'undecided',
      nextLook: 16,
      comparison: { pairs: 12 },
    });
  });

  test('stays, whatever comes after it', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { maxLength: 24 }), (more) => {
        const early = ratiosOf(1, 0.005, 8);
        expect(decide([...early, ...more], noWorse)).toEqual(decide(early, noWorse));
      }),
    );
  });

  test('on the limit itself: not below it is no pass, at most it is', () => {
    const exactly = (ratio: number) => Array(32).fill(Math.log(ratio));
    expect(decide(exactly(1.05), noWorse)).toMatchObject({ state: 'unknown', pairsNeeded: null });
    expect(decide(exactly(0.8), improve)).toMatchObject({ state: 'pass' });
  });

  it.each([
    ['a time of 0', { baseline: 0, candidate: 1 }],
    ['no number', { baseline: 1, candidate: Number.NaN }],
    ['a time without end', { baseline: Number.POSITIVE_INFINITY, candidate: 1 }],
  ])('is not taken on %s', (_, broken) => {
    const pairs = [...Array(9).fill({ baseline: 2, candidate: 2 }), broken];
    expect(decide(logRatios(pairs), noWorse)).toEqual({ state: 'invalid', pair: 9 });
  });
});

test('what cannot be told at the last look says how many pairs would do, and they do', () => {
  const ratios = ratiosOf(1.02, 0.1, 32);
  const decision = decide(ratios, noWorse);
  if (decision.state !== 'unknown' || decision.pairsNeeded === null) throw new Error(`${decision.state}`);
  const { ratio, interval, pairs } = decision.comparison;
  expect(pairs).toBe(32);
  // A noise that is smaller in the measure of the square root of the pairs is enough, one that is a little more is not.
  const shrunk = (by: number) => ratios.map((value) => Math.log(ratio) + (value - Math.log(ratio)) * by);
  const factor = Math.sqrt(32 / decision.pairsNeeded);
  expect(interval?.high).toBeGreaterThan(1.05);
  expect(decide(shrunk(factor * 0.99), noWorse).state).toBe('pass');
  expect(decide(shrunk(factor * 1.02), noWorse).state).toBe('unknown');
});

test('a slower candidate is never judged better, a wider target never worse', () => {
  const order = { fail: 0, unknown: 1, pass: 2 };
  const rankOf = (ratios: number[], target: RelativeTarget) => {
    const { state } = decide(ratios, target);
    if (state === 'undecided' || state === 'invalid') throw new Error(state);
    return order[state];
  };
  // The first look alone, as a later look can only be reached by not deciding.
  const first = (ratios: number[], target: RelativeTarget) => {
    const { state } = decide(ratios, target);
    return state === 'fail' ? 0 : state === 'pass' ? 2 : 1;
  };
  fc.assert(
    fc.property(fc.integer(), fc.double({ min: 0, max: 0.3, noNaN: true }), (seed, slower) => {
      const ratios = ratiosOf(1, 0.04, 8, seed);
      const slowed = ratios.map((ratio) => ratio + slower);
      expect(first(slowed, noWorse)).toBeLessThanOrEqual(first(ratios, noWorse));
      expect(first(ratios, { kind: 'no-worse', delta: 0.05 + slower })).toBeGreaterThanOrEqual(first(ratios, noWorse));
      expect(rankOf(Array(32).fill(slower), noWorse)).toBe(slower > Math.log(1.05) ? 0 : 2);
    }),
  );
});

test('the order within pairs is random, the same under a seed, and goes on where fewer pairs ended', () => {
  expect(firstOfPairs(32, 7)).toEqual(firstOfPairs(32, 7));
  expect(firstOfPairs(32, 7).slice(0, 8)).toEqual(firstOfPairs(8, 7));
  expect(firstOfPairs(32, 8)).not.toEqual(firstOfPairs(32, 7));
  const baselines = firstOfPairs(10_000, 1).filter((first) => first === 'baseline').length;
  expect(Math.abs(baselines - 5000)).toBeLessThan(200);
});

test('the looks are those that were simulated', () => {
  expect(looks).toEqual([8, 12, 16, 24, 32]);
});

// The published figures: pass or fail in percent and mean pairs; 1,500 sessions there and 500 here, so four standard errors of both.
describe('error rates, by simulation', () => {
  it.each([
    [0.03, 0, 'pass', 0.999, 11.5],
    [0.03, 0.1, 'fail', 1, 11.8],
    [0.06, 0, 'pass', 0.85, 21],
    [0.06, 0.1, 'fail', 0.82, 22],
    [0.1, 0, 'pass', 0.44, 28],
    [0.1, 0.1, 'fail', 0.38, 28],
  ] as const)('noise %d, true %d: %s', (noise, effect, state, share, pairs) => {
    const outcome = simulate(noise, effect, 500, seeded(11));
    const wrong = state === 'pass' ? outcome.fail : outcome.pass;
    expect(wrong).toBeLessThan(0.01);
    expect(Math.abs(outcome[state] - share)).toBeLessThan(4 * Math.sqrt(0.26 * (1 / 500 + 1 / 1500)));
    expect(Math.abs(outcome.meanPairs - pairs)).toBeLessThan(2);
  });

  test('on the limit it is decided either way in at most 2.5 %', () => {
    const outcome = simulate(0.06, 0.05, 1000, seeded(12));
    expect(outcome.pass).toBeLessThan(0.04);
    expect(outcome.fail).toBeLessThan(0.04);
    expect(outcome.meanFails32).toBeGreaterThan(0.4);
  });
});
