import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

const chunkBytes = 64 * 1024;
/** Longer lines are cut here, so that a line without end does not fill the memory. */
export const lineLimit = 1024 * 1024;

/** One line of a log, without its line break. */
export interface LogLine {
  readonly text: string;
  /** Only its first `lineLimit` characters are here. */
  readonly isCut: boolean;
}

/** The lines of a log file, one after the other, in bounded memory. Throws where the file cannot be read. */
export function* logLines(file: string): Generator<LogLine> {
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(chunkBytes);
    const decoder = new StringDecoder('utf8');
    let line: LogLine = { text: '', isCut: false };
    for (let size = readSync(descriptor, buffer); size > 0; size = readSync(descriptor, buffer)) {
      const [first = '', ...others] = decoder.write(buffer.subarray(0, size)).split('\n');
      line = extended(line, first);
      for (const other of others) {
        yield withoutReturn(line);
        line = extended({ text: '', isCut: false }, other);
      }
    }
    if (line.text !== '') yield withoutReturn(line);
  } finally {
    closeSync(descriptor);
  }
}

function extended(line: LogLine, more: string): LogLine {
  const room = lineLimit - line.text.length;
  return { text: line.text + more.slice(0, room), isCut: line.isCut || more.length > room };
}

/** A program at a terminal ends its lines with a carriage return as well. */
function withoutReturn(line: LogLine): LogLine {
  return line.text.endsWith('\r') ? { ...line, text: line.text.slice(0, -1) } : line;
}
