import { createHash, type Hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/**
 * A hash that changes when any branch, tag or HEAD of a folder's repository goes elsewhere, read from git's own files: HEAD, `packed-refs`, `refs/`,
 * or the list of tables where refs are kept in those (gitrepository-layout(5)). Without a repository it is always the same.
 */
export function refsHash(folder: string): string {
  const hash = createHash('sha256');
  const own = gitDirectoryOf(folder);
  if (own === undefined) return hash.digest('hex');
  const shared = textOf(join(own, 'commondir'))?.trim();
  const common = shared === undefined ? own : resolve(own, shared);
  for (const file of ['HEAD', 'packed-refs', 'reftable/tables.list', 'config']) {
    for (const directory of new Set([own, common])) hash.update(`${file}\0${textOf(join(directory, file)) ?? ''}\0`);
  }
  addRefs(hash, join(common, 'refs'));
  return hash.digest('hex');
}

/** Where a repository's files are: `.git` in the folder or above it, or what that leads to. */
function gitDirectoryOf(folder: string): string | undefined {
  const git = join(folder, '.git');
  if (!existsSync(git)) return dirname(folder) === folder ? undefined : gitDirectoryOf(dirname(folder));
  if (statSync(git).isDirectory()) return git;
  const [, path] = /^gitdir: (.*)/.exec(textOf(git) ?? '') ?? [];
  return path === undefined ? undefined : resolve(folder, path);
}

function addRefs(hash: Hash, folder: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) addRefs(hash, path);
    else hash.update(`${path}\0${textOf(path) ?? ''}\0`);
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
