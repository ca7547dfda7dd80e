import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openHistory } from '../../../gym/store/history.ts';
import { leaveRow } from '../../../gym/store/late-rows.ts';
import { checkoutOf, newRunName, openStore, writeAtomically } from '../../../gym/store/store.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/repository.ts';

const source = join(import.meta.dirname, '../../../gym/store');
let folder: TemporaryFolder;
beforeEach(() => {
  folder = temporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
});

const row = {
  kind: 'verify' as const,
  task: 'shuffle',
  state: 'pass',
  distance: 0,
  exitCode: 0,
  headline: '',
  durationMs: 5,
  loop: null,
};

function historyWith(...runs: string[]) {
  const history = openHistory(openStore(folder.path));
  onTestFinished(() => history.close());
  for (const [startedAt, run] of runs.entries()) history.save({ ...row, run, startedAt });
  return history;
}

test('gyms that open and write one history at once lose nothing', async () => {
  const code = `
    import { openHistory } from '${source}/history.ts';
    import { openStore } from '${source}/store.ts';
    const history = openHistory(openStore(process.argv[1]));
    for (let index = 0; index < 50; index += 1) {
      history.save({ ...${JSON.stringify(row)}, run: process.argv[2] + '-' + index, startedAt: index });
    }
    history.close();`;
  const writers = ['a', 'b', 'c', 'd'].map((name) => {
    const args = ['--no-warnings', '--input-type=module-typescript', '--eval', code, '--', folder.path, name];
    return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  });
  const ends = await Promise.all(writers.map(async (writer) => (await once(writer, 'exit'))[0]));
  expect(ends).toEqual([0, 0, 0, 0]);
  expect(historyWith().newest(1000)).toHaveLength(200);
});

test('gyms that open a new history at the same moment wait for each other', async () => {
  const count = 100;
  const code = `
    import { openHistory } from '${source}/history.ts';
    import { openStore } from '${source}/store.ts';
    process.stdout.write('ready');
    process.stdin.once('data', (start) => {
      for (let index = 0; index < ${count}; index += 1) {
        while (Date.now() < Number(start) + index * 15);
        const history = openHistory(openStore(process.argv[1] + '/' + index));
        history.save({ ...${JSON.stringify(row)}, run: process.argv[2], startedAt: index });
        history.close();
      }
      process.exit();
    });`;
  const gyms = ['a', 'b'].map((name) => {
    const args = ['--no-warnings', '--input-type=module', '--eval', code, '--', folder.path, name];
    return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  });
  const ends = Promise.all(gyms.map(async (gym) => (await once(gym, 'exit'))[0]));
  await Promise.all(gyms.map(({ stdout }) => once(stdout, 'data')));
  for (const { stdin } of gyms) stdin.write(String(Date.now() + 50));
  expect(await ends).toEqual([0, 0]);
  for (let index = 0; index < count; index += 1) {
    const history = openHistory(openStore(join(folder.path, String(index))));
    expect(history.newest(9).map(({ run }) => run)).toEqual(['b', 'a']);
    history.close();
  }
});

describe('find', () => {
  test.each<[string, string | undefined]>([
    ['20261120-044512-3fa9', '20261120-044512-3fa9'],
    ['3fa9', '20261120-044512-3fa9'],
    ['9', undefined],
    ['044512-beef', '20261120-044512-beef'],
    ['3fa', undefined],
    ['', undefined],
    ['%', undefined],
    ["' OR 1", undefined],
    ['abc', 'abc'],
  ])('%j', (name, found) => {
    const history = historyWith(
      '20261120-044512-3fa9',
      '20261120-044513-0009',
      '20261120-044512-beef',
      'x-abc',
      'y-abc',
      'abc',
    );
    expect(history.find(name)?.run).toBe(found);
  });
});

test('the newest come first, and a run that is saved again is one run', () => {
  const history = historyWith('a', 'b', 'c');
  history.save({ ...row, run: 'a', startedAt: 0, state: 'fail', distance: null });
  expect(history.newest(2).map(({ run }) => run)).toEqual(['c', 'b']);
  expect(history.find('a')).toMatchObject({ state: 'fail', distance: null });
  expect(history.newest(10)).toHaveLength(3);
  expect(history.newest(1.5)).toHaveLength(2);
});

test('the store is invisible to git, whether or not the project ignores it', () => {
  folder.git('init', '-q');
  const store = openStore(folder.path);
  openHistory(store).close();
  expect(store.makeRunDirectory('r')).toBe(join(folder.path, '.gym/runs/r'));
  openStore(folder.path);
  expect(folder.git('status', '--porcelain', '--untracked-files=all')).toBe('');
});

test('a checkout is the top folder of git, else the folder of the task, else the folder itself', () => {
  folder.write('repo/.git', 'gitdir: elsewhere');
  folder.write('repo/a/task.ts', '');
  folder.write('plain/task.ts', '');
  folder.write('plain/src/.gym/x', '');
  folder.write('other/.gym/x', '');
  folder.write('other/deep/x', '');
  const at = (path: string): string => join(folder.path, path);
  expect(['repo/a', 'repo', 'plain/src', 'plain', 'other/deep'].map((path) => checkoutOf(at(path)))).toEqual(
    ['repo', 'repo', 'plain', 'plain', 'other/deep'].map(at),
  );
});

test('who only looks makes no store', () => {
  openStore(folder.path).runDirectory('r');
  expect(existsSync(join(folder.path, '.gym'))).toBe(false);
});

test('names of runs sort by time and can be told apart', () => {
  const names = [0, 1000, 3_600_000].map((ms) =>
    newRunName(new Date(Date.UTC(2026, 10, 20) + ms), () => Buffer.from([255, 0])),
  );
  expect(names).toEqual(['20261120-000000-ff00', '20261120-000001-ff00', '20261120-010000-ff00']);
});

test('a file is written whole or not at all', () => {
  const file = join(folder.path, 'verdict.json');
  writeAtomically(file, 'old');
  writeAtomically(file, 'new');
  expect(execFileSync('ls', ['-A', folder.path], { encoding: 'utf8' })).toBe('verdict.json\n');
});

test('a line that was left by a gym that did not open the history is there for the next one that does', () => {
  const store = openStore(folder.path);
  store.make();
  const left = { ...row, run: 'left', startedAt: 7 };
  const files = { 'verdict.json': { bytes: 2, sha256: 'ab' } };
  leaveRow(store, { row: left, files });
  folder.write('.gym/rows/torn.json', '{"run":');
  const planted = JSON.stringify({ row: { ...row, run: 'planted' }, files });
  folder.write('.gym/rows/planted.json', `${createHash('sha256').update(planted).digest('hex')}\n${planted}`);
  const history = openHistory(store);
  expect(history.newest(10)).toEqual([left]);
  expect(history.links('left').map(({ state, entry }) => ({ state, entry }))).toEqual([
    { state: 'whole', entry: { type: 'ended', row: left, files } },
  ]);
  history.close();
  expect(readdirSync(join(folder.path, '.gym/rows'))).toEqual([]);
});

test('all lines that were left are taken at once: an agent that asks a hundred times does not make the next run wait for a hundred writes', () => {
  const store = openStore(folder.path);
  store.make();
  const names = Array.from({ length: 100 }, (_, index) => `run-${String(index).padStart(3, '0')}`);
  for (const run of names) leaveRow(store, { row: { ...row, run, startedAt: 1 }, files: {} });
  const history = openHistory(store);
  const links = history.links().filter(({ entry }) => entry?.type === 'ended');
  expect(links.flatMap(({ entry }) => (entry?.type === 'ended' ? entry.row.run : []))).toEqual(names);
  expect(links.every(({ state }) => state === 'whole')).toBe(true);
  expect(new Set(links.map(({ at }) => at)).size).toBe(1);
  history.close();
});
