import { demultiplex, undivided } from './demux.ts';

/** A piece of a record of the engine's own log; a record is a line, or a part of a long one. */
export interface RecordPiece {
  readonly stream: 'stdout' | 'stderr';
  /** When the engine read it, in nanoseconds since 1970; of one stream never before that of an earlier record. */
  readonly at: bigint;
  /** Whether a record begins with it. */
  readonly isFirst: boolean;
  readonly bytes: Uint8Array;
}

/** The engine cuts longer lines into records of this length. Source: moby, daemon/logger/copier.go. */
const longestRecordBytes = 16 * 1024;
const [newline, space] = [10, 32];

/** Takes what the engine's `logs` with timestamps gives apart: each record is a frame that begins with its time. */
export async function* framedRecords(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<RecordPiece> {
  let stamp = '';
  let at: bigint | undefined;
  for await (const { stream, bytes, isStart } of demultiplex(source)) {
    if (isStart) [stamp, at] = ['', undefined];
    if (at !== undefined) {
      yield { stream, at, isFirst: false, bytes };
      continue;
    }
    const end = bytes.indexOf(space);
    stamp += Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('latin1');
    if (end < 0) continue;
    at = nanoseconds(stamp);
    yield { stream, at, isFirst: true, bytes: bytes.subarray(end + 1) };
  }
}

/** The same of a container with a terminal, where there are no frames: a record ends with its line, or at its greatest length. */
export async function* terminalRecords(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<RecordPiece> {
  let rest = Buffer.alloc(0);
  for await (const { bytes } of undivided(source)) {
    rest = Buffer.concat([rest, bytes]);
    for (let end = recordEnd(rest); end !== undefined; end = recordEnd(rest)) {
      yield recordOf(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  }
  if (rest.length > 0) yield recordOf(rest);
}

function recordOf(bytes: Buffer): RecordPiece {
  const end = bytes.indexOf(space);
  const at = nanoseconds(bytes.toString('latin1', 0, end));
  return { stream: 'stdout', at, isFirst: true, bytes: bytes.subarray(end + 1) };
}

const longestStampBytes = 36;
const stampInside = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(?:Z|[+-]\d\d:\d\d) /g;

/** Where the first record ends; `undefined`: more has to come for that to be known. */
function recordEnd(bytes: Buffer): number | undefined {
  const begin = bytes.indexOf(space) + 1;
  if (begin === 0) return undefined;
  const line = bytes.indexOf(newline, begin) + 1;
  const longest = begin + longestRecordBytes;
  const isLine = line > 0 && line <= longest;
  if (!isLine && bytes.length < longest + longestStampBytes) return undefined;
  // The line that a kill cut off is followed by the next start's first record. Times that the program itself printed are earlier.
  const at = nanoseconds(bytes.toString('latin1', 0, begin - 1));
  const text = bytes.toString('latin1', begin, isLine ? line : longest + longestStampBytes);
  const inside = [...text.matchAll(stampInside)].find(([stamp]) => nanoseconds(stamp.trim()) > at);
  const end = isLine ? line : longest;
  return inside === undefined ? end : Math.min(end, begin + inside.index);
}

/** Of a time as RFC 3339 writes it, with up to nine digits after the second. */
export function nanoseconds(text: string): bigint {
  const [, second = '', fraction = '', zone = 'Z'] = /^(.*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  const milliseconds = Date.parse(second + zone);
  return Number.isNaN(milliseconds) ? 0n : BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

/**
 * Tells which records of the engine's log are new, however often it is read. Of each stream the records are in the order of their times,
 * and parts of one line share theirs: so the last time that was had and the number of records with it say how far one was.
 */
export class Cursor {
  #had = new Map<string, { readonly at: bigint; readonly count: number }>();
  #seen = new Map<string, { at: bigint; count: number }>();
  #takes = true;

  /** Before a reading of the log. */
  begin(): void {
    for (const [stream, { at, count }] of this.#seen) {
      const had = this.#had.get(stream);
      if (had === undefined || at > had.at || (at === had.at && count > had.count))
        this.#had.set(stream, { at, count });
    }
    this.#seen = new Map();
  }

  /** Whether a piece is of a record that was not had in an earlier reading. */
  takes({ stream, at, isFirst }: RecordPiece): boolean {
    if (!isFirst) return this.#takes;
    const seen = this.#seen.get(stream);
    const now = seen?.at === at ? { at, count: seen.count + 1 } : { at, count: 1 };
    this.#seen.set(stream, now);
    const had = this.#had.get(stream);
    this.#takes = had === undefined || at > had.at || (at === had.at && now.count > had.count);
    return this.#takes;
  }
}
