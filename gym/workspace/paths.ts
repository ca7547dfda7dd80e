import { lstatSync, type Stats } from 'node:fs';
import { matchesGlob } from 'node:path';

/** The folders above a relative path. */
export function ancestorsOf(path: string): string[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}

/** What is at a path; nothing where a folder above it is a file (ENOTDIR, which `throwIfNoEntry` does not cover). */
export function entryAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOTDIR') return undefined;
    throw thrown;
  }
}

/** Whether anybody may run a file. */
export const isExecutable = ({ mode }: { mode: number }): boolean => (mode & 0o111) !== 0;

/** Whether a file may stand in for another program wherever npm looks for some, or tells npm how it runs scripts. */
export function shadows(path: string): boolean {
  return /(^|\/)(node_modules\/\.bin\/|\.npmrc$)/.test(path);
}

/** Whether a path matches a glob, or lies in a folder that does. Names that begin with a dot are names as any other. */
export function matchesAny(path: string, globs: readonly string[]): boolean {
  const hasDot = /(^|\/)\./.test(path);
  return globs.some((glob) => {
    const pattern = glob.replace(/^\.\//, '').replace(/\/+$/, '');
    const folder = pattern.replace(/\/\*\*$/, '');
    // Most globs name a file or a folder, and matching takes a hundred times as long as comparing.
    if (!/[*?[\]{}()!+@\\]/.test(folder))
      return path.startsWith(`${folder}/`) || (folder === pattern && path === folder);
    return [pattern, `${pattern}/**`].some(
      (each) => matchesGlob(path, each) || (hasDot && matchesGlob(withoutDots(path), withoutDots(each))),
    );
  });
}

/** `*` does not match a leading dot; here another character stands for it. */
function withoutDots(path: string): string {
  return path.replaceAll(/(^|[/{,])\./g, '$1\u{f0000}');
}
