import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineInvariant, invariantBase } from '../../../gym/task/invariant.ts';
import type { Judgement } from '../../../gym/task/judgement.ts';
import { evidenceOf, judged } from '../judge/samples.ts';

const good: Judgement = {
  state: 'pass',
  because: 'it holds',
  margin: 0,
  distance: 0,
  unit: 'count',
  parts: [],
  evidence: [],
};

/** An invariant whose author's code gives anything at all. */
const giving = (given: () => unknown) =>
  defineInvariant({
    kind: 'own',
    schema: z.strictObject(invariantBase),
    claim: () => 'anything',
    sources: () => [],
    judge: () => JSON.parse('null') ?? given(),
  })({ name: 'own' });

test('what a kind of its own says is taken as it is', () => {
  expect(
    judged(
      giving(() => good),
      evidenceOf({}),
    ),
  ).toEqual(good);
});

test.each<[string, () => unknown]>([
  ['a promise', async () => good],
  ['nothing', () => undefined],
  ['a boolean', () => true],
  ['a state that does not exist', () => ({ ...good, state: 'ok' })],
  ['a pass at a distance', () => ({ ...good, distance: 0.5 })],
  ['a failure at no distance', () => ({ ...good, state: 'fail' })],
  ['a distance for what is unknown', () => ({ ...good, state: 'unknown' })],
  ['a distance that is no number', () => ({ ...good, state: 'fail', distance: Number.NaN })],
  ['a margin that JSON cannot hold', () => ({ ...good, margin: Number.POSITIVE_INFINITY })],
  ['a bigint in a part', () => ({ ...good, parts: [{ part: 'a', observed: 1n, expected: '1', off: '0' }] })],
  [
    'a throw',
    () => {
      throw new TypeError('oops');
    },
  ],
  [
    'a throw of something else',
    () => {
      throw 'oops';
    },
  ],
])('%s is the error of the check, never a pass', (_, given) => {
  expect(judged(giving(given), evidenceOf({})).state).toBe('error');
});
