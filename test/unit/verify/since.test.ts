import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Verdict, verdictSchema } from '../../../gym/judge/verdict.ts';
import { openHistory } from '../../../gym/store/history.ts';
import { openStore, writeAtomically } from '../../../gym/store/store.ts';
import { lastVerdict } from '../../../gym/verify/since.ts';
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
  expect(lastVerdict(request)?.run).toBe('1-own');
  expect(lastVerdict({ ...request, workspace: '/elsewhere' })).toBeUndefined();
});
