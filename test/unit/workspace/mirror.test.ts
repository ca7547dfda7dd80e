import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { openStore } from '../../../gym/store/store.ts';
import { folderBaseline } from '../../../gym/workspace/baseline.ts';
import { takePlace, unusedPlaces } from '../../../gym/workspace/place.ts';
import { type Snapshot, takeSnapshot } from '../../../gym/workspace/snapshot.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/repository.ts';

/** A workspace with a place that its snapshots are taken in, one after the other. */
function workspaceWith(files: Readonly<Record<string, string>>) {
  const folder = temporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  for (const [name, text] of Object.entries(files)) folder.write(`ws/${name}`, text);
  const workspace = join(folder.path, 'ws');
  const directory = join(folder.path, 'place/tree');
  const memoryFile = join(folder.path, 'place/memory');
  mkdirSync(join(folder.path, 'place'));
  const protection = { covers: (path: string) => path.startsWith('checks/'), mayAdd: () => false };
  return {
    folder,
    workspace,
    tree: (name: string) => join(directory, name),
    async take(baseline?: string): Promise<Snapshot> {
      const from = baseline === undefined ? undefined : await folderBaseline(join(folder.path, baseline), baseline);
      const taken = await takeSnapshot({ workspace, baseline: from, protection, directory, memoryFile });
      if (!taken.ok) throw new Error(taken.problems[0].message);
      return taken.value;
    },
  };
}

const writtenAt = (file: string): number => statSync(file).ctimeMs;

test('what has not changed is not copied again, and what has is', async () => {
  const { take, tree, workspace, folder } = workspaceWith({
    a: 'a',
    'b/c': 'c',
    'b/d': 'd',
    gone: 'g',
    'odd\n\tname': 'o',
  });
  await sleep(50);
  const first = await take();
  const [a, c] = [writtenAt(tree('a')), writtenAt(tree('b/c'))];
  folder.write('ws/b/c', 'C');
  folder.write('ws/new/e', 'e');
  rmSync(join(workspace, 'gone'));
  const second = await take();
  expect([writtenAt(tree('a')) === a, writtenAt(tree('b/c')) === c]).toEqual([true, false]);
  expect(readFileSync(tree('b/c'), 'utf8')).toBe('C');
  expect([existsSync(tree('gone')), existsSync(tree('new/e'))]).toEqual([false, true]);
  expect(second).toMatchObject({ files: 5, bytes: 5 });
  expect(second.hash).not.toBe(first.hash);
  // The same files anew come to the same hash.
  rmSync(join(tree('.'), '../memory'));
  expect(await take()).toEqual(second);
});

test('whatever a stage does to the folder, the next snapshot is that of the workspace, and the workspace is as it was', async () => {
  const files = { same: 'same', 'deep/in/file': 'file', 'deep/x': 'x', 'tool.sh': 'echo\n', 'link/inside': 'i' };
  const { take, tree, workspace } = workspaceWith(files);
  chmodSync(join(workspace, 'tool.sh'), 0o755);
  symlinkSync('same', join(workspace, 'to-same'));
  await sleep(50);
  const { hash } = await take();
  const harms: Record<string, () => void> = {
    'writes a file, and hides it behind its old time and size': () => {
      const { atime, mtime } = statSync(tree('same'));
      writeFileSync(tree('same'), 'SAME');
      utimesSync(tree('same'), atime, mtime);
    },
    'removes a file': () => rmSync(tree('deep/in/file')),
    'adds files, ignored ones too': () => {
      mkdirSync(tree('node_modules/p'), { recursive: true });
      writeFileSync(tree('node_modules/p/index.js'), '');
      writeFileSync(tree('deep/in/added'), '');
    },
    'takes a mode away': () => chmodSync(tree('tool.sh'), 0o644),
    'puts a link in the place of a folder': () => {
      rmSync(tree('link'), { recursive: true });
      symlinkSync(join(workspace, 'deep'), tree('link'));
    },
    'puts a folder in the place of a file': () => {
      rmSync(tree('same'));
      mkdirSync(tree('same/sub'), { recursive: true });
    },
    'empties it': () => rmSync(tree('.'), { recursive: true }),
  };
  for (const [what, harm] of Object.entries(harms)) {
    harm();
    expect((await take()).hash, what).toBe(hash);
    const listed = execFileSync('find', ['.', '-not', '-type', 'd'], { cwd: tree('.'), encoding: 'utf8' })
      .trim()
      .split('\n');
    expect(listed.sort(), what).toEqual([...Object.keys(files), 'to-same'].map((name) => `./${name}`).sort());
    expect(readFileSync(join(workspace, 'same'), 'utf8'), what).toBe('same');
    expect(existsSync(join(workspace, 'deep/x')), what).toBe(true);
  }
});

test('protected files are compared by their content, whatever is remembered of them', async () => {
  const { take, tree, folder } = workspaceWith({ 'checks/a': 'real', src: 's' });
  folder.write('base/checks/a', 'real');
  await sleep(50);
  await take('base');
  // Somebody writes into the place, and into its memory that nothing was written.
  const memory = readFileSync(tree('../memory'), 'utf8');
  const stampOf = (file: string) => {
    const { dev, ino, mode, size, mtimeMs, ctimeMs } = statSync(file);
    return `${dev}:${ino}:${mode}:${size}:${mtimeMs}:${ctimeMs}`;
  };
  const before = stampOf(tree('checks/a'));
  writeFileSync(tree('checks/a'), 'fake');
  expect(memory).toContain(before);
  writeFileSync(tree('../memory'), memory.replace(before, stampOf(tree('checks/a'))));
  expect(await take('base')).toMatchObject({ restored: ['checks/a'] });
  expect(readFileSync(tree('checks/a'), 'utf8')).toBe('real');
});

test('a place is one workspace’s, and one run’s at a time; it goes with the workspace', () => {
  using folder: TemporaryFolder = temporaryFolder();
  const store = openStore(folder.path);
  mkdirSync(join(folder.path, 'ws'));
  const first = takePlace(store, join(folder.path, 'ws'));
  const second = takePlace(store, join(folder.path, 'ws'));
  expect(second.directory).not.toBe(first.directory);
  expect(unusedPlaces(store, 0)).toEqual([]);
  first.release();
  writeFileSync(second.memoryFile, `${JSON.stringify([1, join(folder.path, 'ws')])}\n`);
  second.release();
  expect(takePlace(store, join(folder.path, 'ws')).directory).toBe(second.directory);
  expect(unusedPlaces(store, 0).map(({ directory }) => join(directory, 'tree'))).toEqual([first.directory]);
});

test('between two runs a snapshot is where test runners that are started in the workspace do not look', () => {
  using folder: TemporaryFolder = temporaryFolder();
  const store = openStore(folder.path);
  const take = () => takePlace(store, folder.path);
  const first = take();
  mkdirSync(first.directory);
  writeFileSync(join(first.directory, 'a.test.ts'), '');
  writeFileSync(first.memoryFile, `${JSON.stringify([1, folder.path])}\n`);
  first.release();
  const found = globSync('**/*.test.ts', { cwd: join(folder.path, '.gym') });
  expect(found).toEqual(['snapshots/1/asleep/node_modules/tree/a.test.ts']);
  const second = take();
  expect(second.directory).toBe(first.directory);
  expect(readdirSync(second.directory)).toEqual(['a.test.ts']);
  second.release();
});

test('two thousand files of which one has changed: within a second on a busy machine', async () => {
  const files = Array.from({ length: 2000 }, (_, n) => [`d${n % 100}/f${n}.ts`, `export const n = ${n};\n`] as const);
  const { take, folder } = workspaceWith(Object.fromEntries(files));
  folder.git('init', '-q', 'ws');
  await take();
  folder.write('ws/d1/f1.ts', 'changed\n');
  const before = performance.now();
  expect((await take()).files).toBe(2000);
  expect(performance.now() - before).toBeLessThan(1000);
}, 60_000);
