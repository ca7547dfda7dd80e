import { posix } from 'node:path';
import { countText } from '../judge/text.ts';
import { type Breach, type Guard, type Guarded, judgeBreaches } from './guard.ts';
import { lockKinds } from './locks.ts';

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
    const judged = pairsOf(guarded).flatMap(({ manifest, lock, read }) => {
      const missing = missingIn(read, manifest.text, lock.text, manifest.within);
      return missing === undefined ? [] : [{ manifest, lock, missing }];
    });
    if (judged.length === 0) return undefined;
    const breaches = judged.flatMap(({ manifest, lock, missing }) =>
      missing.map((what): Breach => ({ file: manifest.path, what: `${what}, but not ${lock.path}` })),
    );
    const held = `${countText(judged.length, 'lock file')} as asked for`;
    return judgeBreaches(breaches, judged.length, held, 'not as asked for');
  },
};

type Read = (typeof lockKinds)[number]['locks'][number]['missing'];

/** A damaged file is judged by whoever reads it. */
function missingIn(read: Read, manifest: string, lock: string, within: string): readonly string[] | undefined {
  try {
    return read(manifest, lock, within);
  } catch {
    return undefined;
  }
}

/** Each manifest with the nearest lock file of its kind, where one of the two changed. */
function pairsOf({ changes, others }: Guarded) {
  const changed = new Map(changes.map((change) => [change.path, change.after?.text]));
  const textAt = (path: string): string | undefined => (changed.has(path) ? changed.get(path) : others.get(path));
  const paths = [...changed.keys(), ...others.keys()];
  return lockKinds.flatMap(({ manifest, locks }) =>
    paths
      .filter((path) => posix.basename(path) === manifest && textAt(path) !== undefined)
      .flatMap((path) => {
        const found = foldersUp(posix.dirname(path))
          .flatMap((folder) => locks.map((lock) => ({ ...lock, path: posix.join(folder, lock.name) })))
          .find((lock) => textAt(lock.path) !== undefined);
        if (found === undefined || !(changed.has(path) || changed.has(found.path))) return [];
        const within = posix.relative(posix.dirname(found.path), posix.dirname(path));
        const [own, lock] = [textAt(path) ?? '', textAt(found.path) ?? ''];
        return [{ manifest: { path, text: own, within }, lock: { path: found.path, text: lock }, read: found.missing }];
      }),
  );
}

function foldersUp(folder: string): string[] {
  return folder === '.' || folder === '' ? ['.'] : [folder, ...foldersUp(posix.dirname(folder))];
}
