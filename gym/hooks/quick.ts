import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod';
import { runOnHost } from '../harness/host.ts';
import { hostFolder } from '../harness/stage-file.ts';
import { killMarked } from '../store/processes.ts';
import { sha256 } from '../store/sha256.ts';
import { writeAtomically } from '../store/store.ts';
import type { Stage, Task } from '../task/schema.ts';

/** A stage that took too long is not tried again for this time. */
const restMs = 600_000;
const tailLines = 12;
const tailCharacters = 1_000;

/** Until when stages are left alone, by a hash of their definition. */
const restsSchema = z.record(z.string(), z.number());

/** What to run where. */
export interface QuickRequest {
  readonly task: Task;
  /** A copy of the task's folder that may be written to. */
  readonly directory: string;
  /** File for what is known of stages that took too long. */
  readonly notes: string;
  readonly signal: AbortSignal;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

/** The stages that can be run at once: pure ones on the host, which need no environment. */
export function quickStages({ stages }: Task): readonly Stage[] {
  return stages.filter(({ pure, service }) => pure && service === undefined);
}

/** Runs the quick stages until one fails; gives what to say of it. What the signal cuts off says nothing. */
export async function runQuickStages({
  task,
  directory,
  notes,
  signal,
  clock,
}: QuickRequest): Promise<string | undefined> {
  const rests = readRests(notes);
  for (const stage of quickStages(task)) {
    const key = sha256(JSON.stringify(stage)).slice(0, 16);
    if ((rests[key] ?? 0) > clock()) continue;
    const { ended, tail } = await runStage(stage, directory, signal);
    if (ended.kind !== 'exited') {
      mkdirSync(dirname(notes), { recursive: true });
      writeAtomically(notes, JSON.stringify({ ...rests, [key]: clock() + restMs }));
      return undefined;
    }
    if (ended.exitCode !== 0) return `fail ${stage.name}: exit code ${ended.exitCode}\n${tail}`;
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

function readRests(file: string): z.infer<typeof restsSchema> {
  if (!existsSync(file)) return {};
  try {
    return restsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return {};
  }
}
