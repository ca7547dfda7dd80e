import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Event, eventVersion, event as schema } from '../events/event.ts';
import { type History, openHistory } from '../store/history.ts';
import { wrongOf } from './as-written.ts';
import { logReader, lookMs } from './events.ts';
import type { NamedRun } from './run-named.ts';

/**
 * What was recorded of a run or loop, in the order in which it happened: all that is there at once, and then, while it goes on, what comes. Of a
 * loop, the events of its verifications are among them. What cannot be read is left out; a last event of a problem tells of it, or of what is not as
 * gym wrote it. Ends with the run.
 */
export async function* recordedEvents(named: NamedRun): AsyncGenerator<readonly Event[]> {
  const { store, row } = named;
  const history = openHistory(store);
  const logs = new Map<string, () => Promise<string[]>>();
  const told = new Map<string, string>();
  let lastAt: number | undefined;
  let damaged = 0;
  let wasOver = false;
  let message: string | undefined;
  try {
    for (;;) {
      // Asked before the logs are read: what was written until then is read.
      const state = history.find(row.run)?.state;
      const read: Event[] = [];
      for (const run of runsOf(history, named)) {
        const log = logs.get(run) ?? logReader(join(store.runDirectory(run), 'events.ndjson'));
        logs.set(run, log);
        for (const line of await log()) {
          const event = eventIn(line);
          if (event === undefined) damaged += 1;
          else {
            noteEnd(told, run, event);
            read.push(event);
          }
        }
      }
      read.sort((a, b) => a.at - b.at);
      lastAt = read.at(-1)?.at ?? lastAt;
      yield read;
      const isEnded = read.some(({ run, type }) => run === row.run && type === `${ends[row.kind]}.finished`);
      // The history knows of an end a moment before the log; a run that was cut off has no end in its log.
      if (state === 'cut off' || (state !== 'running' && (isEnded || wasOver))) break;
      wasOver = state !== 'running';
      await sleep(lookMs);
    }
    message = wrongWith(named, history, told) ?? lackOf(named, lastAt === undefined, damaged);
  } finally {
    history.close();
  }
  if (message === undefined) return;
  const { run, startedAt } = row;
  const problem = { kind: 'evidence', message } as const;
  const at = lastAt ?? startedAt;
  yield [{ v: eventVersion, seq: 0, run, at, span: 'run', type: 'problem.found', problem }];
}

const ends = { verify: 'run', loop: 'loop' } as const;

/** The run itself and, of a loop, its verifications so far, the oldest first. */
function runsOf(history: History, { row: { run, kind } }: NamedRun): string[] {
  const judged = kind === 'loop' ? history.ofLoop(run).map((each) => each.run) : [];
  return [run, ...judged.reverse()];
}

function eventIn(line: string): Event | undefined {
  try {
    return schema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Notes how runs ended, as an event in the log of a run has it: that of its end, or of the loop that was told of one. */
function noteEnd(told: Map<string, string>, run: string, event: Event): void {
  // A loop that is gone on with has not ended.
  if (event.type === 'loop.started') told.delete(run);
  else if (event.type === 'loop.finished') told.set(run, event.end);
  else if (event.type === 'run.finished') told.set(run, event.state);
  else if (event.type === 'attempt.judged') told.set(event.judgedRun, event.state);
}

/** What is not as gym wrote it, in one sentence: of a loop, each of its verifications counts, and what it says of ends is to be what the history says. */
function wrongWith(named: NamedRun, history: History, told: ReadonlyMap<string, string>): string | undefined {
  const { store, row } = named;
  const states = new Map<string, string>();
  for (const run of runsOf(history, named)) {
    const found = history.find(run) ?? row;
    const wrong = wrongOf({ store, row: found, verdictOf: run });
    if (wrong !== undefined) return wrong;
    states.set(run, found.state);
  }
  const lie = [...told].find(([run, end]) => states.get(run) !== end);
  if (lie === undefined) return undefined;
  const [run, end] = lie;
  return `NOT AS GYM WROTE IT: the events of ${row.run} say of run ${run}: ${end}, the history: ${states.get(run) ?? 'nothing'}`;
}

/** What of it cannot be read, in one sentence. */
function lackOf({ store, row }: NamedRun, isEmpty: boolean, damaged: number): string | undefined {
  if (isEmpty) return `nothing of run ${row.run} can be read in ${store.runDirectory(row.run)}`;
  return damaged === 0 ? undefined : `${damaged} of the events of run ${row.run} cannot be read`;
}
