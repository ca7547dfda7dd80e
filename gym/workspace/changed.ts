import { ok, type Result } from '../events/problem.ts';
import type { Commit } from './commit.ts';
import { git } from './git.ts';

/** Files of a folder that are not as in a commit: changed, gone, new and not ignored. Paths are relative to the folder. */
export async function changedSince(folder: string, { hash }: Commit): Promise<Result<string[]>> {
  const options = { cwd: folder };
  const [changed, added] = await Promise.all([
    git(['diff', '--name-only', '-z', '--relative', '--no-renames', hash], options),
    git(['ls-files', '--others', '--exclude-standard', '-z'], options),
  ]);
  if (!changed.ok) return changed;
  if (!added.ok) return added;
  return ok([...new Set(`${changed.value}${added.value}`.split('\0'))].filter((path) => path !== ''));
}
