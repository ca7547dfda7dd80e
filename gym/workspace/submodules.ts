import { copyFileSync, cpSync, existsSync, lstatSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import { git, runGit } from './git.ts';

/** A folder of a repository, and where its git directory is. */
export interface Repository {
  readonly directory: string;
  readonly gitDirectory: string;
}

/** A repository within another one, as the outer one's commit names it. */
interface Submodule extends Repository {
  readonly path: string;
  readonly commit: string;
}

/**
 * Makes repositories for the submodules of a commit, and for those within them, from those of the checkout; their objects are the
 * checkout's, so nothing is fetched. A submodule that the checkout has not got (its folder is empty) is left out.
 */
export async function cloneSubmodules(from: string, to: Repository, commit: string): Promise<Result<void>> {
  const listed = await submodulesOf(to, commit);
  if (!listed.ok) return listed;
  for (const submodule of listed.value) {
    const { path, gitDirectory } = submodule;
    const source = join(from, path);
    const inside = existsSync(source) ? await runGit(['rev-parse', '--show-prefix'], { cwd: source }) : undefined;
    // In a folder without a repository of its own it is the outer one that answers.
    if (inside?.exitCode !== 0 || inside.stdout.trim() !== '') continue;
    const own = await git(['rev-parse', '--absolute-git-dir'], { cwd: source });
    if (!own.ok) return own;
    mkdirSync(dirname(gitDirectory), { recursive: true });
    for (const args of [
      ['clone', '--quiet', '--bare', '--shared', own.value, gitDirectory],
      ['--git-dir', gitDirectory, 'config', 'core.bare', 'false'],
    ]) {
      const done = await git(args, { cwd: source });
      if (!done.ok) return done;
    }
    const nested = await cloneNested(source, submodule);
    if (!nested.ok) return nested;
  }
  return ok(undefined);
}

async function cloneNested(source: string, submodule: Submodule): Promise<Result<void>> {
  const { path, commit, gitDirectory } = submodule;
  const has = await runGit(['cat-file', '-e', `${commit}^{commit}`], {
    cwd: source,
    env: { GIT_DIR: gitDirectory },
  });
  if (has.exitCode === 0) return cloneSubmodules(source, submodule, commit);
  return failed({
    kind: 'environment',
    message: `the submodule ${path} has not got the commit ${commit.slice(0, 12)} that the checkout is to be copied with`,
    place: { file: source },
    remedy: 'Get it: git submodule update --init --recursive',
  });
}

/** Puts the submodules of a commit back to what it names: changes since are lost, files that git ignores stay. */
export async function restoreSubmodules(outer: Repository, commit: string): Promise<Result<void>> {
  if (!existsSync(join(outer.gitDirectory, 'modules'))) return ok(undefined);
  const listed = await submodulesOf(outer, commit);
  if (!listed.ok) return listed;
  for (const submodule of listed.value) {
    if (!existsSync(submodule.gitDirectory) || !makeFolder(outer, submodule)) continue;
    const restored = await restoreOne(submodule);
    if (!restored.ok) return restored;
  }
  return ok(undefined);
}

/** Copies the files of a worktree's submodules, as a commit names them, to a folder with that commit's other files. */
export async function copySubmodules(outer: Repository, commit: string, directory: string): Promise<Result<void>> {
  if (!existsSync(join(outer.gitDirectory, 'modules'))) return ok(undefined);
  const restored = await restoreSubmodules(outer, commit);
  if (!restored.ok) return restored;
  const listed = await submodulesOf(outer, commit);
  if (!listed.ok) return listed;
  const isFile = (path: string): boolean => basename(path) !== '.git';
  for (const { path, directory: from } of listed.value) {
    if (existsSync(from))
      cpSync(from, join(directory, path), { recursive: true, verbatimSymlinks: true, filter: isFile });
  }
  return ok(undefined);
}

async function restoreOne(submodule: Submodule): Promise<Result<void>> {
  const { directory, gitDirectory, commit } = submodule;
  const index = join(gitDirectory, 'gym.index');
  rmSync(`${index}.lock`, { force: true });
  const env = { GIT_DIR: gitDirectory, GIT_WORK_TREE: directory, GIT_INDEX_FILE: index };
  for (const args of [
    ['read-tree', '--reset', commit],
    ['checkout-index', '--all', '--force', '--quiet', '--index'],
    ['clean', '-ffd', '--quiet'],
    ['update-ref', '--no-deref', 'HEAD', commit],
  ]) {
    const done = await git(args, { cwd: directory, env });
    if (!done.ok) return done;
  }
  copyFileSync(index, join(gitDirectory, 'index'));
  const link = join(directory, '.git');
  rmSync(link, { recursive: true, force: true });
  writeFileSync(link, `gitdir: ${gitDirectory}\n`);
  return restoreSubmodules(submodule, commit);
}

/** Makes a submodule's folder, whatever is in its place; not where what is above it leads elsewhere. */
function makeFolder(outer: Repository, { directory, path }: Submodule): boolean {
  mkdirSync(dirname(directory), { recursive: true });
  if (realpathSync(dirname(directory)) !== join(realpathSync(outer.directory), dirname(path))) return false;
  if (lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() === false) rmSync(directory);
  mkdirSync(directory, { recursive: true });
  return true;
}

/** The mode of an entry of a tree that is a commit of another repository. */
const submoduleMode = '160000';

async function submodulesOf({ directory, gitDirectory }: Repository, commit: string): Promise<Result<Submodule[]>> {
  const env = { GIT_DIR: gitDirectory };
  const listed = await git(['ls-tree', '-r', '-z', '--full-tree', commit], { cwd: gitDirectory, env });
  if (!listed.ok) return listed;
  return ok(
    listed.value.split('\0').flatMap((entry) => {
      const [, mode, id, path] = /^(\d+) \w+ (\w+)\t(.*)$/s.exec(entry) ?? [];
      if (mode !== submoduleMode || id === undefined || path === undefined) return [];
      // A name of its own for each, also where one path begins with another.
      const own = join(gitDirectory, 'modules', encodeURIComponent(path));
      return [{ path, commit: id, directory: join(directory, path), gitDirectory: own }];
    }),
  );
}
