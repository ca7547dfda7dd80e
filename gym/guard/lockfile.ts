import { posix } from 'node:path';
import { countText } from '../judge/text.ts';
import { type Breach, type Guard, type Guarded, judgeBreaches } from './guard.ts';
import { lockKinds, type Missing } from './locks.ts';

/** Whether a path is that of a lock file. */
export const isLockfile = (path: string): boolean =>
  lockKinds.some(({ locks }) => locks.some(({ name }) => name === posix.basename(path)));

/** Files that are needed to judge a changed manifest or lock file: its counterparts, there and in the folders above. */
export function companionsOf(changed: readonly string[]): string[] {
  const found = changed.flatMap((path) => {
    const name = posix.basename(path);
    return lockKinds.flatMap(({ manifest, locks }) =>
      name !== manifest && !locks.some((lock) => lock.name === name)
        ? []
        : foldersUp(posix.dirname(path)).flatMap((folder) =>
            [manifest, ...locks.map((lock) => lock.name)].map((each) => posix.join(folder, each)),
          ),
    );
  });
  return [...new Set(found)].filter((path) => !changed.includes(path));
}

/** A lock file has what its manifest asks for. */
export const lockfile: Guard = {
  name: 'lockfile',
  claim: 'a lock file has what its manifest asks for',
  remedy: 'install once, and keep the lock file that this writes',
  judge(guarded) {
    const judged = pairsOf(guarded).flatMap((pair) => {
      const missing = missingIn(pair, 'after');
      return missing === undefined ? [] : [{ ...pair, missing }];
    });
    if (judged.length === 0) return undefined;
    const breaches = judged.flatMap((pair) => {
      // What was so before is nobody's doing.
      const before = missingIn(pair, 'before') ?? [];
      const fresh = pair.missing.filter((what) => !before.includes(what));
      return fresh.map((what): Breach => ({ file: pair.manifest, what: `${what}, but not ${pair.lock}` }));
    });
    const held = `${countText(judged.length, 'lock file')} as asked for`;
    return judgeBreaches(breaches, judged.length, held, 'not as asked for');
  },
};

/** A manifest and its lock file, with the texts that they had and have. */
interface Pair {
  readonly manifest: string;
  readonly lock: string;
  readonly textAt: (path: string, side: 'before' | 'after') => string | undefined;
  /** The manifest's folder, relative to the lock file's. */
  readonly within: string;
  readonly read: Missing;
}

/** What is missing, in words; a damaged file is judged by whoever reads it. */
function missingIn(
  { manifest, lock, textAt, within, read }: Pair,
  side: 'before' | 'after',
): readonly string[] | undefined {
  const [asked, locked] = [textAt(manifest, side), textAt(lock, side)];
  if (asked === undefined || locked === undefined) return undefined;
  try {
    return read(asked, locked, within);
  } catch {
    return undefined;
  }
}

/** Each manifest with the nearest lock file of its kind, where one of the two changed. */
function pairsOf({ changes, others }: Guarded): Pair[] {
  const changed = new Map(changes.map((change) => [change.path, change]));
  const textAt: Pair['textAt'] = (path, side) => {
    const change = changed.get(path);
    return change === undefined ? others.get(path) : change[side]?.text;
  };
  const isThere = (path: string): boolean => textAt(path, 'after') !== undefined;
  const paths = [...changed.keys(), ...others.keys()];
  return lockKinds.flatMap(({ manifest: name, locks }) =>
    [...new Set(paths)]
      .filter((path) => posix.basename(path) === name && isThere(path))
      .flatMap((manifest) => {
        const found = foldersUp(posix.dirname(manifest))
          .flatMap((folder) => locks.map((lock) => ({ ...lock, path: posix.join(folder, lock.name) })))
          .find((lock) => isThere(lock.path));
        if (found === undefined || !(changed.has(manifest) || changed.has(found.path))) return [];
        const within = posix.relative(posix.dirname(found.path), posix.dirname(manifest));
        return [{ manifest, lock: found.path, textAt, within, read: found.missing }];
      }),
  );
}

function foldersUp(folder: string): string[] {
  return folder === '.' || folder === '' ? ['.'] : [folder, ...foldersUp(posix.dirname(folder))];
}
