import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lockHolder, tryLock } from '../store/lock.ts';
import type { Store } from '../store/store.ts';
import { mirroredFrom } from './mirror.ts';

/** A folder for the snapshot of one run at a time. It stays, so that the next snapshot of the workspace copies only what has changed. */
export interface SnapshotPlace {
  readonly directory: string;
  readonly memoryFile: string;
  release(): void;
}

/** Beyond so many, a place is taken over from another workspace rather than made. */
const enough = 4;

/**
 * Where a snapshot is between two runs: test runners and linters that are started in the workspace would take its files for the workspace's own, and
 * look in no `node_modules`. It cannot be there while stages run in it, for they would find nothing either; and no folder of that name may be beside it or
 * above, where stages would find packages.
 */
const asleepName = 'asleep/node_modules/tree';

const homeOf = (store: Store): string => join(store.directory, 'snapshots');

/**
 * Takes a place that no living process has: the one of the last snapshot of this workspace; or one that nobody needs; or a new one. They are
 * `.gym/snapshots/N`.
 */
export function takePlace(store: Store, workspace: string): SnapshotPlace {
  store.make();
  const home = homeOf(store);
  mkdirSync(home, { recursive: true });
  const names = placesIn(home);
  const isOf = (name: string): boolean => mirroredFrom(memoryIn(home, name)) === workspace;
  const isFree = (name: string): boolean => isLeft(home, name) || names.length >= enough;
  const next = Math.max(0, ...names.map(Number)) + 1;
  const known = [...names.filter(isOf), ...names.filter((name) => !isOf(name) && isFree(name))];
  for (const name of [...known, ...Array.from({ length: 100 }, (_, more) => `${next + more}`)]) {
    const taken = tryLock(join(home, 'locks'), name);
    if (!('lock' in taken)) continue;
    const [directory, asleep] = [join(home, name, 'tree'), join(home, name, asleepName)];
    mkdirSync(dirname(asleep), { recursive: true });
    // A killed gym has left it where it was.
    if (!existsSync(directory) && existsSync(asleep)) renameSync(asleep, directory);
    const release = (): void => {
      rmSync(asleep, { recursive: true, force: true });
      if (existsSync(directory)) renameSync(directory, asleep);
      taken.lock.release();
    };
    return { directory, memoryFile: memoryIn(home, name), release };
  }
  throw new Error(`every place in ${home} is taken`);
}

const memoryIn = (home: string, name: string): string => join(home, name, 'memory');

const placesIn = (home: string): string[] => readdirSync(home).filter((name) => /^\d+$/.test(name));

/** Whether a place is of a workspace that is gone, or of none. */
function isLeft(home: string, name: string): boolean {
  const from = mirroredFrom(memoryIn(home, name));
  return from === undefined || !existsSync(from);
}

/** Folders of places that nobody holds, whose workspace is gone or that were not used since a time (epoch milliseconds). */
export function unusedPlaces(store: Store, since: number): { readonly name: string; readonly directory: string }[] {
  const home = homeOf(store);
  if (!existsSync(home)) return [];
  const isOld = (name: string): boolean => statSync(join(home, name)).mtimeMs < since;
  const locks = join(home, 'locks');
  const isHeld = (name: string): boolean => existsSync(locks) && lockHolder(locks, name) !== undefined;
  return placesIn(home)
    .filter((name) => (isLeft(home, name) || isOld(name)) && !isHeld(name))
    .map((name) => ({ name, directory: join(home, name) }));
}
