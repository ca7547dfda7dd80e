import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { checkoutOf, taskFile } from '../store/store.ts';

/** Folders of a checkout whose subfolders may be tasks. */
const homes = ['envs', 'tasks'];

/** A task file that was found, by the name of its folder. */
export interface FoundTask {
  readonly name: string;
  readonly file: string;
}

/** All tasks that can be named from a folder: its own, and those under `envs/` and `tasks/` here and in the checkout. */
export function findTasks(folder: string): FoundTask[] {
  const tops = [...new Set([folder, checkoutOf(folder)])];
  const own = tops.map((top) => join(top, taskFile));
  const housed = tops.flatMap((top) =>
    homes
      .map((home) => join(top, home))
      .filter((home) => statSync(home, { throwIfNoEntry: false })?.isDirectory())
      .flatMap((home) => readdirSync(home).map((name) => join(home, name, taskFile))),
  );
  const files = [...new Set([...own, ...housed])].filter((file) => existsSync(file));
  return files.map((file) => ({ name: basename(dirname(file)), file })).sort((a, b) => (a.name < b.name ? -1 : 1));
}
