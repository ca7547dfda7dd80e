import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkoutOfLoop } from '../store/proposals.ts';
import { checkoutOf, openStore, type Store, taskFile } from '../store/store.ts';

/** The store that proposals made in a folder are kept in: in the worktree of a loop, that of the loop. */
export function proposalStore(folder: string): Store {
  return openStore(checkoutOfLoop(folder) ?? checkoutOf(folder));
}

/** The task file whose workspace a file is in. */
export function taskFileAbove(file: string): string | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, taskFile))) return join(folder, taskFile);
    if (dirname(folder) === folder) return undefined;
  }
}
