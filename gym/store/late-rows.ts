import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Store, writeAtomically } from './store.ts';

const folderOf = (store: Store): string => join(store.directory, 'rows');

/** Leaves a line for the history to whoever opens it next: opening and closing its database takes longer than what a run of the very same has to do. */
export function leaveRow<Row extends { readonly run: string }>(store: Store, row: Row): void {
  mkdirSync(folderOf(store), { recursive: true });
  writeAtomically(join(folderOf(store), `${row.run}.json`), JSON.stringify(row));
}

/** Takes the lines that were left, as their writers understood them. Each goes once it was `taken`, so that a kill in between loses none. */
export function takeRows(store: Store, taken: (row: unknown) => void): void {
  let names: string[];
  try {
    names = readdirSync(folderOf(store)).filter((name) => name.endsWith('.json'));
  } catch {
    return;
  }
  for (const name of names) {
    const file = join(folderOf(store), name);
    const row = readOrNot(file);
    if (row !== undefined) taken(row);
    rmSync(file, { force: true });
  }
}

/** What another gym has taken meanwhile is none. */
function readOrNot(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
