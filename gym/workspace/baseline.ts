import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ok, type Result } from '../events/problem.ts';
import type { Worktree } from '../store/journal.ts';
import { git } from './git.ts';
import { hashFiles, listFiles, matchesAny } from './snapshot.ts';

/** A replaced object would give another content under the old name: an agent can do that with `git replace`. */
const env = { GIT_NO_REPLACE_OBJECTS: '1' };

/**
 * Writes the protected files of a loop's start state to `directory`, from git's objects alone, and gives the folder in it that stands
 * for the task's. An older one in its place is removed first.
 */
export async function extractBaseline(
  worktree: Worktree,
  protectedGlobs: readonly string[],
  directory: string,
): Promise<Result<string>> {
  const folder = relative(worktree.directory, worktree.workspace);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(join(directory, folder), { recursive: true });
  const common = await git(['rev-parse', '--path-format=absolute', '--git-common-dir'], {
    cwd: directory,
    env: { GIT_DIR: worktree.home ?? worktree.gitDirectory },
  });
  if (!common.ok) return common;
  // A repository of its own, with the objects of the other (gitrepository-layout(5), commondir): neither the agent's index and
  // attributes nor the store's .gitignore say a word here.
  mkdirSync(join(directory, '.git'));
  writeFileSync(join(directory, '.git', 'HEAD'), `${worktree.start}\n`);
  writeFileSync(join(directory, '.git', 'commondir'), `${common.value}\n`);
  const read = await git(['read-tree', worktree.baseline ?? worktree.start], { cwd: directory, env });
  if (!read.ok) return read;
  const listed = await git(['ls-files', '-z', '--cached'], { cwd: join(directory, folder), env });
  if (!listed.ok) return listed;
  const paths = listed.value.split('\0').filter((path) => path !== '' && matchesAny(path, protectedGlobs));
  const input = paths.map((path) => `${path}\0`).join('');
  const written = await git(['checkout-index', '-z', '--stdin'], { cwd: join(directory, folder), env, input });
  return written.ok ? ok(join(directory, folder)) : written;
}

/** Hash by path of each protected file that a folder has. */
export async function protectedFiles(
  root: string,
  protectedGlobs: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const paths = (await listFiles(root)).filter((path) => matchesAny(path, protectedGlobs));
  return Object.fromEntries(paths.map((path) => [path, hashOf(root, path)]));
}

/** Somebody may be writing to the folder: what is gone or shut by now has no hash. */
function hashOf(root: string, path: string): string {
  try {
    return hashFiles(root, [path]);
  } catch {
    return '';
  }
}

/** Paths at which two lists of files differ: changed, removed or added. */
export function differences(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string[] {
  const paths = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...paths].filter((path) => before[path] !== after[path]).sort();
}
