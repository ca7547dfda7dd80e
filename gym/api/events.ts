import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Event, event } from '../events/event.ts';
import { openHistory } from '../store/history.ts';
import type { NamedRun } from './run-named.ts';

/** How often the log of a run that goes on is looked at. */
export const lookMs = 100;

/**
 * The events of a run or loop, from its first: those that are in its log, and then, while it goes on, those that come. Ends with the run,
 * also where its gym was killed, or when it is aborted.
 */
export async function* eventsOf({ store, row: { run } }: NamedRun, signal?: AbortSignal): AsyncGenerator<Event> {
  const log = logReader(join(store.runDirectory(run), 'events.ndjson'));
  const history = openHistory(store);
  const isEnd = (type: Event['type'] | undefined): boolean => type === 'run.finished' || type === 'loop.finished';
  let last: Event['type'] | undefined;
  let wasOver = false;
  try {
    while (signal?.aborted !== true) {
      // Asked before the log is read: what was written until then is read.
      const isOver = history.find(run)?.state !== 'running';
      for (const line of await log()) {
        const read = event.parse(JSON.parse(line));
        last = read.type;
        yield read;
      }
      // The history knows of an end a moment before the log; a run that was cut off has no end in its log.
      if (isOver && (wasOver || isEnd(last))) return;
      wasOver = isOver;
      await sleep(lookMs, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    history.close();
  }
}

/** Reads the whole lines of a file that have come since it was asked last; none where it is not there. */
export function logReader(file: string): () => Promise<string[]> {
  let at = 0;
  let rest = Buffer.alloc(0);
  return async () => {
    if (!existsSync(file)) return [];
    await using handle = await open(file);
    const { size } = await handle.stat();
    const fresh = Buffer.alloc(Math.max(0, size - at));
    const { bytesRead } = await handle.read(fresh, 0, fresh.length, at);
    at += bytesRead;
    const whole = Buffer.concat([rest, fresh.subarray(0, bytesRead)]);
    const end = whole.lastIndexOf('\n') + 1;
    rest = whole.subarray(end);
    return whole.toString('utf8', 0, end).split('\n').slice(0, -1);
  };
}
