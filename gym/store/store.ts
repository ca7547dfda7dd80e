import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder `.gym` of a checkout: runs, loops, history. All paths are absolute. */
export interface Store {
  readonly directory: string;
  /** Folder of a run or loop; made on first use. */
  runDirectory(run: string): string;
  /** Path of the history database. */
  readonly historyFile: string;
}

/**
 * Opens the store of a checkout: `.gym` in its top folder. It ignores itself, so that no project has to list it.
 */
export function openStore(top: string): Store {
  const directory = join(top, '.gym');
  mkdirSync(join(directory, 'runs'), { recursive: true });
  const ignore = join(directory, '.gitignore');
  if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
  return {
    directory,
    historyFile: join(directory, 'history.sqlite'),
    runDirectory(run) {
      const folder = join(directory, 'runs', run);
      mkdirSync(folder, { recursive: true });
      return folder;
    },
  };
}

/** The checkout that a folder belongs to: the nearest folder upwards with `.git` or `.gym`, or the folder itself. */
export function checkoutOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git')) || existsSync(join(at, '.gym'))) return at;
    if (dirname(at) === at) return folder;
  }
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

/** Writes a whole file or nothing: a kill in between leaves the old one. */
export function writeAtomically(file: string, content: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, content);
  renameSync(temporary, file);
}
