import { createHash } from 'node:crypto';
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  type Stats,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeAtomically } from '../store/store.ts';
import { ancestorsOf, entryAt, isExecutable } from './paths.ts';

/** A folder that files are copied to. */
export interface Mirror {
  readonly directory: string;
  /** Remembers from one time to the next what the folder was made of; `undefined`: it is made new. */
  readonly memoryFile: string | undefined;
}

/** A copy: SHA-256 of its content, and the stamps that the original and the copy had then. */
interface Copy {
  readonly hash: string;
  readonly from: string;
  readonly to: string;
}

interface Memory {
  readonly files: ReadonlyMap<string, Copy>;
  /** Stamps of the folders of the copy, by path. */
  readonly folders: ReadonlyMap<string, string>;
}

/**
 * Makes a folder have exactly these files of another one, and gives the SHA-256 of each content. A copy stays where neither it nor its original was
 * written since; what somebody else has left in the folder goes. No copy is a link to its original, so what stages write into one reaches nobody.
 * The memory goes first and comes back last: a kill between leaves none, and the next time all is copied.
 */
export async function mirror(
  from: string,
  paths: readonly string[],
  { directory, memoryFile }: Mirror,
): Promise<ReadonlyMap<string, string>> {
  const known = memoryFile === undefined ? undefined : readMemory(memoryFile, from);
  if (memoryFile !== undefined) rmSync(memoryFile, { force: true });
  if (known === undefined) rmSync(directory, { recursive: true, force: true });
  const folders = new Set(['', ...paths.flatMap(ancestorsOf)]);
  if (known !== undefined) removeOthers(directory, known, new Set([...paths, ...folders]));
  for (const folder of folders) mkdirSync(join(directory, folder), { recursive: true });
  const copies = new Map(
    paths.map((path) => [path, copyOf(join(from, path), join(directory, path), known?.files.get(path))]),
  );
  if (memoryFile !== undefined) {
    const stamps = new Map([...folders].map((each) => [each, stampOf(lstatSync(join(directory, each)))]));
    // From then on a write shows in the times of a copy.
    await sleep(tickMs);
    writeMemory(memoryFile, from, { files: copies, folders: stamps });
  }
  return new Map([...copies].map(([path, { hash }]) => [path, hash]));
}

/** Entries that are not wanted are in folders that were written since. One that is a file where a folder is wanted, or the other way round, goes too. */
function removeOthers(directory: string, { folders }: Memory, wanted: ReadonlySet<string>): void {
  for (const [folder, stamp] of folders) {
    const stat = entryAt(join(directory, folder));
    if (stat === undefined || stampOf(stat) === stamp) continue;
    if (!stat.isDirectory()) {
      rmSync(join(directory, folder));
      continue;
    }
    for (const entry of readdirSync(join(directory, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      const isFolder = folders.has(path);
      if (!wanted.has(path) || entry.isDirectory() !== isFolder)
        rmSync(join(directory, path), { recursive: true, force: true });
    }
  }
}

/** The copy as it is, where nothing has changed since; else a new one. */
function copyOf(from: string, to: string, known: Copy | undefined): Copy {
  const stat = lstatSync(from);
  const stamp = stampOf(stat);
  if (known?.from === stamp) {
    const copy = entryAt(to);
    if (copy !== undefined && stampOf(copy) === known.to) return known;
  }
  rmSync(to, { recursive: true, force: true });
  if (stat.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else {
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
    chmodSync(to, isExecutable(stat) ? 0o755 : 0o644);
  }
  return { hash: contentHash(to), from: isSettled(stat) ? stamp : unsettled, to: stampOf(lstatSync(to)) };
}

/** SHA-256 of a file, or of where a symbolic link leads. */
export function contentHash(file: string): string {
  const content = lstatSync(file).isSymbolicLink() ? readlinkSync(file) : readFileSync(file);
  return createHash('sha256').update(content).digest('hex');
}

/** What changes with every write: the time of the last change (ctime) is the kernel's, and no program sets it. */
function stampOf({ dev, ino, mode, size, mtimeMs, ctimeMs }: Stats): string {
  return `${dev}:${ino}:${mode}:${size}:${mtimeMs}:${ctimeMs}`;
}

/** Stands for a stamp that says nothing. */
const unsettled = '?';
/** The kernel's clock for files goes in ticks of up to 10 ms: a file that is written twice in one has the same times. */
const tickMs = 20;
/** Some file systems have whole seconds, or two. */
const coarseTickMs = 2000;

function isSettled({ mtimeMs, ctimeMs }: Stats): boolean {
  const isCoarse = ctimeMs % 1000 === 0;
  return Date.now() - Math.max(mtimeMs, ctimeMs) > (isCoarse ? coarseTickMs : tickMs);
}

/** A line of JSON for where it is from, then one for each folder and file. */
function writeMemory(file: string, from: string, { files, folders }: Memory): void {
  const lines = [
    JSON.stringify([version, from]),
    ...[...folders].map(([path, stamp]) => `${stamp} ${JSON.stringify(path)}`),
    ...[...files].map(([path, copy]) => `${copy.hash} ${copy.from} ${copy.to} ${JSON.stringify(path)}`),
  ];
  writeAtomically(file, lines.join('\n'));
}

const version = 1;

function readMemory(file: string, from: string): Memory | undefined {
  if (!existsSync(file)) return undefined;
  const [head, ...lines] = readFileSync(file, 'utf8').split('\n');
  if (head !== JSON.stringify([version, from])) return undefined;
  const files = new Map<string, Copy>();
  const folders = new Map<string, string>();
  for (const line of lines) {
    const [, first = '', second, third, quoted = ''] = /^(\S+) (?:(\S+) (\S+) )?(".*")$/.exec(line) ?? [];
    if (quoted === '') return undefined;
    const path = String(JSON.parse(quoted));
    if (second === undefined || third === undefined) folders.set(path, first);
    else files.set(path, { hash: first, from: second, to: third });
  }
  return { files, folders };
}
