import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import type { Baseline } from './baseline.ts';
import { listFiles, sumOf } from './files.ts';
import { contentHash, mirror } from './mirror.ts';
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

export interface SnapshotRequest {
  readonly workspace: string;
  /** Where protected files come from; `undefined`: they are the workspace's own. */
  readonly baseline: Baseline | undefined;
  readonly protection: Pick<Protection, 'covers' | 'mayAdd'>;
  readonly directory: string;
  /** What is remembered of the folder, so that the next snapshot copies only what has changed; without, it is made new. */
  readonly memoryFile?: string;
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
  baseline,
  protection,
  directory,
  memoryFile,
}: SnapshotRequest): Promise<Result<Snapshot>> {
  if (!existsSync(workspace)) return failed({ kind: 'usage', message: `there is no folder ${workspace}` });
  const listed = await listFiles(workspace);
  const guarded = baseline?.paths.filter((path) => protection.covers(path)) ?? [];
  const isLeftOut = baseline === undefined ? () => false : leftOut(baseline, guarded, protection);
  const taken = listed.filter((path) => !isLeftOut(path));
  const paths = [...new Set([...taken, ...guarded])].sort();
  if (paths.length > fileLimit) return tooMany(workspace);
  const hashes = new Map(await mirror(workspace, taken, { directory, memoryFile }));
  const restored = listed.filter(isLeftOut);
  if (baseline !== undefined) {
    const changed = await baseline.changed(guarded, directory);
    if (!changed.ok) return changed;
    const written = await baseline.write(changed.value, directory);
    if (!written.ok) return written;
    for (const path of changed.value) hashes.set(path, contentHash(join(directory, path)));
    restored.push(...changed.value);
  }
  const { bytes, hash } = sumOf(directory, paths, hashes);
  return ok({ directory, files: paths.length, bytes, hash, restored: [...new Set(restored)].sort() });
}

/** Tells what of a workspace does not get into a snapshot: what only the baseline may have, and what is in the way of its files. */
function leftOut(
  baseline: Baseline,
  guarded: readonly string[],
  protection: SnapshotRequest['protection'],
): (path: string) => boolean {
  const paths = new Set(guarded);
  const folders = new Set(guarded.flatMap(ancestorsOf));
  // A link or file in the place of a guarded folder would lead what is laid over it elsewhere.
  const isInTheWay = (path: string): boolean =>
    folders.has(path) || ancestorsOf(path).some((ancestor) => paths.has(ancestor));
  const isAdded = (path: string): boolean =>
    !paths.has(path) && protection.covers(path) && !protection.mayAdd(path) && !baseline.knowsNot(path);
  return (path) => isInTheWay(path) || isAdded(path);
}

function tooMany(workspace: string): Result<never> {
  const message = `the workspace has more than ${fileLimit} files`;
  const remedy = 'List what is not source in .gitignore.';
  return failed({ kind: 'usage', message, place: { file: workspace }, remedy });
}
