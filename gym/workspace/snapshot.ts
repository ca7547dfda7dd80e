import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import type { Baseline } from './baseline.ts';
import { hashOf, listAll, listEntries } from './files.ts';
import { contentOf, foldersOf, mirror } from './mirror.ts';
import { ancestorsOf } from './paths.ts';
import type { Protection } from './protection.ts';

/** A copy of a workspace that nobody else writes to. */
export interface Snapshot {
  readonly directory: string;
  readonly files: number;
  readonly bytes: number;
  /** SHA-256 over paths, modes and contents, in the order of the paths. */
  readonly hash: string;
  /** Protected files that were not the baseline's, and whatever stood in their place. */
  readonly restored: readonly string[];
}

/** What is copied, and where to. */
export interface SnapshotRequest {
  readonly workspace: string;
  /** A folder with the files of a commit, which are taken in the place of the workspace's. */
  readonly files?: string | undefined;
  /** Where protected files come from; `undefined`: they are the workspace's own. */
  readonly baseline: Baseline | undefined;
  readonly protection: Pick<Protection, 'covers' | 'mayAdd'>;
  readonly directory: string;
  /** What is remembered of the folder, so that the next snapshot copies only what has changed; without, it is made new. */
  readonly memoryFile?: string | undefined;
}

/** A workspace beyond this is surely a mistake: a data folder that is not ignored. */
const fileLimit = 100_000;

/**
 * Copies the files that git would see (tracked, or new and not ignored), as they are in the folder, and lays the baseline's protected files over
 * them. A protected file that the baseline does not have is left out, unless it may be added. Protected files are compared by their
 * content, whatever is remembered.
 */
export async function takeSnapshot({
  workspace,
  files: committed,
  baseline,
  protection,
  directory,
  memoryFile,
}: SnapshotRequest): Promise<Result<Snapshot>> {
  if (!existsSync(workspace)) return failed({ kind: 'usage', message: `there is no folder ${workspace}` });
  const listed = committed === undefined ? await listEntries(workspace) : listAll(committed);
  const guarded = baseline?.paths.filter((path) => protection.covers(path)) ?? [];
  const left = baseline === undefined ? [] : leftOut([...listed.keys()], guarded, { baseline, protection });
  const others = new Set(left);
  const taken = left.length === 0 ? listed : new Map([...listed].filter(([path]) => !others.has(path)));
  if (taken.size + guarded.length > fileLimit) return tooMany(workspace);
  const contents = await mirror(committed ?? workspace, taken, { directory, memoryFile });
  const changed = (await baseline?.changed(guarded, directory)) ?? ok([]);
  if (!changed.ok) return changed;
  const written = (await baseline?.write(changed.value, directory)) ?? ok(undefined);
  if (!written.ok) return written;
  for (const path of changed.value) contents.set(path, contentOf(join(directory, path)));
  const files = [...contents].sort(([a], [b]) => (a < b ? -1 : 1));
  const bytes = files.reduce((sum, [, each]) => sum + each.bytes, 0);
  const restored = [...new Set([...left, ...changed.value])].sort();
  return ok({ directory, files: files.length, bytes, hash: hashOf(files), restored });
}

/** What of a workspace does not get into a snapshot: what only the baseline may have, and what is in the way of its files. */
function leftOut(
  listed: readonly string[],
  guarded: readonly string[],
  { baseline, protection }: { readonly baseline: Baseline } & Pick<SnapshotRequest, 'protection'>,
): string[] {
  const paths = new Set(guarded);
  const folders = foldersOf(guarded);
  // A link or file in the place of a guarded folder would lead what is laid over it elsewhere, and so would a folder in the place of a file.
  const wrong = new Set([...foldersOf(listed)].filter((folder) => paths.has(folder)));
  const isInTheWay = (path: string): boolean =>
    folders.has(path) || (wrong.size > 0 && ancestorsOf(path).some((ancestor) => wrong.has(ancestor)));
  const isAdded = (path: string): boolean =>
    !paths.has(path) && protection.covers(path) && !protection.mayAdd(path) && !baseline.knowsNot(path);
  return listed.filter((path) => isInTheWay(path) || isAdded(path));
}

function tooMany(workspace: string): Result<never> {
  const message = `the workspace has more than ${fileLimit} files`;
  const remedy = 'List what is not source in .gitignore.';
  return failed({ kind: 'usage', message, place: { file: workspace }, remedy });
}
