import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStore } from '../../../gym/store/store.ts';
import { checkOut, checkpoint, makeWorktree, removeWorktree, restore } from '../../../gym/workspace/worktree.ts';
import { type TemporaryFolder, taskIn, temporaryFolder } from '../../support/repository.ts';

const loop = '20261120-010203-abcd';
const local = ['-c', 'protocol.file.allow=always', 'submodule', '--quiet'];

/** A checkout with a submodule that has one itself, and nowhere to fetch them from. */
function checkout(): TemporaryFolder {
  const folder = temporaryFolder();
  for (const name of ['inner', 'outer', 'top']) folder.git('init', '-q', '-b', 'main', name);
  const commit = (name: string): void => {
    folder.git('-C', name, 'add', '-A');
    folder.git('-C', name, 'commit', '-qm', 'first');
  };
  folder.write('inner/i.txt', 'inner\n');
  commit('inner');
  folder.write('outer/o.txt', 'outer\n');
  folder.git('-C', 'outer', ...local, 'add', join(folder.path, 'inner'), 'deep/inner');
  commit('outer');
  folder.write('top/app/n.txt', '0\n');
  folder.git('-C', 'top', ...local, 'add', join(folder.path, 'outer'), 'lib/a b');
  folder.git('-C', 'top', ...local, 'update', '--init', '--recursive');
  commit('top');
  rmSync(join(folder.path, 'inner'), { recursive: true });
  rmSync(join(folder.path, 'outer'), { recursive: true });
  return folder;
}

const make = (folder: TemporaryFolder) => {
  const top = join(folder.path, 'top');
  return makeWorktree(taskIn(join(top, 'app')), openStore(top), loop);
};

test('a worktree has the files of submodules, and of those within them, without anything to fetch', async () => {
  using folder = checkout();
  const made = await make(folder);
  if (!made.ok) throw new Error(made.problems[0].message);
  const worktree = made.value;
  const lib = join(worktree.directory, 'lib/a b');
  const files = (): string[] => ['o.txt', 'deep/inner/i.txt'].map((name) => readFileSync(join(lib, name), 'utf8'));
  expect(files()).toEqual(['outer\n', 'inner\n']);
  expect(folder.git('-C', worktree.directory, 'status', '--porcelain')).toBe('');
  expect(folder.git('-C', lib, 'log', '--format=%s').trim()).toBe('first');

  // What an agent does there is no part of its commit: it is put back, before that is judged.
  writeFileSync(join(lib, 'o.txt'), 'changed\n');
  writeFileSync(join(lib, 'new.txt'), 'new\n');
  folder.git('-C', lib, 'commit', '-qam', 'by the agent');
  rmSync(join(lib, 'deep'), { recursive: true });
  symlinkSync('/tmp', join(lib, 'deep'));
  writeFileSync(join(worktree.workspace, 'n.txt'), '1\n');
  expect(await checkpoint(worktree, worktree.start, 'attempt 1')).toMatchObject({ ok: true, value: { files: 1 } });
  expect(files()).toEqual(['outer\n', 'inner\n']);
  expect(existsSync(join(lib, 'new.txt'))).toBe(false);

  rmSync(join(worktree.directory, 'lib'), { recursive: true });
  expect(await restore(worktree, worktree.start, [])).toEqual({ ok: true, value: undefined });
  expect(files()).toEqual(['outer\n', 'inner\n']);
  expect(folder.git('-C', 'top', 'status', '--porcelain')).toBe('');
  expect(folder.git('-C', 'top/lib/a b', 'log', '--format=%s').trim()).toBe('first');
  removeWorktree(worktree);
  expect(folder.git('-C', 'top', 'worktree', 'list').trim().split('\n')).toHaveLength(1);
});

test('what is judged of a commit is its files and those of its submodules, without hidden ones, whatever is written to the worktree', async () => {
  using folder = checkout();
  folder.write('top/app/solution/s.txt', 'answer\n');
  const made = await make(folder);
  if (!made.ok) throw new Error(made.problems[0].message);
  const worktree = made.value;
  writeFileSync(join(worktree.workspace, 'n.txt'), 'written later\n');
  writeFileSync(join(worktree.directory, 'lib/a b/o.txt'), 'written later\n');
  const directory = join(folder.path, 'judged');
  const files = await checkOut(worktree, worktree.start, ['solution/**'], directory);
  expect(files).toEqual({ ok: true, value: join(directory, 'app') });
  const listed = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => /\.txt$/.test(path));
  expect(listed.sort()).toEqual(['app/n.txt', 'lib/a b/deep/inner/i.txt', 'lib/a b/o.txt']);
  expect(readFileSync(join(directory, 'app/n.txt'), 'utf8')).toBe('0\n');
  expect(readFileSync(join(directory, 'lib/a b/o.txt'), 'utf8')).toBe('outer\n');
});

test('a submodule that the checkout has not got stays empty, and one without the commit is a problem', async () => {
  using folder = checkout();
  folder.git('-C', 'top', 'submodule', '--quiet', 'deinit', '--force', 'lib/a b');
  const empty = await make(folder);
  expect(empty).toMatchObject({ ok: true });
  if (empty.ok) expect(existsSync(join(empty.value.directory, 'lib/a b/o.txt'))).toBe(false);

  using other = checkout();
  const inner = other.git('-C', 'top/lib/a b', 'rev-parse', 'HEAD:deep/inner').trim();
  const objects = join(other.git('-C', 'top/lib/a b/deep/inner', 'rev-parse', '--absolute-git-dir').trim(), 'objects');
  rmSync(join(objects, inner.slice(0, 2), inner.slice(2)));
  expect(await make(other)).toMatchObject({
    ok: false,
    problems: [{ message: expect.stringMatching(/submodule|clone/), kind: 'environment' }],
  });
});
