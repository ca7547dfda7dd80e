import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import type { Worktree } from '../store/journal.ts';
import { sha256 } from '../store/sha256.ts';
import type { Task } from '../task/schema.ts';
import { type Commit, commitEnvironment } from './commit.ts';
import { hashFiles, listFiles } from './files.ts';
import { git, gitBytes } from './git.ts';
import { contentOf } from './mirror.ts';
import { ancestorsOf, entryAt, isExecutable, matchesAny } from './paths.ts';

/** A state of the workspace's folder that its protected files are taken from. Paths are relative to that folder. */
export interface Baseline {
  /** `main@1a2b3c4`. */
  readonly name: string;
  /** What it is the state of, where it is that of a commit. */
  readonly commit?: Commit;
  /** All its files. */
  readonly paths: readonly string[];
  /** Whether a path is of another repository within this one, of whose files the baseline has no list. */
  knowsNot(path: string): boolean;
  /** Those of its paths at which a folder has something else, or nothing. */
  changed(paths: readonly string[], folder: string): Promise<Result<string[]>>;
  /** Writes its files at these paths into a folder, in the place of what is there. */
  write(paths: readonly string[], folder: string): Promise<Result<void>>;
  /** What tells the content of one of its files from any other; `undefined`: it has no such file. */
  idOf(path: string): string | undefined;
  /** Whether a file is as it is at one of its paths, to the byte. */
  isSame(path: string, file: string): boolean;
  /** The text of one of its files. */
  read(path: string): Promise<Result<string>>;
}

/** The commit of a loop's start state, with its hidden files where they are kept. */
export function startCommit(worktree: Worktree): Commit {
  const { gitDirectory, home, directory, workspace, baseline, start } = worktree;
  // An exercise's own repository has nothing but the start: the rest is in the user's.
  return {
    gitDirectory: home ?? gitDirectory,
    hash: baseline ?? start,
    folder: relative(directory, workspace),
    name: 'the start of the loop',
  };
}

/** A file of a commit: its mode, and the hash by which git knows its content. */
interface Entry {
  readonly mode: string;
  readonly id: string;
}

/** A commit's folder as a baseline: from git's objects alone, whatever is in the checkout, its index or its settings. */
export async function commitBaseline(commit: Commit): Promise<Result<Baseline>> {
  const { gitDirectory, hash, folder, name } = commit;
  const place = { cwd: gitDirectory, env: { ...commitEnvironment, GIT_DIR: gitDirectory } };
  const limit = folder === '' ? [] : ['--', `${folder}/`];
  const listed = await git(['ls-tree', '-r', '-z', '--full-tree', hash, ...limit], place);
  if (!listed.ok) return listed;
  const all = listed.value.split('\0').flatMap((line): [string, Entry][] => {
    const [, mode, id, path] = /^(\d+) \w+ (\w+)\t(.*)$/s.exec(line) ?? [];
    return mode === undefined || id === undefined || path === undefined
      ? []
      : [[folder === '' ? path : path.slice(folder.length + 1), { mode, id }]];
  });
  const isSubmodule = ([, { mode }]: [string, Entry]): boolean => mode === '160000';
  const submodules = new Set(all.filter(isSubmodule).map(([path]) => path));
  const entries = new Map(all.filter((each) => !isSubmodule(each)));
  const entryOf = (path: string): Entry => {
    const entry = entries.get(path);
    if (entry === undefined) throw new Error(`${name} has no ${path}`);
    return entry;
  };
  const contents = (paths: readonly string[]): Promise<Result<Uint8Array[]>> =>
    readBlobs(
      paths.map((path) => entryOf(path).id),
      place,
    );
  return ok({
    name,
    commit,
    paths: [...entries.keys()],
    idOf: (path) => entries.get(path)?.id,
    isSame: (path, file) => hasEntry(file, entryOf(path)),
    knowsNot: (path) => submodules.size > 0 && ancestorsOf(path).some((each) => submodules.has(each)),
    async changed(paths, within) {
      const different = paths.filter((path) => !hasEntry(join(within, path), entryOf(path)));
      const originals = await contents(different);
      if (!originals.ok) return originals;
      return ok(different.filter((path, at) => !isCheckedOut(join(within, path), entryOf(path), originals.value[at])));
    },
    async write(paths, within) {
      const originals = await contents(paths);
      if (!originals.ok) return originals;
      for (const [at, path] of paths.entries()) {
        writeEntry(join(within, path), entryOf(path).mode, originals.value[at] ?? new Uint8Array());
      }
      return ok(undefined);
    },
    async read(path) {
      const content = await contents([path]);
      return content.ok ? ok(Buffer.from(content.value[0] ?? []).toString()) : content;
    },
  });
}

/** Contents of blobs, each as its hash says: an object in git's folder can be written over like any file. */
async function readBlobs(
  ids: readonly string[],
  place: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Result<Uint8Array[]>> {
  if (ids.length === 0) return ok([]);
  const said = await gitBytes(['cat-file', '--batch'], { ...place, input: ids.map((id) => `${id}\n`).join('') });
  if (!said.ok) return said;
  const contents: Uint8Array[] = [];
  let at = 0;
  for (const id of ids) {
    const end = said.value.indexOf(0x0a, at);
    const [, kind, size = ''] = Buffer.from(said.value.subarray(at, end)).toString().split(' ');
    const content = said.value.subarray(end + 1, end + 1 + Number(size));
    if (kind !== 'blob' || blobId(content, id.length) !== id) {
      return failed({ kind: 'environment', message: `git has not got the object ${id} as it was`, remedy: 'git fsck' });
    }
    contents.push(content);
    at = end + 1 + Number(size) + 1;
  }
  return ok(contents);
}

/** How git names a content: SHA-1 of 40 characters, or SHA-256. */
function blobId(content: Uint8Array, length: number): string {
  return createHash(length === 40 ? 'sha1' : 'sha256')
    .update(`blob ${content.length}\0`)
    .update(content)
    .digest('hex');
}

const linkMode = '120000';
const executableMode = '100755';

/** What a file or link has in it; `undefined`: there is none of that mode. */
function contentAt(file: string, mode: string): Uint8Array | undefined {
  const stat = entryAt(file);
  if (mode === linkMode) return stat?.isSymbolicLink() ? Buffer.from(readlinkSync(file)) : undefined;
  if (stat?.isFile() !== true || isExecutable(stat) !== (mode === executableMode)) return undefined;
  return readFileSync(file);
}

function hasEntry(file: string, { mode, id }: Entry): boolean {
  const content = contentAt(file, mode);
  return content !== undefined && blobId(content, id.length) === id;
}

/** Whether a file is what git makes of an object in a checkout: with other ends of lines, or the content that a pointer of Git LFS stands for. */
function isCheckedOut(file: string, { mode, id }: Entry, original: Uint8Array | undefined): boolean {
  const content = contentAt(file, mode);
  if (content === undefined || original === undefined || mode === linkMode) return false;
  const { oid, size } = lfsPointer.exec(Buffer.from(original.subarray(0, 200)).toString())?.groups ?? {};
  if (oid !== undefined) return content.length === Number(size) && sha256(content) === oid;
  const text = Buffer.from(content).toString('latin1');
  return text.includes('\r\n') && blobId(Buffer.from(text.replaceAll('\r\n', '\n'), 'latin1'), id.length) === id;
}

/** git-lfs.com, "Git LFS Specification": the pointer. */
const lfsPointer =
  /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n(?:.*\n)*?oid sha256:(?<oid>[0-9a-f]{64})\nsize (?<size>\d+)\n/;

function writeEntry(file: string, mode: string, content: Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true });
  rmSync(file, { recursive: true, force: true });
  if (mode === linkMode) symlinkSync(Buffer.from(content).toString(), file);
  else {
    writeFileSync(file, content);
    chmodSync(file, mode === executableMode ? 0o755 : 0o644);
  }
}

/** Hash by path of each protected file that a folder has. */
export async function protectedFiles(
  root: string,
  covers: (path: string) => boolean,
): Promise<Readonly<Record<string, string>>> {
  const paths = (await listFiles(root)).filter(covers);
  return Object.fromEntries(paths.map((path) => [path, hashOf(root, path)]));
}

/** Without those that are held out: what is noted of a loop may be read by its agent. */
export function withoutHeldOut<Value>(
  files: Readonly<Record<string, Value>>,
  { heldOut }: Pick<Task, 'heldOut'>,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !matchesAny(path, heldOut?.files ?? [])));
}

/** Somebody may be writing to the folder: what is gone or shut by now has no hash. */
function hashOf(root: string, path: string): string {
  try {
    return hashFiles(root, [path]);
  } catch {
    return '';
  }
}

/** Paths at which two lists of files differ: changed, removed or added. */
export function differences(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string[] {
  const paths = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...paths].filter((path) => before[path] !== after[path]).sort();
}

/** A folder as a baseline. */
export async function folderBaseline(origin: string, name: string): Promise<Baseline> {
  return {
    name,
    paths: await listFiles(origin),
    knowsNot: () => false,
    idOf: (path) => (entryAt(join(origin, path)) === undefined ? undefined : contentOf(join(origin, path)).sha256),
    isSame: (path, file) => contentOf(join(origin, path)).sha256 === contentOf(file).sha256,
    changed: async (paths, folder) => ok(paths.filter((path) => hashOf(origin, path) !== hashOf(folder, path))),
    async write(paths, folder) {
      for (const path of paths) {
        const to = join(folder, path);
        mkdirSync(dirname(to), { recursive: true });
        rmSync(to, { recursive: true, force: true });
        cpSync(join(origin, path), to, { verbatimSymlinks: true });
      }
      return ok(undefined);
    },
    read: async (path) => ok(readFileSync(join(origin, path), 'utf8')),
  };
}
