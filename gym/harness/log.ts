import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** What a log file takes of one stage; a stage that prints in a loop must not fill the disk. */
export const logLimitBytes = 64 * 1024 * 1024;
/** The end is kept whatever the length: it tells why a stage ended. */
const tailBytes = 64 * 1024;

/** The log file of a stage while it is written. */
export interface StageLog {
  /** Takes output as it comes. Written at once, so that readers can follow and nothing piles up in memory. */
  write(chunk: Uint8Array): void;
  /** The last lines that have something in them, without colours. */
  lastLines(count: number): string;
  /** Ends the file; where output was left out, it says how much and adds the end of it. */
  close(): void;
}

/** Creates a stage's log file, with its folder. */
export function openStageLog(file: string, limitBytes = logLimitBytes): StageLog {
  mkdirSync(dirname(file), { recursive: true });
  const descriptor = openSync(file, 'w');
  let written = 0;
  let leftOut = 0;
  const tail = openTail();
  return {
    write(chunk) {
      const room = Math.min(chunk.length, limitBytes - written);
      if (room > 0) writeAll(descriptor, chunk.subarray(0, room));
      written += room;
      leftOut += chunk.length - room;
      tail.add(chunk);
    },
    lastLines(count) {
      const lines = stripVTControlCharacters(tail.bytes().toString('utf8')).split(/\r?\n/);
      return lines
        .filter((line) => line.trim() !== '')
        .slice(-count)
        .join('\n');
    },
    close() {
      if (leftOut > 0) writeAll(descriptor, leftOutNotice(leftOut, limitBytes, tail.bytes()));
      closeSync(descriptor);
    },
  };
}

/** The last bytes of a stream, in a buffer of twice their length, so that they are moved only now and then. */
function openTail(): { add(chunk: Uint8Array): void; bytes(): Buffer } {
  const buffer = Buffer.alloc(2 * tailBytes);
  let end = 0;
  return {
    add(chunk) {
      const last = chunk.subarray(-tailBytes);
      if (end + last.length > buffer.length) {
        buffer.copyWithin(0, end - tailBytes, end);
        end = tailBytes;
      }
      buffer.set(last, end);
      end += last.length;
    },
    bytes: () => buffer.subarray(Math.max(0, end - tailBytes), end),
  };
}

function leftOutNotice(leftOut: number, limitBytes: number, tail: Buffer): Buffer {
  const end = tail.subarray(-Math.min(leftOut, tail.length));
  const left = `${leftOut} more bytes of output were left out; the last ${end.length} follow`;
  return Buffer.concat([Buffer.from(`\n[gym: the log is full at ${limitBytes} bytes; ${left}]\n`), end]);
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}
