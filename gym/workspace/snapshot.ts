import { createHash } from 'node:crypto';
import {
  chmodSync,
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
import { dirname, join, matchesGlob } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import { repositoryOf, runGit } from './git.ts';

/** A copy of a workspace that nobody else writes to. */
export interface Snapshot {
  readonly directory: string;
  readonly files: number;
  readonly bytes: number;
  /** SHA-256 over paths, modes and contents, in the order of the paths. */
  readonly hash: string;
  /** Protected files that were not the baseline's, and whatever stood in their place. */
  readonly restored: readonly string[];
}

export interface SnapshotRequest {
  readonly workspace: string;
  /** Where the protected files come from. */
  readonly baseline: string;
  /** Files that are protected; a folder stands for all that is in it. */
  readonly protectedGlobs: readonly string[];
  /** Made new; an older one in its place is removed first. */
  readonly directory: string;
}

/** Never part of a snapshot where git does not tell what is ignored. */
const alwaysIgnored = ['.git', '.gym', 'node_modules'];
/** A workspace beyond this is surely a mistake: a data folder that is not ignored. */
const fileLimit = 100_000;

/**
 * Copies the files that git would see (tracked, or new and not ignored) and lays the baseline's protected files over
 * them. A protected file that the baseline does not have is left out.
 */
export async function takeSnapshot({
  workspace,
  baseline,
  protectedGlobs,
  directory,
}: SnapshotRequest): Promise<Result<Snapshot>> {
  const missing = [workspace, baseline].find((folder) => !existsSync(folder));
  if (missing !== undefined) return failed({ kind: 'usage', message: `there is no folder ${missing}` });
  const isProtected = (path: string): boolean => matchesAny(path, protectedGlobs) || shadows(path);
  const listed = await listFiles(workspace);
  const guarded = (baseline === workspace ? listed : await listFiles(baseline)).filter(isProtected);
  const guardedPaths = new Set(guarded);
  const guardedFolders = new Set(guarded.flatMap(ancestorsOf));
  // A link or file in the place of a guarded folder would lead what is laid over it elsewhere.
  const isInTheWay = (path: string): boolean =>
    guardedFolders.has(path) || ancestorsOf(path).some((ancestor) => guardedPaths.has(ancestor));
  const own = listed.filter((path) => !isProtected(path) && !isInTheWay(path));
  if (own.length + guarded.length > fileLimit) {
    const message = `the workspace has more than ${fileLimit} files`;
    return failed({
      kind: 'usage',
      message,
      place: { file: workspace },
      remedy: 'List what is not source in .gitignore.',
    });
  }
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const paths = [...own, ...guarded].sort();
  let bytes = 0;
  for (const path of paths) {
    bytes += copyEntry(join(isProtected(path) ? baseline : workspace, path), join(directory, path));
  }
  const displaced = listed.filter((path) => isInTheWay(path) || (isProtected(path) && !guardedPaths.has(path)));
  const changed = guarded.filter((path) => !sameEntry(join(workspace, path), join(baseline, path)));
  const restored = [...new Set([...displaced, ...changed])].sort();
  return ok({ directory, files: paths.length, bytes, hash: hashFiles(directory, paths), restored });
}

/** SHA-256 over files of a folder: their paths, whether they are executable, and their contents, in the order given. */
export function hashFiles(folder: string, paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of paths) {
    const file = join(folder, path);
    const stat = lstatSync(file);
    if (stat.isSymbolicLink()) {
      hash.update(`${path}\0link\0${readlinkSync(file)}\0`);
      continue;
    }
    hash.update(`${path}\0${isExecutable(stat) ? 'x' : '-'}\0${stat.size}\0`);
    hash.update(readFileSync(file));
  }
  return hash.digest('hex');
}

const isExecutable = ({ mode }: { mode: number }): boolean => (mode & 0o111) !== 0;

/** Copies a file with its mode, or a symbolic link as it is. Returns its size in bytes. */
function copyEntry(from: string, to: string): number {
  mkdirSync(dirname(to), { recursive: true });
  const stat = lstatSync(from);
  if (stat.isSymbolicLink()) {
    symlinkSync(readlinkSync(from), to);
    return 0;
  }
  copyFileSync(from, to);
  chmodSync(to, isExecutable(stat) ? 0o755 : 0o644);
  return stat.size;
}

/** Whether two entries are the same kind of file, with the same mode and content. */
function sameEntry(a: string, b: string): boolean {
  const [one, other] = [a, b].map(entryAt);
  if (one === undefined || other === undefined) return false;
  if (one.isSymbolicLink() && other.isSymbolicLink()) return readlinkSync(a) === readlinkSync(b);
  if (!one.isFile() || !other.isFile()) return false;
  return isExecutable(one) === isExecutable(other) && readFileSync(a).equals(readFileSync(b));
}

/** Whether a file may stand in for another program or module wherever npm and Node look: packages, and what tells npm how it runs scripts. */
export function shadows(path: string): boolean {
  return /(^|\/)(node_modules\/|\.npmrc$)/.test(path);
}

/** Whether a path matches a glob, or lies in a folder that does. Names that begin with a dot are names as any other. */
export function matchesAny(path: string, globs: readonly string[]): boolean {
  const hasDot = /(^|\/)\./.test(path);
  return globs.some((glob) => {
    const pattern = glob.replace(/^\.\//, '').replace(/\/+$/, '');
    return [pattern, `${pattern}/**`].some(
      (each) => matchesGlob(path, each) || (hasDot && matchesGlob(withoutDots(path), withoutDots(each))),
    );
  });
}

/** `*` does not match a leading dot; here another character stands for it. */
function withoutDots(path: string): string {
  return path.replaceAll(/(^|[/{,])\./g, '$1\u{f0000}');
}

/** The folders above a relative path. */
function ancestorsOf(path: string): string[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}

/**
 * Files of a folder relative to it, as git sees them, those of repositories in it (submodules) included; all but the
 * usual suspects where there is no git, or where it ignores the folder itself.
 */
export async function listFiles(folder: string): Promise<string[]> {
  const seen = await listSeen(folder, '');
  const isIgnored = seen.length === 0 && (await repositoryOf(folder)) === undefined;
  const listed = isIgnored ? walk(folder, '') : seen;
  // A file that is deleted but not yet so in the index is listed too.
  const entries = listed.filter((path) => path !== '' && isEntry(join(folder, path)));
  // Behind a link that replaced a tracked folder, the index's files seem to be there still.
  const paths = new Set(entries);
  return entries.filter((path) => !ancestorsOf(path).some((ancestor) => paths.has(ancestor))).sort();
}

/** What git tracks, and what is new and not ignored. A repository in a repository is listed as a folder: its own git knows its files. */
async function listSeen(folder: string, within: string): Promise<string[]> {
  const cwd = join(folder, within);
  const git = await runGit(['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd });
  if (git.exitCode !== 0) return walk(folder, within);
  const paths = [...new Set(git.stdout.split('\0'))].filter((path) => path !== '').map((path) => join(within, path));
  const listed = paths.map((path) => {
    const isRepository = existsSync(join(folder, path, '.git')) && entryAt(join(folder, path))?.isDirectory() === true;
    return isRepository ? listSeen(folder, path) : [path];
  });
  return (await Promise.all(listed)).flat();
}

function walk(folder: string, within: string): string[] {
  const entries = readdirSync(join(folder, within), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const path = join(within, entry.name);
    if (alwaysIgnored.includes(entry.name)) return [];
    return entry.isDirectory() ? walk(folder, path) : [path];
  });
}

function isEntry(path: string): boolean {
  const stat = entryAt(path);
  return stat !== undefined && (stat.isFile() || stat.isSymbolicLink());
}

/** What is at a path; nothing where a folder above it is a file (ENOTDIR, which `throwIfNoEntry` does not cover). */
function entryAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOTDIR') return undefined;
    throw thrown;
  }
}
