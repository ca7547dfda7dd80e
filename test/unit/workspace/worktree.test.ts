import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openStore } from '../../../gym/store/store.ts';
import type { Task } from '../../../gym/task/schema.ts';
import { checkpoint, diffCommand, makeWorktree, removeWorktree, restore } from '../../../gym/workspace/worktree.ts';
import { type TemporaryFolder, taskIn, temporaryFolder } from '../../support/repository.ts';

const loop = '20261120-010203-abcd';
const startPatch = '--- a/n.txt\n+++ b/n.txt\n@@ -1 +1 @@\n-0\n+9\n';

function checkout(): TemporaryFolder {
  const folder = temporaryFolder();
  folder.git('init', '-q', '-b', 'main');
  folder.write('.gitignore', 'ignored/\n');
  folder.write('lib/shared.txt', 'shared\n');
  folder.write('app/n.txt', '0\n');
  folder.write('app/solution/01.patch', 'the answer\n');
  folder.git('add', '-A');
  folder.git('commit', '-qm', 'first');
  return folder;
}

async function make(folder: TemporaryFolder, task: Task = taskIn(join(folder.path, 'app'))) {
  const made = await makeWorktree(task, openStore(folder.path), loop);
  if (!made.ok) throw new Error(JSON.stringify(made.problems));
  return made.value;
}

const read = (...path: string[]): string => readFileSync(join(...path), 'utf8');

test('carries over what the user sees, and touches neither files, nor index, nor branches', async () => {
  using folder = checkout();
  folder.write('app/n.txt', '1\n');
  folder.write('lib/shared.txt', 'staged\n');
  folder.git('add', 'lib/shared.txt');
  folder.write('app/new.txt', 'new\n');
  folder.write('app/ignored/big', 'no\n');
  const before = [folder.git('status', '--porcelain'), folder.git('rev-parse', 'main'), folder.git('diff', '--cached')];

  const worktree = await make(folder);
  expect(worktree.workspace).toBe(join(worktree.directory, 'app'));
  expect(read(worktree.workspace, 'n.txt')).toBe('1\n');
  expect(read(worktree.workspace, 'new.txt')).toBe('new\n');
  expect(read(worktree.directory, 'lib/shared.txt')).toBe('staged\n');
  expect(existsSync(join(worktree.workspace, 'ignored'))).toBe(false);

  const after = [folder.git('status', '--porcelain'), folder.git('rev-parse', 'main'), folder.git('diff', '--cached')];
  expect(after).toEqual(before);
  expect(folder.git('branch', '--format=%(refname:short)').trim().split('\n')).toEqual([`gym/count/${loop}`, 'main']);
});

test('hidden files are not in the worktree, and yet stay on the branch', async () => {
  using folder = checkout();
  const worktree = await make(folder);
  expect(existsSync(join(worktree.workspace, 'solution'))).toBe(false);
  writeFileSync(join(worktree.workspace, 'n.txt'), '5\n');
  const saved = await checkpoint(worktree, worktree.start, 'attempt 1');
  expect(saved).toMatchObject({ ok: true, value: { files: 1 } });
  expect(folder.git('diff', '--name-status', 'main', worktree.branch).trim()).toBe('M\tapp/n.txt');
  expect(folder.git('log', '--format=%s', worktree.branch).trim().split('\n')).toEqual([
    'attempt 1',
    'start state',
    'first',
  ]);
});

test('an exercise starts with its patches applied, without a past or an answer in it', async () => {
  using folder = checkout();
  folder.write('app/start/01-break.patch', startPatch);
  const worktree = await make(folder);
  expect(read(worktree.workspace, 'n.txt')).toBe('9\n');
  expect(folder.git('log', '--format=%s', worktree.branch).trim()).toBe('start state');
  const files = folder.git('ls-tree', '-r', '--name-only', worktree.branch).trim().split('\n');
  expect(files).toEqual(['.gitignore', 'app/n.txt', 'lib/shared.txt']);
  const status = execFileSync('git', ['status', '--porcelain'], { cwd: worktree.directory, encoding: 'utf8' });
  expect(status).toBe('');
});

test('who works at an exercise finds nothing of the history, and the branch is in the repository all the same', async () => {
  using folder = checkout();
  folder.write('app/start/01-break.patch', startPatch);
  const worktree = await make(folder);
  expect(worktree.kind).toBe('isolated');
  const git = (...args: string[]) => execFileSync('git', args, { cwd: worktree.workspace, encoding: 'utf8' });
  const objects = git('rev-list', '--all', '--reflog', '--objects');
  expect(objects).toContain('app/n.txt');
  expect(objects).not.toMatch(/solution|faults|start/);
  expect(git('cat-file', '--batch-all-objects', '--batch-check').split('\n')).not.toContain(
    expect.stringContaining(folder.git('rev-parse', 'main').trim()),
  );
  expect(git('branch', '--all', '--format=%(refname:short)').trim()).toBe(worktree.branch);
  writeFileSync(join(worktree.workspace, 'n.txt'), '4\n');
  const saved = await checkpoint(worktree, worktree.start, 'attempt 1');
  if (!saved.ok) throw new Error(JSON.stringify(saved.problems));
  expect(folder.git('rev-parse', worktree.branch).trim()).toBe(saved.value.commit);
  expect(folder.git('worktree', 'list').trim().split('\n')).toHaveLength(1);
  removeWorktree(worktree);
  expect(readdirSync(join(folder.path, '.gym/worktrees'))).toEqual([]);
  const shown = execFileSync('sh', ['-c', diffCommand(worktree)], { cwd: folder.path, encoding: 'utf8' });
  expect(shown).toContain('-9\n+4\n');
});

test('an exercise works in a repository with SHA-256 objects, a blank in its path, and files of another owner', async () => {
  using folder = temporaryFolder();
  const top = join(folder.path, 'a b');
  folder.git('init', '-q', '--object-format=sha256', top);
  folder.write('a b/n.txt', '0\n');
  folder.write('a b/start/01-break.patch', startPatch);
  const config = join(folder.path, 'gitconfig');
  writeFileSync(config, `[safe]\n\tdirectory = ${top}\n`);
  // As in a container whose checkout belongs to somebody outside.
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', '1234', top]);
  vi.stubEnv('GIT_CONFIG_GLOBAL', config);
  try {
    const made = await makeWorktree(taskIn(top), openStore(top), loop);
    expect(made).toMatchObject({
      ok: true,
      value: { kind: 'isolated', start: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  } finally {
    vi.unstubAllEnvs();
  }
});

test('an exercise keeps the settings by which files become objects: no file seems to be changed', async () => {
  using folder = checkout();
  folder.write('app/start/01-break.patch', startPatch);
  folder.git('config', 'core.autocrlf', 'true');
  folder.write('.git/info/attributes', 'n.txt -text\n*.raw -text\n');
  folder.write('app/dos.txt', 'one\r\ntwo\r\n');
  folder.write('app/as-is.raw', 'one\r\n');
  const worktree = await make(folder);
  expect(read(worktree.workspace, 'dos.txt')).toBe('one\r\ntwo\r\n');
  writeFileSync(join(worktree.workspace, 'dos.txt'), 'one\r\ntwo\r\n');
  writeFileSync(join(worktree.workspace, 'as-is.raw'), 'one\r\n');
  expect(await checkpoint(worktree, worktree.start, 'attempt 1')).toMatchObject({ ok: true, value: { files: 0 } });
});

test('a start patch that does not apply is a problem that names it', async () => {
  using folder = checkout();
  folder.write('app/start/01-break.patch', startPatch.replace('-0', '-7'));
  const made = await makeWorktree(taskIn(join(folder.path, 'app')), openStore(folder.path), loop);
  expect(made).toMatchObject({
    ok: false,
    problems: [{ kind: 'definition', place: { file: join(folder.path, 'app/start/01-break.patch') } }],
  });
});

test('a protected file that the start commit cannot have is a problem: it would not judge', async () => {
  using folder = checkout();
  folder.git('init', '-q', 'app/inner');
  folder.write('app/inner/check.txt', 'c\n');
  const task = taskIn(join(folder.path, 'app'), { protected: ['inner/**'] });
  const made = await makeWorktree(task, openStore(folder.path), loop);
  const place = { file: join(folder.path, 'app/inner/check.txt') };
  expect(made).toMatchObject({ ok: false, problems: [{ kind: 'definition', place }] });
});

test('works in a repository without commits, and without any repository', async () => {
  for (const isRepository of [true, false]) {
    using folder = temporaryFolder();
    if (isRepository) folder.git('init', '-q', '-b', 'main');
    folder.write('n.txt', '3\n');
    folder.write('faults/x.patch', 'no\n');
    folder.write('node_modules/x/index.js', '');
    folder.write('.gitignore', 'node_modules\n');
    const worktree = await make(folder, taskIn(folder.path));
    expect(worktree.kind).toBe(isRepository ? 'linked' : 'own');
    expect(readdirSync(worktree.workspace).sort()).toEqual(['.git', '.gitignore', 'n.txt']);
    writeFileSync(join(worktree.workspace, 'n.txt'), '2\n');
    expect(await checkpoint(worktree, worktree.start, 'attempt 1')).toMatchObject({ ok: true, value: { files: 1 } });
    removeWorktree(worktree);
    expect(existsSync(worktree.directory)).toBe(false);
    const shown = execFileSync('sh', ['-c', diffCommand(worktree)], { cwd: folder.path, encoding: 'utf8' });
    expect(shown).toContain('-3\n+2\n');
    if (isRepository) expect(folder.git('status', '--porcelain', '-uall')).toContain('?? n.txt');
  }
});

test('a checkpoint holds whatever an agent did with git: own commits, another branch, a removed .git, a lock, a nested repository', async () => {
  using folder = checkout();
  const worktree = await make(folder);
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@a', ...args], { cwd: worktree.directory });
  writeFileSync(join(worktree.workspace, 'n.txt'), '1\n');
  git('checkout', '-qb', 'elsewhere');
  git('commit', '-qam', 'by the agent');
  mkdirSync(join(worktree.workspace, 'inner'));
  execFileSync('git', ['init', '-q'], { cwd: join(worktree.workspace, 'inner') });
  rmSync(join(worktree.directory, '.git'));
  writeFileSync(join(worktree.gitDirectory, 'index.lock'), '');
  writeFileSync(join(worktree.gitDirectory, 'gym.index.lock'), '');
  const first = await checkpoint(worktree, worktree.start, 'attempt 1');
  if (!first.ok) throw new Error(JSON.stringify(first.problems));
  expect(first.value.files).toBe(1);
  expect(folder.git('rev-parse', worktree.branch).trim()).toBe(first.value.commit);
  expect(git('rev-parse', '--abbrev-ref', 'HEAD').toString().trim()).toBe(worktree.branch);

  const second = await checkpoint(worktree, first.value.commit, 'attempt 2');
  expect(second).toMatchObject({ ok: true, value: { files: 0 } });
});

test('restore brings a commit back and leaves what git ignores', async () => {
  using folder = checkout();
  const worktree = await make(folder);
  writeFileSync(join(worktree.workspace, 'n.txt'), '7\n');
  writeFileSync(join(worktree.workspace, 'more.txt'), '7\n');
  mkdirSync(join(worktree.workspace, 'ignored'));
  writeFileSync(join(worktree.workspace, 'ignored/cache'), 'kept\n');
  rmSync(join(worktree.directory, 'lib'), { recursive: true });
  expect(await restore(worktree, worktree.start, ['solution/**'])).toMatchObject({ ok: true });
  expect(read(worktree.workspace, 'n.txt')).toBe('0\n');
  expect(readdirSync(worktree.workspace).sort()).toEqual(['ignored', 'n.txt']);
  expect(read(worktree.directory, 'lib/shared.txt')).toBe('shared\n');
});

test('making it again replaces what an earlier try left', async () => {
  using folder = checkout();
  const first = await make(folder);
  writeFileSync(join(first.workspace, 'n.txt'), 'half done\n');
  const second = await make(folder);
  expect(read(second.workspace, 'n.txt')).toBe('0\n');
  expect(folder.git('worktree', 'list').trim().split('\n')).toHaveLength(2);
  removeWorktree(second);
  expect(folder.git('worktree', 'list').trim().split('\n')).toHaveLength(1);
  expect(folder.git('rev-parse', second.branch).trim()).toBe(second.start);
});

test('runs no hook of the user, and needs no configured identity', async () => {
  using folder = checkout();
  for (const hook of ['post-checkout', 'pre-commit', 'post-commit', 'reference-transaction']) {
    folder.write(`.git/hooks/${hook}`, '#!/bin/sh\ntouch "$0.ran"\nexit 1\n');
    execFileSync('chmod', ['+x', join(folder.path, '.git/hooks', hook)]);
  }
  const { HOME, XDG_CONFIG_HOME } = process.env;
  process.env['HOME'] = folder.path;
  process.env['XDG_CONFIG_HOME'] = folder.path;
  try {
    const worktree = await make(folder);
    expect(await checkpoint(worktree, worktree.start, 'attempt 1')).toMatchObject({ ok: true });
    expect(folder.git('log', '-1', '--format=%ae', worktree.branch).trim()).toBe('gym@localhost');
  } finally {
    process.env['HOME'] = HOME;
    if (XDG_CONFIG_HOME === undefined) delete process.env['XDG_CONFIG_HOME'];
    else process.env['XDG_CONFIG_HOME'] = XDG_CONFIG_HOME;
  }
  expect(readdirSync(join(folder.path, '.git/hooks')).filter((name) => name.endsWith('.ran'))).toEqual([]);
});
