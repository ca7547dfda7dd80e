import type { Environment } from '../environment/environment.ts';
import { failed, type Result } from '../events/problem.ts';
import type { Document, Sample } from '../task/measurement.ts';
import type { Task } from '../task/schema.ts';
import type { Source } from '../task/source.ts';

/** Where evidence is read from. */
export interface EvidencePlace {
  readonly task: Task;
  readonly environment: Environment;
  /** Folder of the stages that run on the host: the snapshot. */
  readonly hostDirectory: string;
  /** Folder of the run: readings are kept under `evidence/` in it. */
  readonly runDirectory: string;
  /** What tells this run's documents from those of others. */
  readonly nonce: string;
  /** Breaks off what takes long: a load that is being made, what goes on while a stage runs. */
  readonly signal: AbortSignal;
}

/** What a source gave. */
export interface Found {
  readonly samples: readonly Sample[];
  readonly documents?: readonly Document[];
  /** The run that a document says it is of. */
  readonly nonce?: string;
}

/** Reads a source after its stage. */
export type ReadSource = () => Promise<Result<Found>>;

/**
 * Called before a source's stage: notes where counters stand, or clears what would be stale. Gives what reads it afterwards. The signal
 * of its place ends when the stage did not pass, and it will not be read. `name`: as the task has it.
 */
export type BeginSource<Kind extends Source['kind']> = (
  source: Extract<Source, { kind: Kind }>,
  place: EvidencePlace,
  name: string,
) => Promise<ReadSource>;

/** A source that could not be read, and why. */
export const notRead = (message: string): Result<never> => failed({ kind: 'evidence', message });
