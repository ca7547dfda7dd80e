import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { fileHash } from './chain.ts';
import { sealOf } from './key.ts';
import { runRow } from './row.ts';
import { type Store, writeAtomically } from './store.ts';

const lateRow = z.object({ row: runRow, files: z.record(z.string(), fileHash) });
/** How a run ended, and the files that it stands on, not yet in the history. */
export type LateRow = z.infer<typeof lateRow>;

const folderOf = (store: Store): string => join(store.directory, 'rows');

/**
 * Leaves what a run came to for whoever opens the history next: opening and closing its database takes longer than what a run of the very same has
 * to do. The first line is the user's seal of the rest.
 */
export function leaveRow(store: Store, late: LateRow): void {
  mkdirSync(folderOf(store), { recursive: true });
  const body = JSON.stringify(late);
  writeAtomically(join(folderOf(store), `${late.row.run}.json`), `${sealOf(body)}\n${body}`);
}

/** Takes all that was left, at once; what is not as gym wrote it is dropped. It goes once it was `taken`, so that a kill in between loses none. */
export function takeRows(store: Store, taken: (late: readonly LateRow[]) => void): void {
  let names: string[];
  try {
    names = readdirSync(folderOf(store)).filter((name) => name.endsWith('.json'));
  } catch {
    return;
  }
  const files = names.sort().map((name) => join(folderOf(store), name));
  const late = files.flatMap((file) => readOrNot(file) ?? []);
  if (late.length > 0) taken(late);
  for (const file of files) rmSync(file, { force: true });
}

/** What another gym has taken meanwhile is none. */
function readOrNot(file: string): LateRow | undefined {
  try {
    const [seal, body = ''] = readFileSync(file, 'utf8').split('\n');
    return sealOf(body) === seal ? lateRow.parse(JSON.parse(body)) : undefined;
  } catch {
    return undefined;
  }
}
