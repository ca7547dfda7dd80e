import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { openStore, writeAtomically } from './store.ts';

/** The set of slots that the next environment of a task may take: networks, and a container a service that is in them. */
export const slotsNoteSchema = z.object({
  /** Name of the set: what the engine's names of its parts begin with. */
  set: z.string(),
  /** Hash of all that the set is made from. */
  key: z.string(),
  /** When it is nobody's any more if no environment has it, in epoch milliseconds. */
  until: z.number(),
  /** The engine's names of networks, by their names in the Compose file. */
  networks: z.record(z.string(), z.string()),
  /** Container ids by service. */
  containers: z.record(z.string(), z.string()),
});
export type SlotsNote = z.infer<typeof slotsNoteSchema>;

const folderOf = (checkout: string): string => join(openStore(checkout).directory, 'slots');
const fileOf = (checkout: string, task: string): string => join(folderOf(checkout), `${task}.json`);

/** The set that is noted for a task of a checkout; undefined: none. */
export function readSlots(checkout: string, task: string): SlotsNote | undefined {
  try {
    return slotsNoteSchema.safeParse(JSON.parse(readFileSync(fileOf(checkout, task), 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** Notes a set, in the place of another one: what is not noted is nobody's. */
export function writeSlots(checkout: string, task: string, note: SlotsNote): void {
  openStore(checkout).make();
  const file = fileOf(checkout, task);
  mkdirSync(dirname(file), { recursive: true });
  writeAtomically(file, JSON.stringify(note));
}

/** Forgets it, or those of all tasks: no environment takes it from here on. */
export function forgetSlots(checkout: string, task?: string): void {
  rmSync(task === undefined ? folderOf(checkout) : fileOf(checkout, task), { recursive: true, force: true });
}
