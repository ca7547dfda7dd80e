import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import type { Worktree } from '../store/journal.ts';
import type { Store } from '../store/store.ts';
import type { Task } from '../task/schema.ts';
import { protectedFiles, withoutHeldOut } from './baseline.ts';
import { git, repositoryOf, runGit } from './git.ts';
import { isolate } from './isolate.ts';
import { applyPatch, patchesOf } from './patch.ts';
import { matchesAny } from './paths.ts';
import { type Protection, protectionOf } from './protection.ts';
import { cloneSubmodules, copySubmodules, restoreSubmodules } from './submodules.ts';
import {
  clearLocks,
  commitTree,
  environmentOf,
  hiddenPaths,
  inWorktree,
  moveBranch,
  removeHidden,
  treeOf,
} from './worktree-git.ts';

/** The commit of an attempt. */
export interface Checkpoint {
  readonly commit: string;
  /** Files that differ from the commit before. */
  readonly files: number;
}

/** Where a worktree is going to be. */
interface Plan {
  readonly task: Task;
  readonly protection: Pick<Protection, 'covers' | 'mayAdd'>;
  readonly directory: string;
  readonly branch: string;
  readonly scratchIndex: string;
}

/**
 * Makes the copy of the user's checkout in which the agent of a loop works. Every git command of gym names the git
 * directory and an index of its own, so whatever an agent does to `.git`, HEAD or the index does not matter.
 *
 * It is at `.gym/worktrees/LOOP` on the branch `gym/TASK/LOOP`, in the state that the user sees:
 * HEAD, plus uncommitted changes, plus new files that git does not ignore; of submodules what is committed. Then the patches of the task's `start/` are
 * applied, and its hidden files are taken out. What an earlier try left behind is removed first. The user's index, files
 * and other branches stay as they are.
 */
export async function makeWorktree(
  task: Task,
  store: Store,
  loop: string,
  protection: Pick<Protection, 'covers' | 'mayAdd'> = protectionOf(task),
): Promise<Result<Worktree>> {
  const directory = join(store.directory, 'worktrees', loop);
  store.make();
  mkdirSync(join(store.directory, 'worktrees'), { recursive: true });
  const plan = { task, protection, directory, branch: `gym/${task.name}/${loop}`, scratchIndex: `${directory}.index` };
  for (const left of [directory, plan.scratchIndex, `${plan.scratchIndex}.lock`]) {
    rmSync(left, { recursive: true, force: true });
  }
  const repository = await repositoryOf(task.root);
  const made = repository === undefined ? await ownRepository(plan) : await linkedWorktree(plan, repository.top);
  rmSync(plan.scratchIndex, { force: true });
  if (!made.ok) return made;
  const guarded = await guardedWorktree(task, made.value, protection);
  return guarded.ok ? startState(task, guarded.value) : guarded;
}

/** Notes the checkout's protected files, and makes sure that the start commit has each that the task names: what is not in it would not judge. */
async function guardedWorktree(
  task: Task,
  worktree: Worktree,
  { covers }: Pick<Protection, 'covers'>,
): Promise<Result<Worktree>> {
  const guarded = await protectedFiles(task.root, covers);
  const folder = relative(worktree.directory, worktree.workspace);
  const listed = await git(['ls-tree', '-r', '-z', '--full-tree', '--name-only', worktree.start], {
    cwd: worktree.gitDirectory,
    env: { GIT_DIR: worktree.gitDirectory },
  });
  if (!listed.ok) return listed;
  const committed = new Set(listed.value.split('\0').map((path) => relative(folder, path)));
  const named = [...task.protected, ...(task.heldOut?.files ?? [])];
  const missing = Object.keys(guarded).find((path) => matchesAny(path, named) && !committed.has(path));
  if (missing === undefined) return ok({ ...worktree, protectedFiles: withoutHeldOut(guarded, task) });
  const place = { file: join(task.root, missing) };
  const message = 'the start commit of the loop does not have this protected file';
  const remedy =
    'Protected files have to be readable, and in the repository itself: not in one within it (a submodule).';
  return failed({ kind: 'definition', message, place, remedy });
}

async function linkedWorktree({ task, directory, branch, scratchIndex }: Plan, top: string): Promise<Result<Worktree>> {
  const common = await git(['rev-parse', '--path-format=absolute', '--git-common-dir'], { cwd: top });
  if (!common.ok) return common;
  const gitDirectory = join(common.value, 'worktrees', basename(directory));
  rmSync(gitDirectory, { recursive: true, force: true });
  await runGit(['branch', '--quiet', '-D', branch], { cwd: top });

  const head = await runGit(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], { cwd: top });
  const parent = head.exitCode === 0 ? head.stdout.trim() : undefined;
  const index = await runGit(['rev-parse', '--path-format=absolute', '--git-path', 'index'], { cwd: top });
  // The user's index knows which files are unchanged; its copy saves reading them all.
  if (existsSync(index.stdout.trim())) copyFileSync(index.stdout.trim(), scratchIndex);
  const tree = await treeOf(top, { GIT_INDEX_FILE: scratchIndex });
  if (!tree.ok) return tree;
  const start = await commitTree(tree.value, parent, 'start state', { cwd: top });
  if (!start.ok) return start;
  const added = await git(['worktree', 'add', '--quiet', '--no-checkout', '-b', branch, directory, start.value], {
    cwd: top,
  });
  if (!added.ok) return added;
  const cloned = await cloneSubmodules(top, { directory, gitDirectory }, start.value);
  if (!cloned.ok) return cloned;
  const workspace = join(directory, relative(top, task.root));
  return ok({ directory, workspace, gitDirectory, kind: 'linked', branch, start: start.value });
}

/** Without a repository, only the task's own folder is known to belong to the task: a copy of it gets one, beside the copy. */
async function ownRepository({ task, protection, directory, branch }: Plan): Promise<Result<Worktree>> {
  const isFixed = (path: string): boolean => protection.covers(path) && !protection.mayAdd(path);
  const gitDirectory = `${directory}.git`;
  rmSync(gitDirectory, { recursive: true, force: true });
  mkdirSync(directory);
  const isOwn = (path: string): boolean => !['.gym', '.git', 'node_modules'].includes(basename(path));
  for (const entry of readdirSync(task.root).filter(isOwn)) {
    const options = { recursive: true, verbatimSymlinks: true, filter: isOwn };
    cpSync(join(task.root, entry), join(directory, entry), options);
  }
  const made = await git(['init', '--quiet', `--separate-git-dir=${gitDirectory}`, directory], { cwd: directory });
  if (!made.ok) return made;
  const env = { GIT_DIR: gitDirectory, GIT_WORK_TREE: directory };
  // Where there is no repository, a .gitignore keeps no file out of a verification; a protected one judges here as there.
  const input = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .filter((path) => path !== '.git' && isFixed(path))
    .map((path) => `${path}\0`)
    .join('');
  const forced = await git(['--literal-pathspecs', 'add', '--force', '--pathspec-from-file=-', '--pathspec-file-nul'], {
    ...{ cwd: directory, env, input },
  });
  if (!forced.ok) return forced;
  const tree = await treeOf(directory, env);
  if (!tree.ok) return tree;
  const start = await commitTree(tree.value, undefined, 'start state', { cwd: gitDirectory });
  if (!start.ok) return start;
  return ok({ directory, workspace: directory, gitDirectory, kind: 'own', branch, start: start.value });
}

/**
 * Writes the files of the start commit. Hidden files stay in the commits, so that the branch can be merged; only the
 * worktree does not have them. But where `start/` makes an exercise of the task, or it holds checks out of sight, history and hidden files would give
 * the answer away: then the start state is a commit without a past and without them, and a tree that no branch has keeps the
 * hidden files that are protected. Its repository has nothing but that commit.
 */
async function startState(task: Task, worktree: Worktree): Promise<Result<Worktree>> {
  const written = await restore(worktree, worktree.start, task.hidden);
  if (!written.ok) return written;
  const patches = patchesOf(join(task.root, 'start'));
  if (patches.length === 0 && task.heldOut === undefined) return ok(worktree);
  for (const patch of patches) {
    const applied = await applyPatch(worktree.workspace, patch);
    if (!applied.ok) return applied;
  }
  const baseline = await treeOf(worktree.directory, environmentOf(worktree));
  if (!baseline.ok) return baseline;
  const hidden = await hiddenPaths(worktree, task.hidden);
  if (!hidden.ok) return hidden;
  const dropped = await inWorktree(worktree, ['update-index', '--force-remove', '-z', '--stdin'], hidden.value);
  if (!dropped.ok) return dropped;
  const tree = await treeOf(worktree.directory, environmentOf(worktree));
  if (!tree.ok) return tree;
  const start = await commitTree(tree.value, undefined, 'start state', { cwd: worktree.gitDirectory });
  if (!start.ok) return start;
  const moved = await moveBranch(worktree, start.value);
  if (!moved.ok) return moved;
  const exercise = { ...worktree, start: start.value, baseline: baseline.value };
  if (worktree.kind !== 'linked') return ok(exercise);
  const isolated = await isolate(exercise);
  if (!isolated.ok) return isolated;
  const restored = await restoreSubmodules(isolated.value, start.value);
  if (!restored.ok) return restored;
  const pointed = await moveBranch(isolated.value, start.value);
  return pointed.ok ? isolated : pointed;
}

/**
 * Commits whatever is in the worktree as the one commit of an attempt; that nothing changed is fine. Submodules are put back first: a commit
 * could not keep what was changed in them, and so it must not be judged.
 */
export async function checkpoint(worktree: Worktree, parent: string, message: string): Promise<Result<Checkpoint>> {
  clearLocks(worktree);
  const whole = await restoreSubmodules(worktree, parent);
  if (!whole.ok) return whole;
  const tree = await treeOf(worktree.directory, environmentOf(worktree));
  if (!tree.ok) return tree;
  const commit = await commitTree(tree.value, parent, message, { cwd: worktree.gitDirectory });
  if (!commit.ok) return commit;
  const moved = await moveBranch(worktree, commit.value);
  if (!moved.ok) return moved;
  const changed = await inWorktree(worktree, ['diff-tree', '-r', '-z', '--name-only', parent, commit.value]);
  if (!changed.ok) return changed;
  return ok({ commit: commit.value, files: changed.value.split('\0').length - 1 });
}

/** Puts the worktree back to a commit: changes since are lost, files that git ignores stay. */
export async function restore(worktree: Worktree, commit: string, hidden: readonly string[]): Promise<Result<void>> {
  clearLocks(worktree);
  mkdirSync(worktree.directory, { recursive: true });
  const read = await inWorktree(worktree, ['read-tree', '--reset', commit]);
  if (!read.ok) return read;
  const paths = await hiddenPaths(worktree, hidden);
  if (!paths.ok) return paths;
  const steps: [string[], string?][] = [
    [['update-index', '--skip-worktree', '-z', '--stdin'], paths.value],
    [['checkout-index', '--all', '--force', '--quiet', '--index']],
    // Twice force: repositories that an agent made inside are removed as well.
    [['clean', '-ffd', '--quiet']],
  ];
  for (const [args, input] of steps) {
    const done = await inWorktree(worktree, args, input);
    if (!done.ok) return done;
  }
  const whole = await restoreSubmodules(worktree, commit);
  if (!whole.ok) return whole;
  removeHidden(worktree, hidden);
  return moveBranch(worktree, commit);
}

/**
 * Writes the files of a commit to a new folder, as a worktree would have them: what is on the branch, whatever is written to the worktree meanwhile.
 * Submodules are put back in the worktree and copied. Gives the folder that stands for the workspace.
 */
export async function checkOut(
  worktree: Worktree,
  commit: string,
  hidden: readonly string[],
  directory: string,
): Promise<Result<string>> {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const index = { GIT_INDEX_FILE: `${directory}.index`, GIT_WORK_TREE: directory, GIT_NO_REPLACE_OBJECTS: '1' };
  const env = { ...environmentOf(worktree), ...index };
  const folder = relative(worktree.directory, worktree.workspace);
  const patterns = hidden.map((glob) => `:(top,glob)${join(folder, glob)}`);
  const steps: string[][] = [
    ['read-tree', '--reset', commit],
    ...(patterns.length === 0
      ? []
      : [['rm', '-r', '-f', '--quiet', '--cached', '--ignore-unmatch', '--', ...patterns]]),
    ['checkout-index', '--all', '--force', '--quiet'],
  ];
  for (const args of steps) {
    const done = await git(args, { cwd: directory, env });
    if (!done.ok) return done;
  }
  rmSync(`${directory}.index`, { force: true });
  const copied = await copySubmodules(worktree, commit, directory);
  return copied.ok ? ok(join(directory, folder)) : copied;
}

/** Removes the worktree's folder. The branch stays, and what it needs. */
export function removeWorktree(worktree: Worktree): void {
  rmSync(worktree.directory, { recursive: true, force: true });
  if (worktree.kind !== 'own') rmSync(worktree.gitDirectory, { recursive: true, force: true });
}

/** A shell command that shows what the agent changed. */
export function diffCommand({ kind, gitDirectory, start, branch }: Worktree): string {
  const where = kind === 'own' ? ` --git-dir=${gitDirectory}` : '';
  return `git${where} diff ${start.slice(0, 12)} ${branch}`;
}
