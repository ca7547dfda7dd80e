import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder `.gym` of a checkout: runs, loops, history. All paths are absolute. */
export interface Store {
  readonly directory: string;
  /** Makes the folder where it is not there. Who only reads makes nothing. */
  make(): void;
  /** Folder of a run or loop. */
  runDirectory(run: string): string;
  /** Makes the folder of a run or loop, where it is not there yet, and gives it. */
  makeRunDirectory(run: string): string;
  /** Folder of notes and locks of environments. */
  readonly environments: string;
  /** Path of the history database. */
  readonly historyFile: string;
}

/** The store of a checkout: `.gym` in its top folder. It ignores itself, so that no project has to list it. */
export function openStore(top: string): Store {
  const directory = join(top, '.gym');
  const make = (): void => {
    mkdirSync(join(directory, 'runs'), { recursive: true });
    const ignore = join(directory, '.gitignore');
    if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
  };
  const runDirectory = (run: string): string => join(directory, 'runs', run);
  return {
    directory,
    environments: join(directory, 'environments'),
    historyFile: join(directory, 'history.sqlite'),
    make,
    runDirectory,
    makeRunDirectory(run) {
      make();
      const folder = runDirectory(run);
      mkdirSync(folder, { recursive: true });
      return folder;
    },
  };
}

/** A task is a file of this name. */
export const taskFile = 'task.ts';

/** The checkout that a folder belongs to: git's top folder; where there is no git, the folder of the task, or the folder itself. */
export function checkoutOf(folder: string): string {
  return nearestWith('.git', folder) ?? nearestWith(taskFile, folder) ?? folder;
}

/** The nearest folder upwards that has an entry of that name. */
function nearestWith(name: string, folder: string): string | undefined {
  if (existsSync(join(folder, name))) return folder;
  return dirname(folder) === folder ? undefined : nearestWith(name, dirname(folder));
}

/** A new name for a run or loop: sorts by time, unique among runs side by side: `20261120-044512-3fa9`. */
export function newRunName(now: Date, random: (size: number) => Buffer = randomBytes): string {
  const stamp = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  return `${stamp}-${random(2).toString('hex')}`;
}

/** The names that a word may stand for: the one that it is, or else all that end in it. */
export function namesMeant(names: readonly string[], word: string): readonly string[] {
  return names.includes(word) ? [word] : names.filter((name) => name.endsWith(word));
}

/** Writes a whole file or nothing: a kill in between leaves the old one. `before` is done when it is written and has not its name yet. */
export function writeAtomically(file: string, content: string, before?: () => void): void {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, content);
  before?.();
  renameSync(temporary, file);
}
