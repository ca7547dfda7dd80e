import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Store, writeAtomically } from './store.ts';

/**
 * What came of one check under one fault. `killed`: it failed, as it should. `survived`: it passed. `unknown`: it could not be judged, which
 * proves nothing. Where the fault is in nothing that it looks at there is no outcome: not covered. `not-activated`: no sign that the fault took effect. `timeout`: its stage
 * ran into its limit, which is no finding. `ignored`: a person said that it need not be noticed.
 */
export const outcomes = ['killed', 'survived', 'unknown', 'not-activated', 'timeout', 'ignored'] as const;
export type Outcome = (typeof outcomes)[number];

const proofRecord = z.object({
  schema: z.literal('gym.proof/1'),
  task: z.string(),
  /** Hash of the task's definition that it was proven with: of another one it says nothing. */
  definition: z.string(),
  /** By check: the faults under which it failed as it should. */
  checks: z.record(z.string(), z.array(z.string())),
  at: z.number(),
});
/** Which checks of a task have been seen to fail. */
export type ProofRecord = z.infer<typeof proofRecord>;

const folderOf = (store: Store): string => join(store.directory, 'proofs');

/** The record of a task; `undefined`: there is none that can be read. */
export function readProofs(store: Store, task: string): ProofRecord | undefined {
  const parsed = proofRecord.safeParse(readJson(join(folderOf(store), `${task}.json`)));
  return parsed.success ? parsed.data : undefined;
}

/** Keeps the record of a task in the place of the one before. */
export function writeProofs(store: Store, record: ProofRecord): void {
  mkdirSync(folderOf(store), { recursive: true });
  writeAtomically(join(folderOf(store), `${record.task}.json`), `${JSON.stringify(record, null, 1)}\n`);
}

const nearest = z.object({ check: z.string(), because: z.string() });
/** Of the checks that held, the one that came nearest to noticing a fault. */
export type Nearest = z.infer<typeof nearest>;

const storedRun = z.object({
  fault: z.string(),
  cells: z.array(z.object({ check: z.string(), outcome: z.enum(outcomes), because: z.string() })),
  nearest: nearest.optional(),
});
/** What a run under a fault said of each check, so that it need not run again. */
export type StoredFaultRun = z.infer<typeof storedRun>;

const agentProof = z.object({
  agent: z.string(),
  what: z.string(),
  came: z.enum(['done', 'not-done', 'not-judged']),
  isAsItShouldBe: z.boolean(),
  because: z.string(),
});
/** What came of an agent that was tried: done where it should be, and only there. */
export type AgentProof = z.infer<typeof agentProof>;

/** What came of the agents, by a hash of all that it depends on; `undefined`: they were not tried. */
export function readAgentProofs(store: Store, task: string, key: string): AgentProof[] | undefined {
  const parsed = z.array(agentProof).safeParse(readJson(join(folderOf(store), task, `agents-${key}.json`)));
  return parsed.success ? parsed.data : undefined;
}

/** Keeps what came of them. */
export function writeAgentProofs(store: Store, task: string, key: string, proofs: readonly AgentProof[]): void {
  mkdirSync(join(folderOf(store), task), { recursive: true });
  writeAtomically(join(folderOf(store), task, `agents-${key}.json`), JSON.stringify(proofs));
}

/** The run under a fault of that key: a hash of all that it depends on. `undefined`: there is none. */
export function readFaultRun(store: Store, task: string, key: string): StoredFaultRun | undefined {
  const parsed = storedRun.safeParse(readJson(join(folderOf(store), task, `${key}.json`)));
  return parsed.success ? parsed.data : undefined;
}

/** Keeps a run under a fault; each in a file of its own, so that one that is killed loses nothing. */
export function writeFaultRun(store: Store, task: string, key: string, run: StoredFaultRun): void {
  mkdirSync(join(folderOf(store), task), { recursive: true });
  writeAtomically(join(folderOf(store), task, `${key}.json`), JSON.stringify(run));
}

/** A file that is missing or damaged is none. */
function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
