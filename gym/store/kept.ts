import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Store, writeAtomically } from './store.ts';

/** What a kept environment's resets have noted, as its writer understands it; undefined: nothing. */
export function readResetNote(store: Store, project: string): unknown {
  const file = join(store.environments, `${project}.reset`);
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Notes it for the next reset. */
export function writeResetNote(store: Store, project: string, note: unknown): void {
  mkdirSync(store.environments, { recursive: true });
  writeAtomically(join(store.environments, `${project}.reset`), JSON.stringify(note));
}

/**
 * Whether a kept environment is noted as up. The engine has a mark of that, which outlives `git clean`; gyms of before there were marks
 * know the note alone, and may share the engine.
 */
export function isNotedUp(store: Store, project: string): boolean {
  return existsSync(join(store.environments, project));
}

/** Notes it as up, with the hash of the files that it was brought up from; only where there is a store. */
export function noteUp(store: Store, project: string, files: string): void {
  if (!existsSync(store.directory)) return;
  mkdirSync(store.environments, { recursive: true });
  writeAtomically(join(store.environments, project), files);
}

/** Notes that it is not up, or not for long. What cannot be written to is another user's. */
export function noteNotUp(store: Store, project: string): void {
  try {
    rmSync(join(store.environments, project), { force: true });
  } catch {
    // The mark is what counts.
  }
}

/** Forgets all that is noted of it, before it is taken down or made anew. */
export function forgetNotes(store: Store, project: string): void {
  noteNotUp(store, project);
  rmSync(join(store.environments, `${project}.reset`), { force: true });
}
