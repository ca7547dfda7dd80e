import { join } from 'node:path';
import type { Environment } from '../../../gym/environment/environment.ts';
import type { State } from '../../../gym/events/event.ts';
import { readEvidence } from '../../../gym/evidence/evidence.ts';
import type { Reading } from '../../../gym/task/measurement.ts';
import { type Task, taskSchema } from '../../../gym/task/schema.ts';
import type { Source } from '../../../gym/task/source.ts';
import { idleEnvironment, temporaryFolder } from '../harness/support.ts';

/** What happens around the reading of sources. */
export interface Around {
  readonly environment?: Partial<Environment>;
  /** The workspace. */
  readonly folder?: string;
  /** What the stage `e2e` does; the state that it ends with. */
  readonly during?: (folder: string) => void | State | Promise<void>;
  readonly signal?: AbortSignal;
}

/** Reads sources around the one stage of a task, which runs on the host. */
export async function readingsOf(
  sources: Readonly<Record<string, Source>>,
  { environment = {}, folder = temporaryFolder(), during, signal = new AbortController().signal }: Around = {},
): Promise<ReadonlyMap<string, Reading>> {
  const definition = taskSchema.parse({
    name: 'tiny',
    instruction: 'TASK.md',
    compose: 'compose.yaml',
    stages: [{ name: 'e2e', command: 'true' }],
    measurements: sources,
  });
  const task: Task = { ...definition, file: join(folder, 'task.ts'), root: folder };
  const used = { ...idleEnvironment(), flushLogs: async () => {}, ...environment };
  const place = { task, environment: used, hostDirectory: folder, runDirectory: temporaryFolder() };
  const reader = readEvidence({ ...place, nonce: 'of-this-run', signal }, () => {});
  await reader.beforeStage('e2e');
  const state = (await during?.(folder)) ?? 'pass';
  await reader.afterStage('e2e', state);
  return (await reader.evidence()).readings;
}

/** The same of one source. */
export async function readingOf(source: Source, around: Around = {}): Promise<Reading> {
  const reading = (await readingsOf({ it: source }, around)).get('it');
  if (reading === undefined) throw new Error('nothing was read');
  return reading;
}
