import { hash } from 'node:crypto';
import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** What is at each path of a folder: a hash of the content and the mode of a file, or of where a link leads. */
export type Contents = Readonly<Record<string, string>>;

/** Looks at files of a folder. One that is not there any more is left out. */
export function contentsOf(folder: string, paths: readonly string[]): Contents {
  return Object.fromEntries(
    paths.flatMap((path) => {
      const found = contentAt(join(folder, path));
      return found === undefined ? [] : [[path, found]];
    }),
  );
}

function contentAt(file: string): string | undefined {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (stat.isSymbolicLink()) return `link ${hash('sha256', readlinkSync(file))}`;
  const mode = (stat.mode & 0o111) === 0 ? '' : 'x ';
  return `${mode}${hash('sha256', readFileSync(file))}`;
}
