import { describe, expect, test } from 'vitest';
import { type State, stateNames } from '../../../gym/events/event.ts';
import { judgeInvariants, stageCheck, sumUp } from '../../../gym/judge/judge.ts';
import { sum } from '../../../gym/judge/quantity.ts';
import {
  exitCodeOf,
  problemExitCodes,
  runDistance,
  type StageResult,
  worst,
  worstFirst,
} from '../../../gym/judge/verdict.ts';
import { type CheckResult, checkResult } from '../../../gym/task/judgement.ts';
import { bound } from '../../../invariants/bound.ts';
import { evidenceOf, samples } from './samples.ts';

const again = 'gym verify shuffle';
const stage = (state: State, cases: StageResult['cases'] = null): StageResult => ({
  stage: 'unit',
  state,
  because: 'so it is',
  exitCode: 0,
  cases,
  failures: [],
  durationMs: 1,
  log: 'stages/unit.log',
});
const at = (name: string, state: State, distance: number | null): CheckResult => ({
  ...stageCheck(stage(state), again),
  name,
  distance,
});

describe('worst', () => {
  test.each<[State[], State]>([
    [[], 'vacuous'],
    [['pass'], 'pass'],
    [['pass', 'waived'], 'waived'],
    [['pass', 'unknown'], 'unknown'],
    [['unknown', 'vacuous'], 'vacuous'],
    [['fail', 'unknown', 'vacuous', 'pass'], 'fail'],
    [['error', 'fail'], 'error'],
  ])('of %j is %s', (states, expected) => {
    expect(worst(states)).toBe(expected);
    expect(worst(states.toReversed())).toBe(expected);
  });
  test('keeps the order of the task among equals', () => {
    const checks = [at('a', 'pass', 0), at('b', 'fail', 0.1), at('c', 'unknown', null), at('d', 'fail', 5)];
    expect(worstFirst(checks).map(({ name }) => name)).toEqual(['b', 'd', 'c', 'a']);
  });
});

test('exit codes: 0 only for what holds', () => {
  expect(Object.fromEntries(stateNames.map((state) => [state, exitCodeOf(state)]))).toEqual({
    pass: 0,
    waived: 0,
    unknown: 3,
    vacuous: 1,
    fail: 1,
    error: 3,
  });
  expect(problemExitCodes).toEqual({ usage: 2, definition: 2, environment: 4, crash: 4, evidence: 3 });
});

describe('the distance of a run', () => {
  test('falls from what does not build to what holds', () => {
    const unknown = at('i', 'unknown', null);
    const distances = [
      runDistance(3, [at('build', 'fail', 1), unknown]),
      runDistance(2, [at('unit', 'fail', 1), unknown]),
      runDistance(2, [at('unit', 'fail', 0.01), unknown]),
      runDistance(1, [at('e2e', 'fail', 1), unknown]),
      runDistance(0, [at('i', 'fail', Number.MAX_VALUE)]),
      runDistance(0, [at('i', 'fail', 0.06)]),
      runDistance(0, [at('i', 'fail', 0.01), at('j', 'pass', 0)]),
      runDistance(0, [at('i', 'fail', 5e-324)]),
    ].map((distance) => distance ?? Number.NaN);
    expect(distances).toEqual(distances.toSorted((a, b) => b - a));
    expect(distances.at(-1)).toBeGreaterThan(0);
    expect(distances.every(Number.isFinite)).toBe(true);
  });
  test.each<[string, CheckResult[]]>([
    ['nothing', []],
    ['only what could not be judged', [at('i', 'unknown', null)]],
    ['what holds and what could not be judged', [at('i', 'pass', 0), at('j', 'unknown', null)]],
  ])('is null for %s', (_, checks) => expect(runDistance(0, checks)).toBeNull());
});

describe('the case set of a stage', () => {
  test.each<[string, StageResult, number | null, number | null]>([
    ['passes', stage('pass', { passed: 3, failed: 0, skipped: 0 }), 0, 0],
    ['some fail', stage('fail', { passed: 3, failed: 1, skipped: 5 }), 0.25, -1],
    ['all pass, but the command does not', stage('fail', { passed: 4, failed: 0, skipped: 0 }), 0.25, -1],
    ['fails without cases', stage('fail', { passed: 0, failed: 0, skipped: 0 }), 1, -1],
    ['a command that passes', stage('pass'), 0, 0],
    ['a command that fails', stage('fail'), 1, -1],
    ['no case ran', stage('vacuous', { passed: 0, failed: 0, skipped: 2 }), null, null],
    ['it did not run', stage('unknown'), null, null],
  ])('%s', (_, result, distance, margin) => {
    const check = stageCheck(result, again);
    expect(checkResult.parse(JSON.parse(JSON.stringify(check)))).toStrictEqual(check);
    expect(check).toMatchObject({ distance, margin, state: result.state });
  });
});

test('what a run comes to', () => {
  const invariant = bound({ name: 'errors', quantity: sum('got.errors'), atMost: 0 });
  const run = (errors: bigint) => {
    const stages = [stage('pass', { passed: 1234, failed: 0, skipped: 0 })];
    const evidence = evidenceOf({ got: samples('errors', errors, 'count') });
    const checks = stages.map((each) => stageCheck(each, again));
    return sumUp(stages, [...checks, ...judgeInvariants([invariant], evidence, again)]);
  };
  expect(run(0n)).toEqual({
    state: 'pass',
    distance: 0,
    headline: '2 of 2 checks hold: 1,234 cases in 1 stage, 1 invariant',
  });
  expect(run(3n)).toEqual({ state: 'fail', distance: 0.75, headline: 'errors: all is 3; it must be at most 0' });
  expect(sumUp([], [])).toEqual({ state: 'vacuous', distance: null, headline: 'nothing was judged' });
});
