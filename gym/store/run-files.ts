import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { FileHash } from './chain.ts';
import type { History } from './history.ts';
import type { RunRow } from './row.ts';
import { sha256 } from './sha256.ts';
import { writeAtomically } from './store.ts';

const chunkBytes = 1024 * 1024;

/** Folders of a run's folder that a verdict stands on; what else is there is only needed while the run goes on. */
const kept = ['stages', 'logs', 'evidence', 'targets', 'baseline-run'];

/** Paths of the files that a run's verdict stands on, relative to the run's folder, in order. What is being written is none. */
export function listRunFiles(directory: string): string[] {
  const entries = readdirSync(directory, { withFileTypes: true });
  const own = entries.filter((entry) => !entry.isDirectory() && !entry.name.endsWith('.tmp')).map(({ name }) => name);
  const folders = entries.filter((entry) => entry.isDirectory() && kept.includes(entry.name));
  const inside = folders.flatMap(({ name }) =>
    readdirSync(join(directory, name), { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(directory, join(entry.parentPath, entry.name))),
  );
  return [...own, ...inside].sort();
}

/** Hashes of the files that a run's verdict stands on. */
function hashRunFiles(directory: string): Record<string, FileHash> {
  const files = listRunFiles(directory).map((path) => [path, hashFile(join(directory, path))] as const);
  return Object.fromEntries(files.flatMap(([path, hash]) => (hash === undefined ? [] : [[path, hash]])));
}

/** Hash of a regular file, or of its first `mostBytes`; `undefined`: there is none that can be read. */
export function hashFile(file: string, mostBytes = Number.POSITIVE_INFINITY): FileHash | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    if (!fstatSync(descriptor).isFile()) return undefined;
    const hash = createHash('sha256');
    const buffer = Buffer.alloc(Math.min(chunkBytes, Math.max(1, fstatSync(descriptor).size)));
    let bytes = 0;
    while (bytes < mostBytes) {
      const size = readSync(descriptor, buffer, 0, Math.min(buffer.length, mostBytes - bytes), null);
      if (size === 0) break;
      hash.update(buffer.subarray(0, size));
      bytes += size;
    }
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    closeSync(descriptor);
  }
}

/** Where a run's folder has its verdict. */
export const verdictName = 'verdict.json';

/**
 * Ends a run: its verdict becomes a file, and what it came to a link of the chain together with all files that it stands on.
 *
 *     written under another name ──► link ──► verdict.json
 *
 * So a verdict that has its name is in the chain; where a kill came before that, the link knows the other file as well.
 */
export function endRun(history: Pick<History, 'end'>, directory: string, row: RunRow, verdict: string): void {
  writeAtomically(join(directory, verdictName), verdict, () => {
    const own = { bytes: Buffer.byteLength(verdict), sha256: sha256(verdict) };
    history.end(row, { ...hashRunFiles(directory), [verdictName]: own });
  });
}
