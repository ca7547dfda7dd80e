import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

const chunkBytes = 64 * 1024;
/** Longer lines are cut here: a check needs no more, and a line without end must not fill the memory. */
const lineLimit = 64 * 1024;

/** The lines of a log file, one after the other, in bounded memory. */
export function* logLines(file: string): Generator<string> {
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(chunkBytes);
    const decoder = new StringDecoder('utf8');
    let rest = '';
    for (let size = readSync(descriptor, buffer); size > 0; size = readSync(descriptor, buffer)) {
      const lines = (rest + decoder.write(buffer.subarray(0, size))).split('\n');
      rest = (lines.pop() ?? '').slice(0, lineLimit);
      for (const line of lines) yield line.slice(0, lineLimit);
    }
    if (rest !== '') yield rest;
  } finally {
    closeSync(descriptor);
  }
}
