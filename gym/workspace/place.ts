import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
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
    mkdirSync(join(home, name), { recursive: true });
    return { directory: join(home, name, 'tree'), memoryFile: memoryIn(home, name), release: taken.lock.release };
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
