import { describe, expect, it, test } from 'vitest';
import type { Pair, RelativeTarget } from '../../../gym/statistics/paired.ts';
import { calibrate, judgeSession, type SessionInput, sessionText, slowed } from '../../../gym/statistics/session.ts';
import { normals } from './samples.ts';

function pairsOf(ratio: number, noise: number, count: number, seed: number): Pair[] {
  const normal = normals(seed);
  return Array.from({ length: count }, () => ({ baseline: 100, candidate: 100 * ratio * Math.exp(noise * normal()) }));
}

const target: RelativeTarget = { kind: 'no-worse', delta: 0.05 };
const host = { cpuPressure: 0.02, steal: 0, throttled: null };
const calibration = pairsOf(1, 0.01, 8, 3);
const sound: SessionInput = {
  target,
  pairs: pairsOf(1, 0.01, 8, 2),
  calibration,
  slowdown: slowed(calibration, 0.1),
  host,
};

test('a sound session passes, and says how it went', () => {
  const session = judgeSession(sound);
  expect(session).toMatchObject({ state: 'pass', because: null, slowdown: { state: 'caught', slowdown: 0.1 } });
  expect(session.spread).toBeGreaterThan(0.003);
  expect(session.spread).toBeLessThan(0.03);
  expect(sessionText(session)).toEqual([
    expect.stringMatching(/^candidate\/baseline \d\.\d{3}, \d\.\d{3} to \d\.\d{3} at 99\.2 %, 8 pairs$/),
    expect.stringMatching(/^baseline against itself: \d\.\d{3}, .* 8 pairs$/),
    'planted slowdown of 10 %: caught',
    expect.stringMatching(/^noise: \d(\.\d)? % a pair; waiting for a CPU 2 %, stolen 0 %, throttled not told$/),
  ]);
});

test('a slower candidate fails, also where a smaller slowdown that was planted was missed', () => {
  const pairs = pairsOf(1.12, 0.01, 8, 2);
  expect(judgeSession({ ...sound, pairs })).toMatchObject({ state: 'fail', because: null });
  expect(judgeSession({ ...sound, pairs, slowdown: calibration }).state).toBe('fail');
  expect(judgeSession({ ...sound, pairs, calibration: pairsOf(1.04, 0.005, 8, 4) }).state).toBe('unknown');
});

describe('what does not allow a verdict', () => {
  it.each<[string, Partial<SessionInput>, string]>([
    [
      'a baseline that differs from itself',
      { calibration: pairsOf(1.04, 0.005, 8, 4) },
      'the baseline against itself is 1.0',
    ],
    ['too little calibration', { calibration: calibration.slice(0, 7) }, 'too few pairs of the baseline'],
    ['no calibration', { calibration: [] }, 'too few pairs of the baseline'],
    ['a planted slowdown that is not seen', { slowdown: calibration }, 'a planted slowdown of 10 % was not seen in 8'],
    ['no planted slowdown', { slowdown: [] }, 'a planted slowdown of 10 % was not seen in 0'],
    ['a broken pair', { pairs: [...sound.pairs, { baseline: 0, candidate: 1 }] }, 'pair 9 was not measured'],
    ['noise', { pairs: pairsOf(1.04, 0.1, 32, 6) }, 'too close to tell after 32 pairs; about '],
  ])('%s', (_, part, because) => {
    const session = judgeSession({ ...sound, ...part });
    expect(session).toMatchObject({ state: 'unknown', because: expect.stringContaining(because) });
    expect(sessionText(session)).toContain(session.because);
  });

  test('too few pairs so far', () => {
    const session = judgeSession({ ...sound, pairs: sound.pairs.slice(0, 3) });
    expect(session).toMatchObject({ state: 'undecided', because: 'goes on to 8 pairs' });
    expect(judgeSession({ ...sound, pairs: [] })).toMatchObject({ state: 'undecided', spread: null });
  });
});

test('an improvement by a fifth is trusted where twice as much of a slowdown is seen', () => {
  const improve: RelativeTarget = { kind: 'improve', ratio: 0.8 };
  const pairs = pairsOf(0.7, 0.02, 8, 7);
  expect(judgeSession({ ...sound, target: improve, pairs, slowdown: slowed(calibration, 0.5) })).toMatchObject({
    state: 'pass',
    slowdown: { slowdown: 0.5, state: 'caught' },
  });
  expect(judgeSession({ ...sound, target: improve, pairs }).state).toBe('unknown');
});

test('the baseline straddles itself in all but 1 % of sessions', () => {
  let biased = 0;
  for (let seed = 0; seed < 1000; seed += 1) biased += calibrate(pairsOf(1, 0.05, 8, seed)).state === 'biased' ? 1 : 0;
  expect(biased / 1000).toBeLessThan(0.02);
});
