import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import type { Caller } from '../api/caller.ts';
import { event } from '../events/event.ts';
import { entryFile } from '../task/entry.ts';

/** Of what a run prints beside its events, the end: the problems that kept it from beginning. */
const keptChars = 4000;

/** A run that this server began, or why it did not. */
export type Begun = { readonly ok: true; readonly run: string } | { readonly ok: false; readonly text: string };

/**
 * The verifications of a server, one at a time: each is a gym of its own, so that it sees task files as they are now, and whatever it
 * does nobody waits for an answer. It ends with the server, in order, however that goes: they share a channel.
 *
 *     none ──begin──► beginning ──run.started──► under way ──its process ends──► none
 *                         '──── problems, abort ──────────────────────────────────^
 */
export interface Runs {
  /** Begins a verification of a task. Aborting until it has begun ends it. */
  begin(task: string | undefined, signal: AbortSignal): Promise<Begun>;
  /** Stops the run of that name, or of that end of it, and resolves when its environment is gone; false: it is none of this server's. */
  cancel(run: string): Promise<boolean>;
  /** Resolves when the process of the run of that name has ended; at once where it is none of this server's. */
  ended(run: string): Promise<void>;
  /** Stops what is under way, and resolves when its environment is gone. */
  stop(): Promise<void>;
}

interface Current {
  readonly child: ChildProcess;
  readonly closed: Promise<unknown>;
  run: string | undefined;
}

/** No run yet; those that are begun are of this process. */
export function openRuns(caller: Caller): Runs {
  let current: Current | undefined;
  const stop = async (): Promise<void> => {
    current?.child.kill('SIGTERM');
    await current?.closed;
  };
  return {
    async begin(task, signal) {
      if (current !== undefined) return { ok: false, text: busyText(current.run) };
      const child = spawnVerify(caller, task);
      const mine: Current = { child, run: undefined, closed: once(child, 'close').catch(() => undefined) };
      current = mine;
      mine.closed.finally(() => {
        current = undefined;
      });
      const abort = (): boolean => child.kill('SIGTERM');
      signal.addEventListener('abort', abort);
      const begun = await firstWord(child, mine.closed);
      signal.removeEventListener('abort', abort);
      if (begun.ok) mine.run = begun.run;
      return begun;
    },
    async cancel(run) {
      if (current?.run?.endsWith(run) !== true) return false;
      await stop();
      return true;
    },
    async ended(run) {
      if (current?.run === run) await current.closed;
    },
    stop,
  };
}

function busyText(run: string | undefined): string {
  const one = 'one run at a time';
  if (run === undefined) return `Another run is about to begin: ${one}. Call verify again in a moment.`;
  return `Run ${run} is under way: ${one}. wait for it, or cancel it; then call verify again.`;
}

function spawnVerify({ cwd, env }: Caller, task: string | undefined): ChildProcess {
  const args = ['verify', '--json=stream', ...(task === undefined ? [] : ['--', task])];
  return spawn(process.execPath, [entryFile('gym'), ...args], {
    ...{ cwd, env },
    // With the channel's end, which a kill -9 of this process makes too, it ends.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

/** The run that a child tells it has begun, or what it said instead. All that it prints is read to its end. */
async function firstWord(child: ChildProcess, closed: Promise<unknown>): Promise<Begun> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-keptChars);
  });
  const begun = Promise.withResolvers<Begun>();
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const run = startedBy(line);
      if (run !== undefined) begun.resolve({ ok: true, run });
    });
  }
  closed.then(() =>
    begun.resolve({ ok: false, text: stripVTControlCharacters(said).trim() || 'It ended before it began.' }),
  );
  return begun.promise;
}

/** A task file may print lines of its own. */
function startedBy(line: string): string | undefined {
  if (!line.includes('"run.started"')) return undefined;
  try {
    const read = event.safeParse(JSON.parse(line));
    return read.data?.type === 'run.started' ? read.data.run : undefined;
  } catch {
    return undefined;
  }
}
