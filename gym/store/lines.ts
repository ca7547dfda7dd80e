import { closeSync, openSync, readSync, renameSync, writeSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

const chunkBytes = 1024 * 1024;

/** Writes a whole file of lines or nothing, without ever holding all of it. A line has no line break in it. */
export function writeLinesAtomically(file: string, lines: Iterable<string>): void {
  const temporary = `${file}.${process.pid}.tmp`;
  const descriptor = openSync(temporary, 'w');
  try {
    let chunk = '';
    const flush = (): void => {
      const bytes = Buffer.from(chunk);
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
      chunk = '';
    };
    for (const line of lines) {
      chunk += `${line}\n`;
      if (chunk.length >= chunkBytes) flush();
    }
    flush();
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
}

/** The lines of a file, however many and long. Throws where it cannot be read. */
export function* readLines(file: string): Generator<string> {
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(chunkBytes);
    const decoder = new StringDecoder('utf8');
    let line = '';
    for (let size = readSync(descriptor, buffer); size > 0; size = readSync(descriptor, buffer)) {
      const [first = '', ...others] = decoder.write(buffer.subarray(0, size)).split('\n');
      line += first;
      for (const other of others) {
        yield line;
        line = other;
      }
    }
    if (line !== '') yield line;
  } finally {
    closeSync(descriptor);
  }
}
