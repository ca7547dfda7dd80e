import { chmodSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { foundGitHooks, installGitHooks, uninstallGitHooks } from '../../../gym/hooks/git-hooks.ts';
import { type TemporaryFolder, taskIn, temporaryFolder } from '../../support/repository.ts';

const call = { kind: 'installed', path: 'node_modules/.bin/gym' } as const;
const line = './node_modules/.bin/gym hooks run pre-commit envs/shop';

function repository(): TemporaryFolder {
  const folder = temporaryFolder();
  folder.git('init', '-q', '-b', 'main');
  folder.git('commit', '-q', '--allow-empty', '-m', 'first');
  return folder;
}
const install = (top: string) => installGitHooks(taskIn(join(top, 'envs/shop')), top, call);

test('hooks are written once, and all that was written goes', async () => {
  using folder = repository();
  const file = join(folder.path, '.git/hooks/pre-commit');
  expect(await install(folder.path)).toEqual({ ok: true, value: 'installed' });
  expect(readFileSync(file, 'utf8')).toContain(`\n${line} || [ $? -ne 1 ]\n`);
  expect(statSync(file).mode & 0o777).toBe(0o755);
  expect(await install(folder.path)).toEqual({ ok: true, value: 'was installed already' });
  const found = await foundGitHooks(folder.path);
  expect(found).toMatchObject({
    ok: true,
    value: [
      { hook: 'pre-commit', isOwn: true },
      { hook: 'pre-push', isOwn: true },
    ],
  });
  expect(await uninstallGitHooks(folder.path)).toEqual({ ok: true, value: 'removed' });
  expect(existsSync(file)).toBe(false);
  expect(await uninstallGitHooks(folder.path)).toEqual({ ok: true, value: 'was not installed' });
});

test('without git there is nothing to install, and that is said in words', async () => {
  using folder = temporaryFolder();
  for (const end of [await install(folder.path), await uninstallGitHooks(folder.path)]) {
    expect(end).toMatchObject({ ok: false, problems: [{ kind: 'usage', remedy: 'git init first.' }] });
  }
});

test('a commit goes through where gym is not installed or cannot run, and is held up by its 1 alone', async () => {
  using folder = repository();
  await install(folder.path);
  folder.git('commit', '-q', '--allow-empty', '-m', 'second');
  const commitWhereGymEndsWith = (exitCode: number) => {
    folder.write('node_modules/.bin/gym', `#!/bin/sh\nexit ${exitCode}\n`);
    chmodSync(join(folder.path, 'node_modules/.bin/gym'), 0o755);
    return () => folder.git('commit', '-q', '--allow-empty', '-m', `gym ended with ${exitCode}`);
  };
  commitWhereGymEndsWith(2)();
  expect(commitWhereGymEndsWith(1)).toThrow();
  commitWhereGymEndsWith(0)();
  expect(folder.git('log', '--format=%s')).toBe('gym ended with 0\ngym ended with 2\nsecond\nfirst\n');
});

test('a hook of somebody else is left as it is, and so is its neighbour: the line to add is told, and then found', async () => {
  using folder = repository();
  folder.write('.git/hooks/pre-commit', '#!/bin/sh\nmine\n');
  expect(await install(folder.path)).toMatchObject({
    ok: false,
    problems: [
      { kind: 'usage', message: expect.stringContaining('pre-commit'), remedy: `Add to its end: ${line} || exit $?` },
    ],
  });
  expect(readFileSync(join(folder.path, '.git/hooks/pre-commit'), 'utf8')).toBe('#!/bin/sh\nmine\n');
  expect(existsSync(join(folder.path, '.git/hooks/pre-push'))).toBe(false);

  folder.write('.git/hooks/pre-commit', `#!/bin/sh\nmine\n${line} || exit $?\n`);
  expect(await install(folder.path)).toEqual({ ok: true, value: 'installed' });
  expect(await foundGitHooks(folder.path)).toMatchObject({
    value: [
      { hook: 'pre-commit', isOwn: false },
      { hook: 'pre-push', isOwn: true },
    ],
  });
  expect(await uninstallGitHooks(folder.path)).toMatchObject({
    ok: false,
    problems: [{ message: expect.stringContaining('left alone') }],
  });
  expect(existsSync(join(folder.path, '.git/hooks/pre-push'))).toBe(false);
  expect(existsSync(join(folder.path, '.git/hooks/pre-commit'))).toBe(true);
});

test("a hook of gym's that was added to is left as it is", async () => {
  using folder = repository();
  await install(folder.path);
  const file = join(folder.path, '.git/hooks/pre-push');
  const text = `${readFileSync(file, 'utf8')}mine\n`;
  folder.write('.git/hooks/pre-push', text);
  expect(await install(folder.path)).toEqual({ ok: true, value: 'was installed already' });
  expect(await uninstallGitHooks(folder.path)).toMatchObject({
    ok: false,
    problems: [{ remedy: expect.stringContaining('hooks run pre-push') }],
  });
  expect(readFileSync(file, 'utf8')).toBe(text);
  expect(existsSync(join(folder.path, '.git/hooks/pre-commit'))).toBe(false);
});

test('core.hooksPath is honoured where it is in the checkout; hooks of all checkouts are not written to', async () => {
  using folder = repository();
  folder.git('config', 'core.hooksPath', '.githooks');
  expect(await install(folder.path)).toEqual({ ok: true, value: 'installed' });
  expect(existsSync(join(folder.path, '.githooks/pre-push'))).toBe(true);
  expect(existsSync(join(folder.path, '.git/hooks/pre-push'))).toBe(false);

  using elsewhere = temporaryFolder();
  folder.git('config', 'core.hooksPath', elsewhere.path);
  expect(await install(folder.path)).toMatchObject({
    ok: false,
    problems: [{ remedy: expect.stringContaining(join(elsewhere.path, 'pre-push')) }],
  });
  expect(existsSync(join(elsewhere.path, 'pre-push'))).toBe(false);
  folder.git('config', 'core.hooksPath', '~/not/there');
  expect(await install(folder.path)).toMatchObject({
    problems: [{ remedy: expect.stringContaining(join(homedir(), 'not/there/pre-commit')) }],
  });
});

test('worktrees share their hooks', async () => {
  using folder = repository();
  const worktree = join(folder.path, 'worktree');
  folder.git('worktree', 'add', '-q', worktree);
  expect(await install(worktree)).toEqual({ ok: true, value: 'installed' });
  expect(existsSync(join(folder.path, '.git/hooks/pre-push'))).toBe(true);
  expect(await install(folder.path)).toEqual({ ok: true, value: 'was installed already' });
});

test.each([
  ['lefthook', 'lefthook.yml', 'use_stdin: true'],
  ['pre-commit', '.pre-commit-config.yaml', 'stages: [pre-push]'],
])('%s runs the hooks: what to add to %s is told, and found once it is there', async (name, file, part) => {
  using folder = repository();
  folder.write(file, '{}\n');
  const before = await install(folder.path);
  expect(before).toMatchObject({
    ok: false,
    problems: [{ message: `${name} runs the git hooks here, so gym writes none` }],
  });
  const remedy = before.ok ? '' : (before.problems[0].remedy ?? '');
  expect(remedy).toContain(part);
  expect(existsSync(join(folder.path, '.git/hooks/pre-commit'))).toBe(false);
  folder.write(file, remedy);
  expect(await install(folder.path)).toEqual({ ok: true, value: 'was installed already' });
});

test('husky runs the hooks: the lines for its files are told', async () => {
  using folder = repository();
  folder.git('config', 'core.hooksPath', '.husky/_');
  folder.write('.husky/_/pre-commit', '#!/bin/sh\n. "${0%/*}/h"\n');
  chmodSync(join(folder.path, '.husky/_/pre-commit'), 0o755);
  expect(await install(folder.path)).toMatchObject({
    problems: [{ remedy: expect.stringContaining(`Add to .husky/pre-commit: ${line}\n`) }],
  });
  folder.write('.husky/pre-commit', `${line}\n`);
  expect((await install(folder.path)).ok).toBe(false);
  folder.write('.husky/pre-push', `${line.replace('commit', 'push')}\n`);
  expect(await install(folder.path)).toEqual({ ok: true, value: 'was installed already' });
  rmSync(join(folder.path, '.husky/_'), { recursive: true });
});
