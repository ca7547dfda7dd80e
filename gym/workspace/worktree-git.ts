import { copyFileSync, globSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ok, type Result } from '../events/problem.ts';
import type { Worktree } from '../store/journal.ts';
import { git, runGit } from './git.ts';
import { publish } from './isolate.ts';

/** The variables by which git works on a worktree: its own directory, an index that only gym uses, and the files. */
export function environmentOf({ directory, gitDirectory }: Worktree): Record<string, string> {
  return { GIT_DIR: gitDirectory, GIT_WORK_TREE: directory, GIT_INDEX_FILE: join(gitDirectory, 'gym.index') };
}

/** Runs git on a worktree and gives what it says. */
export function inWorktree(worktree: Worktree, args: readonly string[], input?: string): Promise<Result<string>> {
  const env = environmentOf(worktree);
  return git(args, { cwd: worktree.directory, env, ...(input === undefined ? {} : { input }) });
}

/** Records all files of a folder in the index and writes it as a tree. What cannot be added (a repository without commits) is left out. */
export async function treeOf(cwd: string, env: Record<string, string>): Promise<Result<string>> {
  const added = await runGit(['add', '--all', '--ignore-errors', '--', '.'], { cwd, env });
  if (added.exitCode > 1) return git(['add', '--all', '--', '.'], { cwd, env });
  return git(['write-tree'], { cwd, env });
}

/** Makes a commit of a tree, as the user where git knows one. Gives its hash. */
export async function commitTree(
  tree: string,
  parent: string | undefined,
  message: string,
  { cwd }: { cwd: string },
): Promise<Result<string>> {
  const configured = await runGit(['config', 'user.email'], { cwd });
  const identity = configured.exitCode === 0 ? [] : ['-c', 'user.name=gym', '-c', 'user.email=gym@localhost'];
  const parents = parent === undefined ? [] : ['-p', parent];
  return git([...identity, 'commit-tree', tree, ...parents, '-m', message], { cwd });
}

/** Points branch, HEAD and the index that the agent sees at a commit whose files are in the worktree already. */
export async function moveBranch(worktree: Worktree, commit: string): Promise<Result<void>> {
  const ref = `refs/heads/${worktree.branch}`;
  for (const args of [
    ['update-ref', ref, commit],
    ['symbolic-ref', 'HEAD', ref],
  ]) {
    const done = await inWorktree(worktree, args);
    if (!done.ok) return done;
  }
  copyFileSync(join(worktree.gitDirectory, 'gym.index'), join(worktree.gitDirectory, 'index'));
  const link = join(worktree.directory, '.git');
  rmSync(link, { recursive: true, force: true });
  writeFileSync(link, `gitdir: ${worktree.gitDirectory}\n`);
  return publish(worktree, commit);
}

/** A git that was killed leaves its lock; nobody else works here. */
export function clearLocks({ gitDirectory }: Worktree): void {
  for (const name of globSync('*.lock', { cwd: gitDirectory })) rmSync(join(gitDirectory, name), { force: true });
}

/** Hidden files of the index, NUL-terminated, relative to the top of the worktree. */
export async function hiddenPaths(worktree: Worktree, hidden: readonly string[]): Promise<Result<string>> {
  const folder = relative(worktree.directory, worktree.workspace);
  const patterns = hidden.map((glob) => `:(top,glob)${join(folder, glob)}`);
  if (patterns.length === 0) return ok('');
  return inWorktree(worktree, ['ls-files', '-z', '--', ...patterns]);
}

/** Removes hidden files from the workspace, also those that are in no index. */
export function removeHidden({ workspace }: Worktree, hidden: readonly string[]): void {
  for (const path of globSync([...hidden], { cwd: workspace })) {
    rmSync(join(workspace, path), { recursive: true, force: true });
  }
}
