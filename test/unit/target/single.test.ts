import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { instructionsIn, numberIn } from '../../../gym/target/command.ts';
import { compareExactly } from '../../../gym/target/exact.ts';
import { cpuTicks, noiseBetween, pressureMs } from '../../../gym/target/noise.ts';
import {
  judgeLoosened,
  limitOfRatchet,
  parseRatchet,
  type Ratchet,
  readRatchet,
  tightened,
  writeRatchet,
} from '../../../gym/target/ratchet.ts';
import { judgeQuantile, judgeRuns } from '../../../gym/target/runs.ts';
import { claimOf } from '../../../gym/target/words.ts';
import { type Target, target } from '../../../gym/task/target.ts';

type Spec = Parameters<typeof target>[0];
const printed = { kind: 'command', command: 'count', gives: 'printed', unit: 'count', exact: true } as const;
const made = (measure: Spec['measure'], against: Spec['against']): Target => target({ name: 'it', measure, against });

describe('a number that is always the same', () => {
  const noWorse = { kind: 'baseline', noWorse: 0.1 } as const;
  test.each([
    ['no worse', [100, 100], [109, 109], 'less', 'pass'],
    ['at the limit', [100, 100], [110, 110], 'less', 'pass'],
    ['worse', [100, 100], [111, 111], 'less', 'fail'],
    ['less where more is better', [100, 100], [90, 90], 'more', 'fail'],
    ['more where more is better', [100, 100], [200, 200], 'more', 'pass'],
    ['hardly the same', [1000, 1001], [1000, 1002], 'less', 'pass'],
    ['not the same', [100, 100], [100, 102], 'less', 'unknown'],
    ['none of it, in both', [0, 0], [0, 0], 'less', 'pass'],
    ['none of it before', [0, 0], [1, 1], 'less', 'fail'],
  ] as const)('%s', (_, baseline, candidate, better, state) => {
    const it = made({ ...printed, better }, noWorse);
    const judged = compareExactly({ baseline, candidate }, it, noWorse);
    expect(judged.state).toBe(state);
    if (state === 'fail') expect(judged.distance).toBeGreaterThan(0);
    if (state === 'fail') expect(judged.margin).toBeLessThan(0);
    if (state === 'pass') expect(judged).toMatchObject({ distance: 0 });
  });

  test('without any allowance it has to repeat to the last digit', () => {
    const exactly = { kind: 'baseline', noWorse: 0 } as const;
    const it = made(printed, exactly);
    expect(compareExactly({ baseline: [5, 5], candidate: [5, 5] }, it, exactly).state).toBe('pass');
    expect(compareExactly({ baseline: [5e9, 5e9 + 1], candidate: [5, 5] }, it, exactly).state).toBe('unknown');
  });

  test('is read from the last line, or from what the counting tools say', () => {
    expect(numberIn('warming up\n 12.5\n\n')).toEqual({ ok: true, value: 12.5 });
    expect(numberIn('12 ms\n').ok).toBe(false);
    expect(numberIn('').ok).toBe(false);
    expect(instructionsIn('12345,,instructions:u,99,100.00,,\n')).toEqual({ ok: true, value: 12345, how: 'perf' });
    const callgrind = '==7== Collected : 100\n==8== \nCollected : 9\n==8== Collected : 20\n';
    expect(instructionsIn(callgrind)).toEqual({ ok: true, value: 120, how: 'valgrind' });
    expect(instructionsIn('<not supported>,,instructions:u,0,100.00,,\n').ok).toBe(false);
  });
});

describe('a quantile of runs', () => {
  const p95 = { kind: 'limit', limit: 200, quantile: 0.95 } as const;
  const duration = { kind: 'command', command: 'work' } as const;
  const judge = (values: readonly number[]) =>
    judgeQuantile(values, made(duration, p95), { ...p95, confidence: 0.95, isInclusive: false, drift: 0 });
  const runs = (n: number, value: number) => Array.from({ length: n }, (_, index) => value + index / 1000);

  test('passes with 59 runs below the limit, and not with 58: p95 at 95 %', () => {
    expect(judge(runs(59, 100)).state).toBe('pass');
    expect(judge(runs(58, 100)).state).toBe('unknown');
    expect(judge([...runs(58, 100), 200]).state).toBe('unknown');
  });
  test('fails where too many are above it, and is vacuous without any', () => {
    expect(judge([...runs(40, 100), ...runs(20, 300)])).toMatchObject({ state: 'fail', unit: 'ms' });
    expect(judge([]).state).toBe('vacuous');
  });
  test('where more is better it is counted from the other end', () => {
    const throughput = made({ ...printed, exact: false, better: 'more' }, { kind: 'limit', limit: 50, quantile: 0.5 });
    const limit = { limit: 50, quantile: 0.5, confidence: 0.95, isInclusive: false, drift: 0 };
    expect(judgeQuantile(runs(5, 60), throughput, limit).state).toBe('pass');
    expect(judgeQuantile(runs(5, 40), throughput, limit).state).toBe('fail');
    expect(judgeQuantile(runs(4, 60), throughput, limit).state).toBe('unknown');
  });
  test('as many runs are made as it takes, after those that do not count', async () => {
    let made95 = 0;
    const measure = async () => {
      made95 += 1;
      return { ok: true, value: made95 } as const;
    };
    const outcome = await judgeRuns(
      made(duration, p95),
      { ...p95, confidence: 0.95, isInclusive: false, drift: 0 },
      measure,
      60_000,
    );
    expect(made95).toBe(60);
    expect(outcome).toMatchObject({ judgement: { state: 'pass' }, kept: { wanted: 59 } });
  });
  test('a number that is meant to be always the same and is not is unknown', async () => {
    let number = 0;
    const measure = async () => {
      number += 1;
      return { ok: true, value: number } as const;
    };
    const limit = { limit: 50, quantile: 0.5, confidence: 0.95, isInclusive: false, drift: 0 };
    const { judgement } = await judgeRuns(made(printed, { kind: 'limit', limit: 50 }), limit, measure, 60_000);
    expect(judgement).toMatchObject({ state: 'unknown', because: expect.stringContaining('1 and 2') });
    const loose = await judgeRuns(made(printed, { kind: 'ratchet' }), { ...limit, drift: 0.9 }, measure, 60_000);
    expect(loose.judgement.state).toBe('pass');
  });
});

describe('a ratchet', () => {
  const ratchet = (value?: number): Ratchet => ({
    schema: 'gym.ratchet/1',
    best: value === undefined ? {} : { it: { value, unit: 'count' } },
  });
  const it = made(printed, { kind: 'ratchet', noWorse: 0.1 });
  const more = made({ ...printed, better: 'more' }, { kind: 'ratchet', noWorse: 0.1 });

  test('a file that is looser than the baseline fails, one that is tighter does not', () => {
    expect(judgeLoosened(it, { own: ratchet(101), baseline: ratchet(100) })?.state).toBe('fail');
    expect(judgeLoosened(it, { own: ratchet(), baseline: ratchet(100) })?.because).toContain('gone');
    expect(judgeLoosened(it, { own: ratchet(100), baseline: ratchet(100) })).toBeUndefined();
    expect(judgeLoosened(it, { own: ratchet(90), baseline: ratchet(100) })).toBeUndefined();
    expect(judgeLoosened(it, { own: ratchet(90), baseline: ratchet() })).toBeUndefined();
    expect(judgeLoosened(more, { own: ratchet(90), baseline: ratchet(100) })?.state).toBe('fail');
  });
  test('sets the limit with what is allowed, itself included', () => {
    expect(limitOfRatchet(it, ratchet(100).best['it']).limit).toBeCloseTo(110);
    expect(limitOfRatchet(more, ratchet(110).best['it']).limit).toBeCloseTo(100);
    const exact = made(printed, { kind: 'ratchet' });
    const limit = limitOfRatchet(exact, ratchet(100).best['it']);
    expect(limit).toMatchObject({ limit: 100, isInclusive: true });
  });
  test('goes one way', () => {
    const bestAfter = (value: number, of = it) =>
      tightened(ratchet(100), [of], new Map([['it', value]])).best['it']?.value;
    expect([bestAfter(105), bestAfter(95), bestAfter(105, more), bestAfter(95, more)]).toEqual([100, 95, 105, 100]);
    expect(tightened(ratchet(), [it], new Map([['it', 7]])).best['it']).toEqual({ value: 7, unit: 'count' });
  });
  test('is a file that can be reviewed, and a damaged one is a problem', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gym-ratchet-'));
    expect(readRatchet(folder)).toEqual({ ok: true, value: ratchet() });
    writeRatchet(folder, {
      schema: 'gym.ratchet/1',
      best: { z: { value: 1, unit: 'ms' }, a: { value: 2, unit: 'ms' } },
    });
    const text = readFileSync(join(folder, 'ratchet.json'), 'utf8');
    expect(text.indexOf('"a"')).toBeLessThan(text.indexOf('"z"'));
    expect(readRatchet(folder)).toMatchObject({ ok: true, value: { best: { a: { value: 2 } } } });
    expect(parseRatchet('{"best": {}}', 'ratchet.json')).toMatchObject({
      ok: false,
      problems: [{ kind: 'definition' }],
    });
    rmSync(folder, { recursive: true });
  });
});

describe('what else the machine did', () => {
  test('is read from the kernel', () => {
    expect(pressureMs('some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 total=9\n')).toBe(2500);
    expect(pressureMs('')).toBeNull();
    expect(cpuTicks('cpu  10 0 20 60 5 0 1 4 7 0\ncpu0 1 1 1 1\n')).toEqual({ stolen: 4, all: 100 });
    expect(cpuTicks('')).toBeNull();
  });
  test('is told as shares of the time', () => {
    const at = (ms: number, waitedMs: number, stolen: number, all: number, throttledMs: number | null) => ({
      ...{ atMs: ms, waitedMs, ticks: { stolen, all }, throttledMs },
    });
    const noise = noiseBetween(at(0, 100, 0, 0, 0), at(1000, 350, 10, 200, null));
    expect(noise).toEqual({ cpuPressure: 0.25, steal: 0.05, throttled: null });
  });
});

test('claims are told in a sentence', () => {
  expect(claimOf(made({ kind: 'command', command: 'work' }, { kind: 'baseline', improve: 0.8 }))).toBe(
    `the time of "work": at most 80 % of the baseline's`,
  );
  expect(claimOf(made({ kind: 'command', command: 'work' }, { kind: 'limit', limit: 200, quantile: 0.95 }))).toBe(
    'p95 of the time of "work" is below 200 ms, with 95 % confidence',
  );
  expect(claimOf(made(printed, { kind: 'ratchet' }))).toBe('what is printed by "count": no worse than the best so far');
});
