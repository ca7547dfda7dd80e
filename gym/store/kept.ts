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

/** What a kept environment's resets have noted, as its writer understands it; undefined: nothing. */
export function readResetNote(store: Store, project: string): unknown {
  const file = join(folderOf(store), `${project}.reset`);
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Notes it for the next reset. */
export function writeResetNote(store: Store, project: string, note: unknown): void {
  mkdirSync(folderOf(store), { recursive: true });
  writeAtomically(join(folderOf(store), `${project}.reset`), JSON.stringify(note));
}

/** Notes which process removes it in the background, as its writer tells processes. */
export function writeRemover(store: Store, project: string, owner: string): void {
  mkdirSync(folderOf(store), { recursive: true });
  writeAtomically(join(folderOf(store), `${project}.remover`), owner);
}

/** The process that removes it in the background, or that did; undefined: there was none. */
export function readRemover(store: Store, project: string): string | undefined {
  const file = join(folderOf(store), `${project}.remover`);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** Forgets all of it, before the environment is made anew: one that is there without a note was never brought up to the end. */
export function forgetEnvironmentHash(store: Store, project: string): void {
  for (const name of [project, `${project}.reset`]) rmSync(join(folderOf(store), name), { force: true });
}
