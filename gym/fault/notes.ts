import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { environmentFault, faultEvidence } from '../task/environment-fault.ts';

const container = z.string();

/** What takes a fault back. Each step may be done again, and finds nothing to do where the container is gone. */
export const undo = z.discriminatedUnion('do', [
  z.object({ do: z.literal('start'), container, service: z.string() }),
  z.object({ do: z.literal('unpause'), container, service: z.string() }),
  z.object({
    do: z.literal('connect'),
    container,
    service: z.string(),
    network: z.string(),
    aliases: z.array(z.string()),
    address: z.string(),
  }),
  /** Addresses that the container may reach again. */
  z.object({ do: z.literal('reach'), container, service: z.string(), addresses: z.array(z.string()) }),
  /** Names that lead to the service itself again, in a client's file of hosts. */
  z.object({ do: z.literal('resolve'), container, service: z.string() }),
  z.object({
    do: z.literal('limit'),
    container,
    service: z.string(),
    /** As the engine had them; 0: none. */
    limits: z.union([
      z.object({ memoryBytes: z.number(), swapBytes: z.number() }),
      z.object({ nanoCpus: z.number() }),
      z.object({ cpuPeriod: z.number(), cpuQuota: z.number() }),
    ]),
  }),
  z.object({ do: z.literal('free'), container, service: z.string(), path: z.string() }),
]);
export type Undo = z.infer<typeof undo>;

const note = z.discriminatedUnion('type', [
  /** Written before anything is done. */
  z.object({
    v: z.literal(1),
    type: z.literal('injecting'),
    id: z.string(),
    /** Epoch milliseconds. */
    at: z.number(),
    /** The process that injects, as in `Owner`. */
    by: z.string(),
    held: z.enum(['process', 'kept']),
    fault: environmentFault,
    undo: z.array(undo),
    /** The containers that it is about, with when they had been started: a start makes an end of some faults. */
    startedAt: z.record(z.string(), z.string()),
  }),
  z.object({ v: z.literal(1), type: z.literal('injected'), id: z.string(), evidence: z.array(faultEvidence) }),
  z.object({ v: z.literal(1), type: z.literal('cleared'), id: z.string() }),
]);
type Note = z.infer<typeof note>;
type Injecting = Extract<Note, { type: 'injecting' }>;

/** A fault that was injected, or was about to be, and was not cleared. */
export interface OpenFault extends Omit<Injecting, 'type' | 'v'> {
  /** `null`: it is being injected, or was when its process ended. */
  readonly evidence: z.infer<typeof faultEvidence>[] | null;
}

const ending = '.faults.ndjson';
const folderOf = (checkout: string): string => join(checkout, '.gym', 'environments');

/** Where the faults of an environment are noted: beside gym's other notes of it. */
export function notesFile(checkout: string, project: string): string {
  return join(folderOf(checkout), `${project}${ending}`);
}

/** The environments of a checkout that have notes of faults. */
export function notedProjects(checkout: string): string[] {
  const folder = folderOf(checkout);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((file) => (file.endsWith(ending) ? file.slice(0, -ending.length) : []));
}

/** Appends a note. It is on the disk, or at least the kernel's, before this returns. */
export function writeNote(file: string, written: Note): void {
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(written)}\n`);
}

/** The faults that are open, the oldest first. A last line that was cut off is no note. */
export function openFaults(file: string): readonly OpenFault[] {
  if (!existsSync(file)) return [];
  const open = new Map<string, OpenFault>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const read = parseNote(line);
    const known = read === undefined ? undefined : open.get(read.id);
    if (read?.type === 'injecting') open.set(read.id, { ...read, evidence: null });
    else if (read?.type === 'cleared') open.delete(read.id);
    else if (read?.type === 'injected' && known !== undefined) open.set(read.id, { ...known, evidence: read.evidence });
  }
  return [...open.values()];
}

function parseNote(line: string): Note | undefined {
  try {
    return note.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
