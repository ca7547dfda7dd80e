import { relative } from 'node:path';
import { ok, type Result } from '../events/problem.ts';
import type { Worktree } from '../store/journal.ts';
import type { Task } from '../task/schema.ts';
import { type Commit, extractCommit } from './commit.ts';
import { hashFiles, listFiles, matchesAny, shadows } from './snapshot.ts';

/** The commit of a loop's start state, with its hidden files where they are kept. */
export function startCommit(worktree: Worktree): Commit {
  const { gitDirectory, home, directory, workspace, baseline, start } = worktree;
  // An exercise's own repository has nothing but the start: the rest is in the user's.
  return {
    gitDirectory: home ?? gitDirectory,
    hash: baseline ?? start,
    folder: relative(directory, workspace),
    name: 'the start of the loop',
  };
}

/**
 * Writes the protected files of a loop's start state to `directory`, from git's objects alone, and gives the folder in it that stands
 * for the task's. An older one in its place is removed first.
 */
export async function extractBaseline(
  worktree: Worktree,
  protectedGlobs: readonly string[],
  directory: string,
): Promise<Result<string>> {
  const extracted = await extractCommit(
    startCommit(worktree),
    directory,
    (path) => matchesAny(path, protectedGlobs) || shadows(path),
  );
  return extracted.ok ? ok(extracted.value.folder) : extracted;
}

/** Hash by path of each protected file that a folder has. */
export async function protectedFiles(
  root: string,
  protectedGlobs: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const paths = (await listFiles(root)).filter((path) => matchesAny(path, protectedGlobs));
  return Object.fromEntries(paths.map((path) => [path, hashOf(root, path)]));
}

/** Without those that are held out: what is noted of a loop may be read by its agent. */
export function withoutHeldOut<Value>(
  files: Readonly<Record<string, Value>>,
  { heldOut }: Pick<Task, 'heldOut'>,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !matchesAny(path, heldOut?.files ?? [])));
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
