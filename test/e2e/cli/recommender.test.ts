import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Verdict, verdictSchema } from '../../../gym/judge/verdict.ts';
import { exampleCheckout, runFolder, runsOf } from '../../support/gym/checkout.ts';
import { leftOf } from '../../support/gym/engine.ts';
import { gym } from '../../support/gym/program.ts';
import { serviceImages } from '../../support/service-images.ts';

const checkout = exampleCheckout('recommender');
const folder = join(checkout.path, 'envs/recommender');
afterAll(() => checkout[Symbol.dispose]());

const patchesIn = (kind: string): string[] =>
  readdirSync(join(folder, kind))
    .filter((file) => file.endsWith('.patch'))
    .sort();
const apply = (file: string): string => checkout.git('apply', '--directory=envs/recommender', join(folder, file));

let beforeProof: Awaited<ReturnType<typeof gym>>;
let started: Verdict;
let proof: Awaited<ReturnType<typeof gym>>;
/** The verdicts of the proof's runs, by fault; under '' the one without. */
let verdicts: ReadonlyMap<string, Verdict>;
beforeAll(async () => {
  serviceImages('postgres:15', 'redis:7', 'nginx:1');
  beforeProof = await gym(checkout.path, ['risks', '--strict', '--json']);
  const [start = ''] = patchesIn('start');
  apply(`start/${start}`);
  started = verdictSchema.parse(JSON.parse((await gym(checkout.path, ['verify', '--json'])).stdout));
  for (const patch of patchesIn('solution')) apply(`solution/${patch}`);
  expect(checkout.git('status', '--porcelain')).toBe('');
  // Without a start state it is no exercise, so that no agents are tried: that takes minutes, and is the same for every task.
  rmSync(join(folder, 'start'), { recursive: true });
  proof = await gym(checkout.path, ['prove', '--parallel', '2']);
  const runs = runsOf(checkout.path).slice(1);
  const read = runs.map((run) =>
    verdictSchema.parse(JSON.parse(readFileSync(join(runFolder(checkout.path, run), 'verdict.json'), 'utf8'))),
  );
  verdicts = new Map(read.map((verdict) => [verdict.fault ?? '', verdict]));
  expect(leftOf(checkout.path)).toEqual([]);
}, 600_000);

test('the state that an agent begins with fails, cheaply: the smoke test tells', () => {
  expect(started).toMatchObject({ state: 'fail', exitCode: 1, problems: [] });
  const stages = started.stages.map(({ stage, state }) => `${stage} ${state}`);
  expect(stages).toEqual(['unit pass', 'smoke fail', 'site unknown']);
});

test('the code as it is passes, and every gate is proven to be able to fail', () => {
  expect(verdicts.get('')).toMatchObject({ state: 'pass', exitCode: 0, distance: 0, problems: [] });
  expect({ exitCode: proof.exitCode, stdout: proof.stdout }).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(/\nPROVEN {2}recommender: 19 of 19 gates can fail\n/),
  });
});

test('each fault is noticed by the checks that its patch names', () => {
  const tried = [...verdicts].filter(([fault]) => fault !== '');
  expect(tried.length).toBeGreaterThanOrEqual(5);
  for (const [fault, verdict] of tried) {
    const head = readFileSync(join(folder, 'faults', `${fault}.patch`), 'utf8');
    const named = [...head.matchAll(/^Caught-by: (\S+)$/gm)].map(([, check = '']) => check);
    const failed = verdict.checks.filter(({ state }) => state === 'fail').map(({ name }) => name);
    expect({ fault, failed }).toEqual({ fault, failed: expect.arrayContaining(named) });
  }
});

test('gym risks tells what is guarded, what was proven, and what nothing guards', async () => {
  expect(beforeProof.exitCode).toBe(1);
  expect(JSON.parse(beforeProof.stdout)).toMatchObject({
    schema: 'gym.risks/1',
    task: 'recommender',
    risks: expect.arrayContaining([
      {
        risk: 'other-parts',
        harm: expect.any(String),
        guards: [{ check: 'other-parts-answer', claim: expect.any(String), severity: 'gate', proof: 'unproven' }],
      },
    ]),
    unguarded: ['maintainability'],
  });
  const proven = await gym(checkout.path, ['risks']);
  expect(proven).toMatchObject({ exitCode: 0, stdout: expect.not.stringContaining('unproven') });
  expect(proven.stdout).toMatch(/\n✗ maintainability: .*\n {4}nothing guards it\n/);
});
