import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256 } from '../store/sha256.ts';
import { writeAtomically } from '../store/store.ts';
import { ancestorsOf, entryAt, isExecutable } from './paths.ts';

/** A folder that files are copied to. */
export interface Mirror {
  readonly directory: string;
  /** Remembers from one time to the next what the folder was made of; `undefined`: it is made new. */
  readonly memoryFile: string | undefined;
}

/** What a file is: a symbolic link, executable (`x`) or not (`-`); and SHA-256 of its content, or of where the link leads. */
export interface Content {
  readonly kind: 'link' | 'x' | '-';
  readonly sha256: string;
  readonly bytes: number;
}

/** A copy: SHA-256 of its content, and the stamps that the original and the copy had then. */
interface Copy {
  readonly sha256: string;
  readonly from: string;
  readonly to: string;
}

interface Memory {
  readonly files: ReadonlyMap<string, Copy>;
  /** Stamps of the folders of the copy, by path. */
  readonly folders: ReadonlyMap<string, string>;
}

/**
 * Makes a folder have exactly these files of another one, and gives what they are; those that went meanwhile are left out. A copy stays where neither it
 * nor its original was written since; what somebody else has left in the folder goes. No copy is a link to its original, so what stages write into one
 * reaches nobody. The memory goes first and comes back last: a kill between leaves none, and the next time all is copied.
 */
export async function mirror(
  from: string,
  entries: ReadonlyMap<string, Stats>,
  { directory, memoryFile }: Mirror,
): Promise<Map<string, Content>> {
  const remembered = memoryFile === undefined ? undefined : readMemory(memoryFile, from);
  if (memoryFile !== undefined) rmSync(memoryFile, { force: true });
  const folders = foldersOf(entries.keys());
  const known = remembered === undefined ? undefined : cleared(directory, remembered, { entries, folders });
  if (known === undefined) removeFolder(directory);
  for (const folder of folders)
    if (known?.folders.has(folder) !== true || !existsSync(join(directory, folder)))
      mkdirSync(join(directory, folder), { recursive: true });
  const contents = new Map<string, Content>();
  const files = new Map<string, Copy>();
  for (const [path, stat] of entries) {
    const made = copyOf({ file: `${from}/${path}`, stat }, `${directory}/${path}`, known?.files.get(path));
    if (made === undefined) continue;
    files.set(path, made.copy);
    contents.set(path, { kind: kindOf(stat), sha256: made.copy.sha256, bytes: stat.isSymbolicLink() ? 0 : made.bytes });
  }
  if (memoryFile !== undefined) {
    const stamps = new Map([...folders].map((each) => [each, stampOf(lstatSync(join(directory, each)))]));
    // From then on a write shows in the times of a copy.
    await sleep(tickMs);
    writeMemory(memoryFile, from, { files, folders: stamps });
  }
  return contents;
}

/** All folders above files, each after those above it; the first is that of all, the empty path. */
export function foldersOf(paths: Iterable<string>): Set<string> {
  const folders = new Set(['']);
  for (const path of paths) {
    const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (folders.has(folder)) continue;
    for (const each of ancestorsOf(path)) folders.add(each);
  }
  return folders;
}

/** What is remembered of a folder, once all that is not wanted has gone from it; `undefined`: it would not go. */
function cleared(
  directory: string,
  known: Memory,
  { entries, folders }: { readonly entries: ReadonlyMap<string, Stats>; readonly folders: ReadonlySet<string> },
): Memory | undefined {
  try {
    removeOthers(directory, known, (path) => entries.has(path) || folders.has(path));
    return known;
  } catch {
    return undefined;
  }
}

/** A container that runs as root may have left what its user cannot remove: then the folder goes out of the way as it is. */
function removeFolder(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch {
    renameSync(directory, `${directory}-left-${Date.now()}`);
  }
}

/**
 * Removes what is not wanted: of what was made before, and of what others have put into folders, which shows in the stamps of these. One that is a file
 * where a folder is wanted, or the other way round, goes too.
 */
function removeOthers(directory: string, { files, folders }: Memory, isWanted: (path: string) => boolean): void {
  for (const [folder, stamp] of folders) {
    const stat = entryAt(join(directory, folder));
    if (stat === undefined || stampOf(stat) === stamp) continue;
    for (const entry of readdirSync(join(directory, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() !== folders.has(path) || !isWanted(path))
        rmSync(join(directory, path), { recursive: true, force: true });
    }
  }
  for (const path of [...folders.keys(), ...files.keys()])
    if (!isWanted(path)) rmSync(join(directory, path), { recursive: true, force: true });
}

/** The copy as it is, where nothing has changed since; else a new one. `undefined`: the original is gone. */
function copyOf(
  { file, stat }: { readonly file: string; readonly stat: Stats },
  to: string,
  known: Copy | undefined,
): { readonly copy: Copy; readonly bytes: number } | undefined {
  const stamp = stampOf(stat);
  if (known?.from === stamp) {
    const there = entryAt(to);
    if (there !== undefined && stampOf(there) === known.to) return { copy: known, bytes: there.size };
  }
  if (known !== undefined) rmSync(to, { recursive: true, force: true });
  try {
    if (stat.isSymbolicLink()) symlinkSync(readlinkSync(file), to);
    else {
      copyFileSync(file, to, constants.COPYFILE_FICLONE);
      chmodSync(to, isExecutable(stat) ? 0o755 : 0o644);
    }
  } catch (thrown) {
    if (entryAt(file) === undefined) return undefined;
    throw thrown;
  }
  const made = lstatSync(to);
  const copy = { sha256: contentOf(to).sha256, from: isSettled(stat) ? stamp : unsettled, to: stampOf(made) };
  return { copy, bytes: made.size };
}

const kindOf = (stat: Stats): Content['kind'] => (stat.isSymbolicLink() ? 'link' : isExecutable(stat) ? 'x' : '-');

/** What a file is. */
export function contentOf(file: string): Content {
  const stat = lstatSync(file);
  const isLink = stat.isSymbolicLink();
  const content = isLink ? readlinkSync(file) : readFileSync(file);
  return { kind: kindOf(stat), sha256: sha256(content), bytes: isLink ? 0 : content.length };
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

/** A line that says where it is from; then, each ended by a NUL, the folders and the files, with fields between tabs and the path last. */
function writeMemory(file: string, from: string, { files, folders }: Memory): void {
  const entries = [`${headOf(from)}\n`];
  for (const [path, stamp] of folders) entries.push(`${stamp}\t${path}\0`);
  entries.push('\0');
  for (const [path, copy] of files) entries.push(`${copy.sha256}\t${copy.from}\t${copy.to}\t${path}\0`);
  writeAtomically(file, entries.join(''));
}

const headOf = (from: string): string => JSON.stringify([version, from]);

const version = 1;
/** Longer than any path. */
const headBytes = 8192;

/** The folder that a mirror was made of; `undefined`: that is not known, or it was not finished. */
export function mirroredFrom(memoryFile: string): string | undefined {
  if (!existsSync(memoryFile)) return undefined;
  // The rest is long, and only the first line is asked for.
  const file = openSync(memoryFile, 'r');
  const head = Buffer.alloc(headBytes);
  const size = readSync(file, head);
  closeSync(file);
  const [line = ''] = head.toString('utf8', 0, size).split('\n');
  const [, from] = /^\[1,(".*")\]$/.exec(line) ?? [];
  return from === undefined ? undefined : String(JSON.parse(from));
}

function readMemory(file: string, from: string): Memory | undefined {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8');
  const head = `${headOf(from)}\n`;
  if (!text.startsWith(head)) return undefined;
  const [first = '', second = ''] = text.slice(head.length).split('\0\0');
  const files = new Map<string, Copy>();
  const folders = new Map<string, string>();
  for (const entry of first.split('\0')) {
    const at = entry.indexOf('\t');
    folders.set(entry.slice(at + 1), entry.slice(0, at));
  }
  for (const entry of second.split('\0')) {
    const [one, two] = [entry.indexOf('\t'), entry.indexOf('\t', entry.indexOf('\t') + 1)];
    const three = entry.indexOf('\t', two + 1);
    if (three < 0) continue;
    const copy = { sha256: entry.slice(0, one), from: entry.slice(one + 1, two), to: entry.slice(two + 1, three) };
    files.set(entry.slice(three + 1), copy);
  }
  return { files, folders };
}
