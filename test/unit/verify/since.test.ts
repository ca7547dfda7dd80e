import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { State } from '../../../gym/events/event.ts';
import { type Case, testCase } from '../../../gym/harness/cases.ts';
import type { StageOutcome } from '../../../gym/harness/stage.ts';
import { type Verdict, verdictSchema } from '../../../gym/judge/verdict.ts';
import { openHistory } from '../../../gym/store/history.ts';
import { openStore, writeAtomically } from '../../../gym/store/store.ts';
import { changeSince, lastVerdict } from '../../../gym/verify/since.ts';
import { keepFailedCases } from '../../../gym/verify/stage-result.ts';
import { taskIn, temporaryFolder } from '../../support/repository.ts';

const file = join(import.meta.dirname, '../../fixtures/events/verdict-1.json');
const recorded = verdictSchema.parse(JSON.parse(readFileSync(file, 'utf8')));

test('the verdict before is that of the same files: not one of a loop, nor one under a fault', () => {
  const folder = temporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  const store = openStore(folder.path);
  const history = openHistory(store);
  onTestFinished(() => history.close());
  const keep = (run: string, startedAt: number, more: Partial<Verdict>): void => {
    const verdict = { ...recorded, run, task: 'count', ...more };
    writeAtomically(join(store.makeRunDirectory(run), 'verdict.json'), JSON.stringify(verdict));
    const row = { kind: 'verify', task: 'count', state: 'fail', distance: 1, exitCode: 1, headline: '' } as const;
    history.save({ ...row, run, startedAt, durationMs: 5, loop: null });
  };
  const inFolder = (root: string) => ({ workspace: { ...recorded.workspace, root } });
  keep('1-own', 1, inFolder(folder.path));
  keep('2-broken', 2, { ...inFolder(folder.path), fault: 'stops' });
  keep('3-loop', 3, inFolder(join(folder.path, '.gym/worktrees/loop')));
  const request = { store, history, task: taskIn(folder.path), run: '4-now', workspace: folder.path };
  // One that was stopped, as by the next save, has judged nothing.
  keep('3-stopped', 3.5, { ...inFolder(folder.path), checks: [] });
  expect(lastVerdict(request)?.run).toBe('1-own');
  expect(lastVerdict({ ...request, workspace: '/elsewhere' })).toBeUndefined();
  // What its own tests say is not to be compared with what the baseline's say.
  expect(lastVerdict({ ...request, baseline: { name: 'main@1a2b3c4' } })).toBeUndefined();
  const byMain = { workspace: { ...recorded.workspace, root: folder.path, baseline: 'main@0000000' } };
  keep('4-by-main', 4, byMain);
  keep('5-by-tag', 5, { workspace: { ...byMain.workspace, baseline: 'v1@0000000' } });
  expect(lastVerdict({ ...request, baseline: { name: 'main@1a2b3c4' } })?.run).toBe('4-by-main');
  expect(lastVerdict({ ...request, run: '6-now' })?.run).toBe('1-own');
});

test('what changed: fixed is only what was judged again and passes; a case that is gone or skipped is not', () => {
  using folder = temporaryFolder();
  const outcome = (stage: string, cases: readonly Case[]): StageOutcome => ({
    ...{ stage, state: 'fail', because: '', exitCode: 1, cases, counts: null, durationMs: 0, logFile: null },
  });
  const results = (states: Readonly<Record<string, Case['state']>>): Case[] =>
    Object.entries(states).map(([id, state]) => testCase([id], state));
  const check = (name: string, kind: string, state: State): Verdict['checks'][number] => ({
    ...{ name, kind, state, claim: '', because: '', severity: 'gate', risk: [], again: '', parts: [], evidence: [] },
    ...{ margin: null, distance: null, unit: null },
  });
  const then = results({ a: 'failed', b: 'failed', c: 'failed', gone: 'failed', d: 'passed' });
  folder.write('before/stages/x', '');
  keepFailedCases(outcome('unit', then), join(folder.path, 'before'));
  const before: Verdict = {
    ...recorded,
    ...{ run: 'before', distance: 2.5 },
    checks: [check('unit', 'cases', 'fail'), check('e2e', 'cases', 'unknown'), check('sum', 'agree', 'fail')],
  };
  const cases = results({ a: 'passed', b: 'failed', c: 'skipped', d: 'failed' });
  const checks = [check('unit', 'cases', 'fail'), check('e2e', 'cases', 'fail'), check('sum', 'agree', 'pass')];
  const changed = changeSince(before, { checks, outcomes: [outcome('unit', cases)] }, (run) => join(folder.path, run));
  expect(changed).toEqual({
    run: 'before',
    distance: 2.5,
    fixed: { count: 2, first: ['unit: a', 'sum'] },
    new: { count: 2, first: ['unit: d', 'e2e'] },
    still: { count: 1, first: ['unit: b'] },
    unjudged: { count: 2, first: ['unit: c', 'unit: gone'] },
  });
});
