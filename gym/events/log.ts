import { closeSync, existsSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { type Emit, type Event, event, eventVersion } from './event.ts';

/** Reads events as they happen. */
export type Listener = (event: Event) => void;

/** The log of one run or loop: appended to its file first, then shown to the listeners. */
export interface EventLog {
  readonly run: string;
  readonly emit: Emit;
  close(): void;
}

/**
 * Opens `events.ndjson` for appending. `firstSeq` continues a log after a resume.
 * A line is written with one write call, so a kill leaves at most one torn last line: readEvents skips it, and it is cut
 * off before the log goes on.
 */
export function openEventLog(
  file: string,
  run: string,
  listeners: readonly Listener[],
  clock: () => number = Date.now,
  firstSeq = 0,
): EventLog {
  if (existsSync(file)) truncateSync(file, readFileSync(file).lastIndexOf('\n') + 1);
  const descriptor = openSync(file, 'a');
  let seq = firstSeq;
  let span = 'run';
  let open = true;
  const emit: Emit = (body) => {
    if (!open) return;
    span = spanOf(body, span);
    const next: Event = { v: eventVersion, seq, run, at: clock(), span, ...body };
    seq += 1;
    writeSync(descriptor, `${JSON.stringify(next)}\n`);
    for (const listener of listeners) listener(next);
  };
  const close = (): void => {
    if (open) closeSync(descriptor);
    open = false;
  };
  return { run, emit, close };
}

/** Events belong to the phase or attempt that was last begun. */
function spanOf(body: Parameters<Emit>[0], current: string): string {
  if (body.type === 'phase.started') return body.phase;
  if (body.type === 'attempt.started') return `attempt-${body.attempt}`;
  if (body.type === 'run.finished' || body.type === 'loop.finished') return 'run';
  return current;
}

/** Reads a log back. What has no line break yet (a kill in mid-write) is left out; a bad line is a bug of the writer and throws. */
export function readEvents(file: string): Event[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.filter((line) => line !== '').map((line) => event.parse(JSON.parse(line)));
}
