import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { ok, type Result } from '../events/problem.ts';
import type { ModuleState } from '../task/state.ts';
import { type Baseline, commitBaseline } from './baseline.ts';
import { type Commit, commitEnvironment, findCommit } from './commit.ts';
import { repositoryOf, withoutRepository } from './git.ts';

/** What stands for the workspace itself where a baseline is named. */
export const ownBaseline = '.';

/** By what a workspace is judged. */
export type Judging =
  | {
      readonly kind: 'commit';
      readonly baseline: Baseline;
      /** The modules of the task as they were then. */
      readonly state: ModuleState;
      /** What whoever asked should know of the choice. */
      readonly note?: string;
    }
  /** By its own protected files; `note` says why. */
  | { readonly kind: 'own'; readonly note: string };

/**
 * Finds where the protected files of a task's workspace come from. `ref`: a commit, or `.` for the workspace itself; by default where HEAD and the
 * default branch parted. Where that cannot be known (another name, a shallow clone) it is HEAD; the workspace itself where there is no git, no commit
 * yet, or none with the task in it.
 */
export async function findJudging(taskFile: string, ref: string | undefined): Promise<Result<Judging>> {
  if (ref === ownBaseline) return ok({ kind: 'own', note: "judged by the workspace's own protected files, as asked" });
  const folder = realpathSync(dirname(taskFile));
  // Asked at once: each takes as long as git takes to start.
  const repository = repositoryOf(folder);
  const found = await findCommit(folder, ref, repository);
  if (ref === undefined && (await repository) === undefined) return ok(itself('it is in no git repository'));
  if (!found.ok && ref !== undefined) return found;
  const commit = found.ok ? found : await findCommit(folder, 'HEAD');
  if (!commit.ok) return ok(itself('there is no commit yet'));
  const name = `${commit.value.name.replace('merge base with ', '')}@${commit.value.hash.slice(0, 7)}`;
  const baseline = await commitBaseline({ ...commit.value, name });
  if (!baseline.ok) return baseline;
  if (!baseline.value.paths.includes(basename(taskFile))) return ok(itself(`${name} has no such task`));
  return ok({
    kind: 'commit',
    baseline: baseline.value,
    state: modulesOf(commit.value, folder, baseline.value),
    ...(!found.ok && {
      note: `where HEAD and the default branch parted is not known, so protected files are those of ${name}; another: --baseline REF`,
    }),
  });
}

const itself = (why: string): Judging => ({ kind: 'own', note: `the workspace is its own baseline: ${why}` });

/** Texts of modules as a commit has them. `folder`: where the commit's folder is checked out. */
function modulesOf({ gitDirectory, hash, folder: within }: Commit, folder: string, baseline: Baseline): ModuleState {
  const top = join(folder, relative(`/${within}`, '/'));
  const paths = new Set(baseline.paths);
  const known = new Map<string, string | undefined>();
  // Most are as they were; asking git for each would take as long as all else that is done for it.
  const textOf = (file: string): string | undefined =>
    paths.has(relative(folder, file)) && existsSync(file) && baseline.isSame(relative(folder, file), file)
      ? readFileSync(file, 'utf8')
      : textAt(`${hash}:${relative(top, file)}`, gitDirectory);
  return (file) => {
    if (!known.has(file)) known.set(file, textOf(file));
    return known.get(file);
  };
}

/** Node asks for modules one by one and waits, so this does too. */
function textAt(name: string, gitDirectory: string): string | undefined {
  try {
    return execFileSync('git', ['cat-file', 'blob', name], {
      cwd: gitDirectory,
      env: { ...withoutRepository(process.env), ...commitEnvironment, GIT_DIR: gitDirectory },
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    });
  } catch {
    return undefined;
  }
}
