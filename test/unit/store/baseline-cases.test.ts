import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readCases, recordCases } from '../../../gym/store/baseline-cases.ts';
import { openHistory } from '../../../gym/store/history.ts';
import { openStore } from '../../../gym/store/store.ts';
import { temporaryFolder } from '../../support/repository.ts';

test('of each stage the cases of the newest run of a tree are found', () => {
  using folder = temporaryFolder();
  const store = openStore(folder.path);
  const history = openHistory(store);
  const passed = (...ids: readonly string[]) => ids.map((id) => ({ id, state: 'passed' as const }));
  let startedAt = 0;
  const ran = (run: string, task: string) => {
    startedAt += 1;
    const row = {
      kind: 'verify' as const,
      state: 'pass',
      distance: 0,
      exitCode: 0,
      headline: '',
      durationMs: 1,
      loop: null,
    };
    history.save({ ...row, run, task, startedAt });
    return store.makeRunDirectory(run);
  };
  recordCases(ran('a', 'shop'), { tree: 'tree-1', stages: { unit: passed('old'), e2e: passed('page') } });
  recordCases(ran('b', 'shop'), { tree: 'tree-1', variables: 'CI', stages: { unit: passed('new') } });
  recordCases(ran('c', 'shop'), { tree: 'tree-2', stages: { unit: passed('other tree') } });
  recordCases(ran('d', 'other'), { tree: 'tree-1', stages: { unit: passed('other task') } });
  writeFileSync(join(ran('e', 'shop'), 'cases.json'), '{ "schema": "gym.ca');
  ran('f', 'shop');
  expect(readCases(store, history, { task: 'shop', tree: 'tree-1' })).toEqual({
    unit: passed('new'),
    e2e: passed('page'),
  });
  expect(readCases(store, history, { task: 'shop', tree: 'tree-1', variables: 'CI' })).toEqual({
    unit: passed('new'),
  });
  expect(readCases(store, history, { task: 'shop', tree: 'tree-1', variables: 'other' })).toEqual({});
  expect(readCases(store, history, { task: 'shop', tree: 'tree-3' })).toEqual({});
  history.close();
});
