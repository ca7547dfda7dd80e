import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { glob } from 'node:fs/promises';
import { dirname, join, matchesGlob } from 'node:path';
import { execa } from 'execa';
import { failed, ok, type Result } from '../events/problem.ts';

/** A copy of a workspace that nobody else writes to. */
export interface Snapshot {
  readonly directory: string;
  readonly files: number;
  readonly bytes: number;
  /** SHA-256 over paths, modes and contents, in the order of the paths. */
  readonly hash: string;
  /** Protected files whose content was not the baseline's. */
  readonly restored: readonly string[];
}

export interface SnapshotRequest {
  readonly workspace: string;
  /** Where the protected files come from. */
  readonly baseline: string;
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
  if (!existsSync(workspace)) return failed({ kind: 'usage', message: `there is no folder ${workspace}` });
  const isProtected = (path: string): boolean => protectedGlobs.some((pattern) => matchesGlob(path, pattern));
  const own = (await listFiles(workspace)).filter((path) => !isProtected(path));
  const guarded = (await listFiles(baseline)).filter(isProtected);
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
  const paths = [...own, ...guarded].sort();
  let bytes = 0;
  for (const path of paths) {
    bytes += copyEntry(join(isProtected(path) ? baseline : workspace, path), join(directory, path));
  }
  const restored = baseline === workspace ? [] : await changedFiles(workspace, baseline, isProtected, guarded);
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

async function changedFiles(
  workspace: string,
  baseline: string,
  isProtected: (path: string) => boolean,
  guarded: readonly string[],
): Promise<string[]> {
  const added = (await listFiles(workspace)).filter((path) => isProtected(path) && !guarded.includes(path));
  const changed = guarded.filter((path) => !sameContent(join(workspace, path), join(baseline, path)));
  return [...added, ...changed].sort();
}

function sameContent(a: string, b: string): boolean {
  return existsSync(a) && readFileSync(a).equals(readFileSync(b));
}

/** Files of a folder relative to it, as git sees them; all but the usual suspects where there is no git. */
export async function listFiles(folder: string): Promise<string[]> {
  const git = await execa('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: folder,
    reject: false,
    stripFinalNewline: false,
    maxBuffer: 256 * 1024 * 1024,
  });
  if (git.exitCode === 0 && typeof git.stdout === 'string') {
    // A file that is deleted but not yet so in the index is listed too, a submodule as a folder.
    return [...new Set(git.stdout.split('\0'))].filter((path) => path !== '' && isEntry(join(folder, path))).sort();
  }
  const paths: string[] = [];
  for await (const path of glob('**/*', { cwd: folder, exclude: (name) => alwaysIgnored.includes(String(name)) })) {
    if (isEntry(join(folder, path))) paths.push(path);
  }
  return paths.sort();
}

function isEntry(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat !== undefined && (stat.isFile() || stat.isSymbolicLink());
}
