import { expect, test } from 'vitest';
import { judgeInvariants, sumUp } from '../../../gym/judge/judge.ts';
import { sum } from '../../../gym/judge/quantity.ts';
import { waive } from '../../../gym/judge/waive.ts';
import type { Evidence } from '../../../gym/task/measurement.ts';
import { bound } from '../../../invariants/bound.ts';
import { evidenceOf, samples } from './samples.ts';

const small = bound({ name: 'small', quantity: sum('got.bytes'), atMost: 10 });
const waiver = { check: 'small', reason: 'the disk is slow', owner: 'ada', until: '2030-01-31' };
const checksOn = (evidence: Evidence, day: string) =>
  waive(judgeInvariants([small], evidence, 'gym verify'), [waiver], new Date(day));
const tooMuch = evidenceOf({ got: samples('bytes', 11n) });

test('a waived check does not fail the run until its last day is over', () => {
  const [check] = checksOn(tooMuch, '2030-01-31T23:59:59Z');
  expect(check).toMatchObject({
    state: 'waived',
    because: 'waived until 2030-01-31 by ada: the disk is slow (fail: all is 11 bytes; it must be at most 10)',
  });
  expect(sumUp([], check === undefined ? [] : [check])).toMatchObject({ state: 'waived', distance: 0 });
});

test('after it, the check fails again and says whose waiver ran out', () => {
  const checks = checksOn(tooMuch, '2030-02-01T00:00:00Z');
  expect(checks[0]).toMatchObject({
    state: 'fail',
    because: expect.stringMatching(/; ada's waiver ran out on 2030-01-31$/),
  });
  expect(sumUp([], checks).state).toBe('fail');
});

test('what holds needs no waiver, and what broke cannot be waived', () => {
  expect(checksOn(evidenceOf({ got: samples('bytes', 1n) }), '2030-01-01')[0]?.state).toBe('pass');
  expect(checksOn(evidenceOf({ got: 'gone' }), '2030-01-01')[0]?.state).toBe('waived');
  const broken = { ...judgeInvariants([small], tooMuch, 'gym verify')[0], state: 'error' as const };
  expect(
    waive(
      judgeInvariants([small], tooMuch, '').map((check) => ({ ...check, ...broken })),
      [waiver],
      new Date('2030-01-01'),
    )[0]?.state,
  ).toBe('error');
});

test('a check that only warns does not decide, and without any gate nothing was judged', () => {
  const warning = bound({ name: 'small', quantity: sum('got.bytes'), atMost: 10, severity: 'warn' });
  const good = bound({ name: 'large', quantity: sum('got.bytes'), atLeast: 10 });
  const both = judgeInvariants([warning, good], tooMuch, 'gym verify');
  expect(sumUp([], both)).toMatchObject({
    state: 'pass',
    distance: 0,
    headline: expect.stringContaining('1 of 2 checks holds'),
  });
  expect(sumUp([], judgeInvariants([warning], tooMuch, 'gym verify')).state).toBe('vacuous');
});

test('of two waivers of one check the one that holds longer counts', () => {
  const renewed = { ...waiver, until: '2030-06-30' };
  const judged = judgeInvariants([small], tooMuch, 'gym verify');
  expect(waive(judged, [waiver, renewed], new Date('2030-05-01T00:00:00Z'))).toMatchObject([{ state: 'waived' }]);
});
