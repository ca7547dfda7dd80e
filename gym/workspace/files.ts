import { existsSync, readdirSync, type Stats } from 'node:fs';
import { join, relative } from 'node:path';
import { sha256 } from '../store/sha256.ts';
import { repositoryOf, runGit } from './git.ts';
import { type Content, contentOf } from './mirror.ts';
import { ancestorsOf, entryAt } from './paths.ts';

/** SHA-256 over files of a folder: their paths, kinds and contents, in the order given. */
export function hashFiles(folder: string, paths: readonly string[]): string {
  return hashOf(paths.map((path) => [path, contentOf(join(folder, path))]));
}

/** The same of files whose contents are known. */
export function hashOf(files: readonly (readonly [path: string, content: Content])[]): string {
  const text = files.map(([path, { kind, sha256 }]) => `${path}\0${kind}\0${sha256}\0`).join('');
  return sha256(text);
}

/** All files of a folder, relative to it, whatever git says. */
export function filesIn(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).filter(
    (entry) => !entry.isDirectory(),
  );
  return entries.map((entry) => relative(directory, join(entry.parentPath, entry.name)));
}

/** Never part of a snapshot where git does not tell what is ignored. */
const alwaysIgnored = ['.git', '.gym', 'node_modules'];
/**
 * Files of a folder relative to it, sorted, as git sees them, those of repositories in it (submodules) included; all but the
 * usual suspects where there is no git, or where it ignores the folder itself.
 */
export async function listFiles(folder: string): Promise<string[]> {
  return [...(await listEntries(folder)).keys()];
}

/** The same, with what each is. */
export async function listEntries(folder: string): Promise<ReadonlyMap<string, Stats>> {
  const seen = await listSeen(folder, '');
  const isIgnored = seen.length === 0 && (await repositoryOf(folder)) === undefined;
  return filesOf(isIgnored ? walk(folder, '', alwaysIgnored).map((path) => seenAt(folder, path)) : seen);
}

/** All files of a folder in which there is nothing else: those of a commit. */
export function listAll(folder: string): ReadonlyMap<string, Stats> {
  return filesOf(walk(folder, '', ['.git']).map((path) => seenAt(folder, path)));
}

function filesOf(listed: readonly Seen[]): ReadonlyMap<string, Stats> {
  // A file that is deleted but not yet so in the index is listed too; and there are pipes and sockets.
  const entries = listed.flatMap(([path, stat]): [string, Stats][] =>
    stat?.isFile() === true || stat?.isSymbolicLink() === true ? [[path, stat]] : [],
  );
  // Behind a link that replaced a tracked folder, the index's files seem to be there still.
  const links = new Set(entries.filter(([, stat]) => stat.isSymbolicLink()).map(([path]) => path));
  const isBehind = (path: string): boolean => links.size > 0 && ancestorsOf(path).some((each) => links.has(each));
  return new Map(entries.filter(([path]) => !isBehind(path)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

type Seen = readonly [path: string, stat: Stats | undefined];

const seenAt = (folder: string, path: string): Seen => [path, entryAt(join(folder, path))];

/** What git tracks, and what is new and not ignored. A repository in a repository is listed as a folder: its own git knows its files. */
async function listSeen(folder: string, within: string): Promise<Seen[]> {
  const cwd = join(folder, within);
  const git = await runGit(['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd });
  if (git.exitCode !== 0) return walk(folder, within, alwaysIgnored).map((path) => seenAt(folder, path));
  const paths = [...new Set(git.stdout.split('\0'))].filter((path) => path !== '');
  const seen = paths.map((path) => seenAt(folder, within === '' ? path.replace(/\/$/, '') : join(within, path)));
  const repositories = seen.filter(
    ([path, stat]) => stat?.isDirectory() === true && existsSync(join(folder, path, '.git')),
  );
  const inner = await Promise.all(repositories.map(([path]) => listSeen(folder, path)));
  return [...seen, ...inner.flat()];
}

function walk(folder: string, within: string, ignored: readonly string[]): string[] {
  const entries = readdirSync(join(folder, within), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const path = join(within, entry.name);
    if (ignored.includes(entry.name)) return [];
    return entry.isDirectory() ? walk(folder, path, ignored) : [path];
  });
}
