import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ok, type Result } from '../events/problem.ts';
import type { Worktree } from '../store/journal.ts';
import { git } from './git.ts';

/**
 * Gives a linked worktree a repository of its own, beside it, with the start commit and nothing else: a linked one shows all branches of the
 * user's, and with them the answer to an exercise. `publish` brings what is committed in it to the user's repository.
 */
export async function isolate(worktree: Worktree): Promise<Result<Worktree>> {
  const { directory, branch, gitDirectory: linked } = worktree;
  const own = `${directory}.git`;
  rmSync(own, { recursive: true, force: true });
  const common = await git(['rev-parse', '--path-format=absolute', '--git-common-dir'], {
    cwd: linked,
    env: { GIT_DIR: linked },
  });
  if (!common.ok) return common;
  const ref = `refs/heads/${branch}`;
  const inOwn = { cwd: own, env: { GIT_DIR: own } };
  const made = await git(['init', '--quiet', '--bare', own], { cwd: common.value });
  if (!made.ok) return made;
  for (const args of [
    ['config', 'core.bare', 'false'],
    ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', common.value, `+${ref}:${ref}`],
    ['symbolic-ref', 'HEAD', ref],
  ]) {
    const done = await git(args, inOwn);
    if (!done.ok) return done;
  }
  for (const [from, to] of [
    [join(linked, 'gym.index'), join(own, 'gym.index')],
    [join(common.value, 'info', 'exclude'), join(own, 'info', 'exclude')],
  ] as const) {
    if (existsSync(from)) copyFileSync(from, to);
  }
  if (existsSync(join(linked, 'modules'))) renameSync(join(linked, 'modules'), join(own, 'modules'));
  rmSync(linked, { recursive: true, force: true });
  return ok({ ...worktree, kind: 'isolated', gitDirectory: own, home: common.value });
}

/** Brings a commit of an isolated worktree to the branch in the user's repository; nothing is done for others. */
export async function publish({ kind, home, gitDirectory, branch }: Worktree, commit: string): Promise<Result<void>> {
  if (kind !== 'isolated' || home === undefined) return ok(undefined);
  const inHome = { cwd: home, env: { GIT_DIR: home } };
  for (const args of [
    ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', gitDirectory, `refs/heads/${branch}`],
    ['update-ref', `refs/heads/${branch}`, commit],
  ]) {
    const done = await git(args, inHome);
    if (!done.ok) return done;
  }
  return ok(undefined);
}
