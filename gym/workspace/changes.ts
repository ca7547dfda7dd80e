import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ok, type Result } from '../events/problem.ts';
import type { ProposedFile } from '../store/proposals.ts';
import { sha256 } from '../store/sha256.ts';
import type { Commit } from './commit.ts';
import { git, gitBytes } from './git.ts';

/** A file as one of two trees has it. */
export interface FileState {
  readonly bytes: number;
  /** Line ends are "\n"; `undefined`: it is binary, or larger than `textLimitBytes`. */
  readonly text: string | undefined;
  readonly isBinary: boolean;
}

/** A file that is not the same in both; `undefined`: that tree does not have it. */
export interface FileChange {
  /** Relative to the task's folder. */
  readonly path: string;
  readonly before: FileState | undefined;
  readonly after: FileState | undefined;
}

/** How a folder differs from a baseline. */
export interface Changes {
  /** Tells the baseline's content of the task's folder from any other; empty: it is from before there was one. */
  readonly tree: string;
  /** By path. */
  readonly files: readonly FileChange[];
  /** Texts of other files of the folder that were asked for, by path. */
  readonly others: ReadonlyMap<string, string>;
}

/** What is compared. */
export interface ChangesRequest {
  readonly commit: Commit;
  readonly directory: string;
  /** Files that the baseline has otherwise than the commit, as a person has accepted them. */
  readonly accepted: readonly ProposedFile[];
  /** Files that may be missing from the folder: that is no change. */
  readonly mayLack: (path: string) => boolean;
  /** Files to be read though they did not change, by the paths of those that did. */
  readonly alsoRead: (changed: readonly string[]) => readonly string[];
}

/** Longer ones are no source that a person wrote. */
export const textLimitBytes = 2 * 1024 * 1024;
/** A replaced object would give another content under the old name. */
const env = { GIT_NO_REPLACE_OBJECTS: '1' };

/**
 * Compares a folder with a commit and what a person has accepted on top of it, by content: neither git's index nor its attributes and filters have a say, so nothing can be hidden with
 * them. Line ends that differ are no change, nor are files of Git LFS whose content is what the commit's pointer names.
 */
export async function changesSince(request: ChangesRequest): Promise<Result<Changes>> {
  const { commit, directory, accepted, mayLack, alsoRead } = request;
  const options = { cwd: directory, env: { ...env, GIT_DIR: commit.gitDirectory } };
  const folder = `${commit.hash}:${commit.folder}`;
  const [tree, listed] = await Promise.all([
    git(['rev-parse', '--verify', '--quiet', folder], options),
    git(['ls-tree', '-r', '-z', '--full-tree', folder], options),
  ]);
  // The commit may be from before the folder was made.
  if (!tree.ok) return ok({ tree: '', files: changedOf(directory, new Map(), pathsIn(directory)), others: new Map() });
  if (!listed.ok) return listed;
  const { blobs, submodules } = entriesOf(listed.value);
  const inFolder = pathsIn(directory).filter((path) => !submodules.some((each) => path.startsWith(`${each}/`)));
  const own = new Set(inFolder);
  const decided = new Map(accepted.map(({ path, content }) => [path, content]));
  const differing = [
    ...inFolder.filter((path) => blobs.get(path) !== blobHash(directory, path, tree.value.length)),
    ...[...blobs.keys()].filter((path) => !own.has(path) && !mayLack(path)),
  ].filter((path) => !decided.has(path));
  const undone = [...decided].flatMap(([path, content]) =>
    (contentAt(directory, path)?.toString('base64') ?? null) === content ? [] : [path],
  );
  const paths = [...differing, ...undone].sort();
  const contents = await readBlobs(
    differing.flatMap((path) => blobs.get(path) ?? []),
    options,
  );
  if (!contents.ok) return contents;
  const before = new Map(
    paths.flatMap((path): [string, Buffer | number][] => {
      const text = decided.get(path);
      if (decided.has(path)) return text == null ? [] : [[path, Buffer.from(text, 'base64')]];
      const content = contents.value.get(blobs.get(path) ?? '');
      return content === undefined ? [] : [[path, content]];
    }),
  );
  const files = changedOf(directory, before, paths);
  const others = alsoRead(files.map(({ path }) => path)).flatMap((path): [string, string][] => {
    const text = own.has(path) ? stateOf(contentAt(directory, path)).text : undefined;
    return text === undefined ? [] : [[path, text]];
  });
  return ok({ tree: baselineId(tree.value, accepted), files, others: new Map(others) });
}

function baselineId(tree: string, accepted: readonly ProposedFile[]): string {
  if (accepted.length === 0) return tree;
  const files = accepted.map(({ path, content }) => [path, content]).sort();
  return `${tree}+${sha256(JSON.stringify(files))}`;
}

function changedOf(
  directory: string,
  before: ReadonlyMap<string, Buffer | number>,
  paths: readonly string[],
): FileChange[] {
  return paths.flatMap((path) => {
    const old = before.get(path);
    const content = contentAt(directory, path);
    const change = {
      path,
      before: old === undefined ? undefined : stateOf(old),
      after: content === undefined ? undefined : stateOf(content),
    };
    return isSame(change, content) ? [] : [change];
  });
}

function isSame({ before, after }: FileChange, content: Buffer | undefined): boolean {
  if (before?.text === undefined || content === undefined) return false;
  const pointer = isPointer(before) ? /^oid sha256:([0-9a-f]{64})$/m.exec(before.text)?.[1] : undefined;
  if (pointer !== undefined) return sha256(content) === pointer;
  return before.text === after?.text;
}

/** Whether a file stands for one that Git LFS keeps (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md). */
export function isPointer({ text }: FileState): boolean {
  return text?.startsWith('version https://git-lfs.github.com/spec/v1\n') === true;
}

function stateOf(content: Buffer | number | undefined): FileState {
  if (content === undefined || typeof content === 'number')
    return { bytes: content ?? 0, text: undefined, isBinary: true };
  // As git tells it: a NUL among the first 8,000 bytes.
  const isBinary = content.subarray(0, 8000).includes(0);
  const isText = !isBinary && content.length <= textLimitBytes;
  const text = isText ? content.toString('utf8').replaceAll('\r\n', '\n') : undefined;
  return { bytes: content.length, text, isBinary };
}

function entriesOf(listed: string) {
  const blobs = new Map<string, string>();
  const submodules: string[] = [];
  for (const line of listed.split('\0')) {
    const [, type, hash = '', path = ''] = /^\d+ (\w+) ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
    if (type === 'blob') blobs.set(path, hash);
    if (type === 'commit') submodules.push(path);
  }
  return { blobs, submodules };
}

function pathsIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)));
}

/** What git would keep of a file: of a link where it leads. `undefined`: there is none. */
function contentAt(directory: string, path: string): Buffer | undefined {
  const file = join(directory, path);
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  return stat.isSymbolicLink() ? Buffer.from(readlinkSync(file)) : readFileSync(file);
}

/** The name that git gives a file's content; as long as the repository's others. */
function blobHash(directory: string, path: string, length: number): string {
  const content = contentAt(directory, path) ?? Buffer.alloc(0);
  const hash = createHash(length === 64 ? 'sha256' : 'sha1');
  return hash.update(`blob ${content.length}\0`).update(content).digest('hex');
}

/** Contents by hash; of one that is too large its size. */
async function readBlobs(
  hashes: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Result<Map<string, Buffer | number>>> {
  const found = new Map<string, Buffer | number>();
  if (hashes.length === 0) return ok(found);
  const input = (wanted: readonly string[]): string => wanted.map((hash) => `${hash}\n`).join('');
  const sizes = await git(['cat-file', '--batch-check=%(objectname) %(objectsize)'], {
    ...options,
    input: input(hashes),
  });
  if (!sizes.ok) return sizes;
  for (const line of sizes.value.split('\n')) {
    const [hash = '', size] = line.split(' ');
    found.set(hash, Number(size));
  }
  const small = [...found].filter(([, size]) => Number(size) <= textLimitBytes).map(([hash]) => hash);
  const read = await gitBytes(['cat-file', '--batch'], { ...options, input: input(small) });
  if (!read.ok) return read;
  let at = 0;
  for (const hash of small) {
    // A line `HASH blob SIZE`, so many bytes, and a line's end.
    const start = read.value.indexOf(0x0a, at) + 1;
    at = start + Number(found.get(hash)) + 1;
    found.set(hash, read.value.subarray(start, at - 1));
  }
  return ok(found);
}
