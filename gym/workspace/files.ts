import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryOf, runGit } from './git.ts';
import { contentHash } from './mirror.ts';
import { ancestorsOf, entryAt, isExecutable } from './paths.ts';

/** SHA-256 over files of a folder: their paths, kinds and contents, in the order given. */
export function hashFiles(folder: string, paths: readonly string[]): string {
  return sumOf(folder, paths, new Map()).hash;
}

/** The same with the bytes of the files. `hashes`: SHA-256 of contents that are known. */
export function sumOf(
  folder: string,
  paths: readonly string[],
  hashes: ReadonlyMap<string, string>,
): { bytes: number; hash: string } {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const path of paths) {
    const file = join(folder, path);
    const stat = lstatSync(file);
    const kind = stat.isSymbolicLink() ? 'link' : isExecutable(stat) ? 'x' : '-';
    hash.update(`${path}\0${kind}\0${hashes.get(path) ?? contentHash(file)}\0`);
    if (!stat.isSymbolicLink()) bytes += stat.size;
  }
  return { bytes, hash: hash.digest('hex') };
}

/** Never part of a snapshot where git does not tell what is ignored. */
const alwaysIgnored = ['.git', '.gym', 'node_modules'];
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
