import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { timesFile } from '../environment/capped-file.ts';
import type { Event } from '../events/event.ts';

/** A line of a recorded log. `atMs`: when it came, epoch milliseconds; null: from before such times were noted. */
export interface RecordedLine {
  readonly source: string;
  readonly atMs: number | null;
  readonly text: string;
}

/** A stretch of time, epoch milliseconds, both ends within it. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Lines around a moment are those that came within this time of it. */
const aroundMs = 1000;
const unitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/**
 * The time that is meant by a word: a stage's name (while it ran), a duration since the run began (`12.5s`), a time of day in
 * UTC (`08:15:30.250`), or a whole time as verdicts and evidence have it. `undefined`: it is none of these.
 */
export function windowOf(word: string, events: readonly Event[]): Window | undefined {
  const [first] = events;
  if (first === undefined) return undefined;
  const began = events.find((event) => event.type === 'stage.started' && event.stage === word);
  if (began !== undefined) {
    const ended = events.find((event) => event.type === 'stage.finished' && event.stage === word);
    return { fromMs: began.at, toMs: ended?.at ?? Number.POSITIVE_INFINITY };
  }
  const atMs = momentOf(word, first.at);
  return atMs === undefined ? undefined : { fromMs: atMs - aroundMs, toMs: atMs + aroundMs };
}

function momentOf(word: string, startedAtMs: number): number | undefined {
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?) ?(ms|s|m|h)$/.exec(word) ?? [];
  if (unit === 'ms' || unit === 's' || unit === 'm' || unit === 'h')
    return startedAtMs + Number(amount) * unitsMs[unit];
  if (/^\d{13}(?:\.\d+)?$/.test(word)) return Number(word);
  const day = new Date(startedAtMs).toISOString().slice(0, 10);
  const whole = /^\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?$/.test(word) ? `${day}T${word.replace(/Z$/, '')}Z` : word;
  const parsed = /^\d{4}-\d\d-\d\d/.test(whole) ? Date.parse(whole) : Number.NaN;
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** The lines of a recorded log in their order, those of `FILE.1` first; within a window where one is given. */
export function* recordedLines(source: string, file: string, window?: Window): Generator<RecordedLine> {
  for (const part of [`${file}.1`, file].filter((path) => existsSync(path))) {
    const times = timesOf(part);
    if (window !== undefined && times.length === 0) continue;
    const from = window === undefined ? 0 : (times.findLast(({ atMs }) => atMs < window.fromMs)?.offset ?? 0);
    let index = 0;
    for (const { offset, text } of linesFrom(part, from)) {
      while ((times[index + 1]?.offset ?? Number.POSITIVE_INFINITY) <= offset) index += 1;
      const atMs = times[index]?.atMs ?? null;
      if (window !== undefined && atMs !== null && atMs > window.toMs) break;
      if (window === undefined || (atMs !== null && atMs >= window.fromMs)) yield { source, atMs, text };
    }
  }
}

/** Lines of several logs, in the order in which they came. */
export function* inOrderOfTime(logs: readonly Generator<RecordedLine>[]): Generator<RecordedLine> {
  const heads = logs.map((lines) => ({ lines, head: lines.next() }));
  for (;;) {
    const open = heads.filter(({ head }) => head.done !== true);
    const [first] = open.sort((a, b) => timeOf(a.head.value) - timeOf(b.head.value));
    if (first?.head.done !== false) return;
    yield first.head.value;
    first.head = first.lines.next();
  }
}

const timeOf = (line: RecordedLine | undefined): number => line?.atMs ?? 0;

interface Time {
  readonly atMs: number;
  readonly offset: number;
}

function timesOf(file: string): Time[] {
  const times = timesFile(file);
  if (!existsSync(times)) return [];
  const lines = readFileSync(times, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const [atMs = 0, offset = 0] = line.split(' ').map(Number);
    return { atMs, offset };
  });
}

const chunkBytes = 256 * 1024;

/** Lines from a byte of a file on, each with the byte that it begins at; what is no beginning of a line is left out. */
function* linesFrom(file: string, from: number): Generator<{ offset: number; text: string }> {
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(chunkBytes);
    // A character a byte, so that places are exact whatever was printed; from one byte before, which tells whether a line begins.
    let [rest, offset, at] = ['', Math.max(0, from - 1), Math.max(0, from - 1)];
    for (;;) {
      const size = readSync(descriptor, buffer, 0, chunkBytes, at);
      at += size;
      const lines = (rest + buffer.toString('latin1', 0, size)).split('\n');
      rest = lines.pop() ?? '';
      if (size === 0 && rest !== '') lines.push(rest);
      for (const text of lines) {
        if (offset >= from) yield { offset, text: Buffer.from(text, 'latin1').toString() };
        offset += text.length + 1;
      }
      if (size === 0) return;
    }
  } finally {
    closeSync(descriptor);
  }
}
