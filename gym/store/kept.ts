import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Store, writeAtomically } from './store.ts';

const folderOf = (store: Store): string => join(store.directory, 'environments');

/** Hash of the workspace that a kept environment was made of; undefined where it is not known. */
export function readEnvironmentHash(store: Store, project: string): string | undefined {
  const file = join(folderOf(store), project);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** Notes of which workspace a kept environment was made. */
export function writeEnvironmentHash(store: Store, project: string, hash: string): void {
  mkdirSync(folderOf(store), { recursive: true });
  writeAtomically(join(folderOf(store), project), hash);
}

/** Forgets it, before the environment is made anew: one that is there without a note was never brought up to the end. */
export function forgetEnvironmentHash(store: Store, project: string): void {
  rmSync(join(folderOf(store), project), { force: true });
}
