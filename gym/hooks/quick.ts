import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod';
import { runOnHost } from '../harness/host.ts';
import { hostFolder } from '../harness/stage-file.ts';
import { killMarked } from '../store/processes.ts';
import { writeAtomically } from '../store/store.ts';
import type { Stage, Task } from '../task/schema.ts';

/** A stage that took too long is not tried again for this time. */
const restMs = 600_000;
const tailLines = 12;
const tailCharacters = 1_000;

/** What is known of stages, by a hash of their definition. */
const notesSchema = z.record(z.string(), z.object({ hasPassed: z.boolean(), restsUntil: z.number() }));

/** What to run where. */
export interface QuickRequest {
  readonly task: Task;
  /** A copy of the task's folder that may be written to. */
  readonly directory: string;
  /** File for what is known of the stages. */
  readonly notes: string;
  readonly signal: AbortSignal;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

/** The stages that can be run at once: those on the host with which the harness begins. */
export function quickStages({ stages }: Task): readonly Stage[] {
  const first = stages.findIndex(({ service }) => service !== undefined);
  return first < 0 ? stages : stages.slice(0, first);
}

/**
 * Runs the quick stages without an environment, until one fails; gives what to say of it. A stage on the host may need the environment
 * all the same, so its failure counts only once it has passed without one. What the signal cuts off says nothing.
 */
export async function runQuickStages({
  task,
  directory,
  notes,
  signal,
  clock,
}: QuickRequest): Promise<string | undefined> {
  const known = readNotes(notes);
  for (const stage of quickStages(task)) {
    const key = createHash('sha256').update(JSON.stringify(stage)).digest('hex').slice(0, 16);
    const before = known[key] ?? { hasPassed: false, restsUntil: 0 };
    if (before.restsUntil > clock()) return undefined;
    const { ended, tail } = await runStage(stage, directory, signal);
    if (ended.kind !== 'exited') {
      writeNotes(notes, { ...known, [key]: { ...before, restsUntil: clock() + restMs } });
      return undefined;
    }
    if (ended.exitCode !== 0)
      return before.hasPassed ? `fail ${stage.name}: exit code ${ended.exitCode}\n${tail}` : undefined;
    if (!before.hasPassed) {
      known[key] = { ...before, hasPassed: true };
      writeNotes(notes, known);
    }
  }
  return undefined;
}

async function runStage(stage: Stage, directory: string, signal: AbortSignal) {
  const command = typeof stage.command === 'string' ? ['sh', '-c', stage.command] : stage.command;
  const marker = `GYM_RUN_ID=hook-${process.pid}`;
  let output = '';
  // Nobody waits for what would take its time to end.
  let killed: Promise<unknown> | undefined;
  const kill = (): void => {
    killed = killMarked(marker);
  };
  signal.addEventListener('abort', kill, { once: true });
  const ended = await runOnHost({
    command,
    env: { ...stage.env, GYM_NONCE: '' },
    workdir: hostFolder(stage, directory),
    marker,
    onOutput: (chunk) => {
      output = (output + Buffer.from(chunk).toString('utf8')).slice(-4 * tailCharacters);
    },
    signal,
    timeoutMs: stage.timeoutSeconds * 1000,
  });
  signal.removeEventListener('abort', kill);
  await killed;
  const lines = stripVTControlCharacters(output).trim().split('\n').slice(-tailLines);
  return { ended, tail: lines.join('\n').slice(-tailCharacters) };
}

function readNotes(file: string): z.infer<typeof notesSchema> {
  if (!existsSync(file)) return {};
  try {
    return notesSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return {};
  }
}

function writeNotes(file: string, notes: z.infer<typeof notesSchema>): void {
  mkdirSync(dirname(file), { recursive: true });
  writeAtomically(file, JSON.stringify(notes));
}
