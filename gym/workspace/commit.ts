import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import { git, type Repository, repositoryOf, runGit } from './git.ts';

/** A commit whose files can be had, whatever has become of the folder since. */
export interface Commit {
  readonly gitDirectory: string;
  /** A commit or a tree, by its hash. */
  readonly hash: string;
  /** The task's folder, relative to the top of the repository. */
  readonly folder: string;
  /** How it was named. */
  readonly name: string;
}

/** A replaced object would give another content under the old name: an agent can do that with `git replace`. */
export const commitEnvironment = { GIT_NO_REPLACE_OBJECTS: '1' };

/**
 * The commit that a ref names, or by default the one at which HEAD and the default branch parted. Problems of kind `usage`: there is no git, no
 * such ref, or no branch to start from. `repository`: what repositoryOf gives for the folder, where it is asked anyhow.
 */
export async function findCommit(
  folder: string,
  ref: string | undefined,
  repository: Promise<Repository | undefined> = repositoryOf(folder),
): Promise<Result<Commit>> {
  const [found, named] = await Promise.all([
    repository,
    ref === undefined ? mergeBase(folder) : namedCommit(folder, ref),
  ]);
  if (found === undefined) {
    const message = 'there is no baseline: the folder is in no git repository';
    return failed({ kind: 'usage', message, place: { file: folder }, remedy: 'git init, and commit a first state.' });
  }
  if (!named.ok) return named;
  return ok({ gitDirectory: found.gitDirectory, folder: relative(found.top, folder), ...named.value });
}

type Named = Pick<Commit, 'hash' | 'name'>;

async function namedCommit(cwd: string, ref: string): Promise<Result<Named>> {
  const hash = await commitOf(cwd, ref);
  if (hash !== undefined) return ok({ hash, name: ref });
  const message = `there is no commit ${ref} to be the baseline`;
  return failed({ kind: 'usage', message, remedy: 'Name a branch, a tag or a commit that git rev-parse knows.' });
}

async function mergeBase(cwd: string): Promise<Result<Named>> {
  for (const ref of await defaultBranches(cwd)) {
    const base = await runGit(['merge-base', 'HEAD', ref], { cwd, env: commitEnvironment });
    const hash = base.stdout.trim();
    if (base.exitCode === 0 && hash !== '') return ok({ hash, name: `merge base with ${shortName(ref)}` });
  }
  if ((await commitOf(cwd, 'HEAD')) === undefined) {
    const message = 'there is no baseline: there is no commit yet';
    return failed({ kind: 'usage', message, remedy: 'Commit a first state.' });
  }
  const message = 'there is no baseline: HEAD has no commit in common with the default branch';
  return failed({ kind: 'usage', message, remedy: 'Name one: gym verify --baseline REF.' });
}

/** Refs that may be the default branch and are there, the likeliest first. A clone that a build machine made may have no branch of its own. */
async function defaultBranches(cwd: string): Promise<string[]> {
  const names = ['main', 'master'];
  const list = ['for-each-ref', '--format=%(refname)', 'refs/remotes/origin', 'refs/heads'];
  const [configured, listed] = await Promise.all([
    runGit(['config', 'init.defaultBranch'], { cwd }),
    runGit(list, { cwd }),
  ]);
  if (configured.exitCode === 0) names.unshift(configured.stdout.trim());
  const there = new Set(listed.stdout.split('\n'));
  const refs = [
    'refs/remotes/origin/HEAD',
    ...names.map((name) => `refs/heads/${name}`),
    ...names.map((name) => `refs/remotes/origin/${name}`),
  ];
  return [...new Set(refs)].filter((ref) => there.has(ref));
}

const shortName = (ref: string): string => ref.replace(/^refs\/(remotes|heads)\//, '');

async function commitOf(cwd: string, ref: string): Promise<string | undefined> {
  const found = await runGit(['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`], {
    cwd,
    env: commitEnvironment,
  });
  return found.exitCode === 0 ? found.stdout.trim() : undefined;
}

/** The files of a commit as they were written. */
export interface Extracted {
  /** The folder that stands for the task's. */
  readonly folder: string;
  /** Repositories in the repository, whose files git does not have: they are left out. */
  readonly submodules: readonly string[];
}

/**
 * Writes files of a commit's folder to `directory`, from git's objects alone, those that are wanted (paths relative to the commit's folder). An
 * older one in its place is removed first.
 */
export async function extractCommit(
  { gitDirectory, hash, folder }: Commit,
  directory: string,
  isWanted: (path: string) => boolean,
): Promise<Result<Extracted>> {
  const within = join(directory, folder);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(within, { recursive: true });
  const objects = await git(['rev-parse', '--path-format=absolute', '--git-path', 'objects'], {
    cwd: directory,
    env: { GIT_DIR: gitDirectory },
  });
  if (!objects.ok) return objects;
  // A repository of its own, with nothing of the other but its objects (gitrepository-layout(5), alternates): neither the other's index,
  // attributes and filters nor the store's .gitignore say a word here.
  const format = hash.length === 64 ? ['--object-format=sha256'] : [];
  const made = await git(['init', '--quiet', '--template=', ...format, directory], { cwd: directory });
  if (!made.ok) return made;
  mkdirSync(join(directory, '.git', 'objects', 'info'), { recursive: true });
  writeFileSync(join(directory, '.git', 'objects', 'info', 'alternates'), `${objects.value}\n`);
  const read = await git(['read-tree', hash], { cwd: directory, env: commitEnvironment });
  if (!read.ok) return read;
  const listed = await git(['ls-files', '-z', '--cached', '--stage'], { cwd: within, env: commitEnvironment });
  if (!listed.ok) return listed;
  const entries = listed.value.split('\0').flatMap((line) => {
    const [, mode, path] = /^(\d+) [^\t]*\t(.*)$/s.exec(line) ?? [];
    return mode === undefined || path === undefined || !isWanted(path)
      ? []
      : [{ path, isSubmodule: mode === '160000' }];
  });
  const files = entries.filter(({ isSubmodule }) => !isSubmodule);
  const input = files.map(({ path }) => `${path}\0`).join('');
  const written = await git(['checkout-index', '-z', '--stdin'], { cwd: within, env: commitEnvironment, input });
  if (!written.ok) return written;
  return ok({ folder: within, submodules: entries.filter(({ isSubmodule }) => isSubmodule).map(({ path }) => path) });
}

/** The text of one file of a commit, by its path in the commit's folder; `undefined`: it does not have it. */
export async function readCommitted(
  { gitDirectory, hash, folder }: Commit,
  path: string,
): Promise<Result<string | undefined>> {
  const options = { cwd: gitDirectory, env: { ...commitEnvironment, GIT_DIR: gitDirectory } };
  const file = join(folder, path);
  const listed = await git(['ls-tree', '-z', '--full-tree', '--name-only', hash, '--', file], options);
  if (!listed.ok) return listed;
  return listed.value === '' ? ok(undefined) : git(['cat-file', 'blob', `${hash}:${file}`], options);
}
