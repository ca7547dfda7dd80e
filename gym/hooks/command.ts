import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';

/** How a hook calls gym: the one that is installed in the checkout, by its path from the top, or the one on the PATH. */
export type Call = { readonly kind: 'installed'; readonly path: string } | { readonly kind: 'on the PATH' };

const installed = join('node_modules', '.bin', 'gym');

/**
 * How a hook of a task is to call gym, so that it works for everybody who has the checkout. A problem where gym is neither installed in the
 * checkout, in the task's folder or one above it, nor on the PATH.
 */
export function callFor(root: string, top: string, env: Readonly<Record<string, string | undefined>>): Result<Call> {
  for (let folder = root; ; folder = dirname(folder)) {
    if (existsSync(join(folder, installed)))
      return ok({ kind: 'installed', path: relative(top, join(folder, installed)) });
    if (folder === top || dirname(folder) === folder) break;
  }
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  if (folders.some((folder) => isProgram(join(folder, 'gym')))) return ok({ kind: 'on the PATH' });
  const message = 'hooks could not find gym: it is neither installed in this checkout nor on the PATH';
  return failed({ kind: 'usage', message, remedy: 'npm install --save-dev devgym' });
}

/** The shell words of a call; `top`: those for the top of the checkout. */
export function callWords(call: Call, top: string): string {
  return call.kind === 'on the PATH' ? 'gym' : `${top}/${shellWord(call.path)}`;
}

/** A word as a shell takes it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
