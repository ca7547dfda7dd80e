import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ok, type Result } from '../events/problem.ts';
import type { Worktree } from '../store/journal.ts';
import { git, runGit } from './git.ts';

/** Settings by which files become objects and back, and whose commits they are: with others the same files would seem to be changed. */
const kept =
  '^(core\\.(autocrlf|eol|filemode|ignorecase|symlinks|attributesfile|excludesfile)|filter\\..*|user\\.(name|email))$';
/** The user may have trusted the checkout and not the git directory in it, which is what a fetch asks for: both are the same to gym. */
const uploadPack = "git -c 'safe.directory=*' upload-pack";

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
  const inCommon = { cwd: common.value, env: { GIT_DIR: common.value } };
  const format = await git(['rev-parse', '--show-object-format'], inCommon);
  if (!format.ok) return format;
  const made = await git(['init', '--quiet', '--bare', `--object-format=${format.value}`, own], { cwd: common.value });
  if (!made.ok) return made;
  const fetch = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', `--upload-pack=${uploadPack}`];
  for (const args of [
    ['config', 'core.bare', 'false'],
    ...(await settingsOf(common.value)).map(([name, value]) => ['config', name, value]),
    [...fetch, common.value, `+${ref}:${ref}`],
    ['symbolic-ref', 'HEAD', ref],
  ]) {
    const done = await git(args, inOwn);
    if (!done.ok) return done;
  }
  for (const [from, to] of [
    [join(linked, 'gym.index'), join(own, 'gym.index')],
    ...['exclude', 'attributes'].map((name) => [join(common.value, 'info', name), join(own, 'info', name)] as const),
  ] as const) {
    if (existsSync(from)) copyFileSync(from, to);
  }
  if (existsSync(join(linked, 'modules'))) renameSync(join(linked, 'modules'), join(own, 'modules'));
  rmSync(linked, { recursive: true, force: true });
  return ok({ ...worktree, kind: 'isolated', gitDirectory: own, home: common.value });
}

/** What a repository has of the settings that are kept; files that Git LFS stores apart are found where they are. */
async function settingsOf(common: string): Promise<[string, string][]> {
  const env = { GIT_DIR: common };
  const { stdout } = await runGit(['config', '--local', '--includes', '--null', '--get-regexp', kept], {
    cwd: common,
    env,
  });
  const settings = stdout.split('\0').flatMap((entry): [string, string][] => {
    const [name = '', ...value] = entry.split('\n');
    // A name without a value is true.
    return name === '' ? [] : [[name, value.length === 0 ? 'true' : value.join('\n')]];
  });
  const stored = join(common, 'lfs');
  return existsSync(stored) ? [...settings, ['lfs.storage', stored]] : settings;
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
