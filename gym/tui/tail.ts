import { constants, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { cleanLine } from './text.ts';

/** The end of a log file. Lines have numbers that stay: `first` is that of the first line kept. */
export interface LogWindow {
  readonly first: number;
  readonly lines: readonly string[];
  /** Size of the file. */
  readonly bytes: number;
}

/** A log of which nothing has been read. */
export const emptyLog: LogWindow = { first: 1, lines: [], bytes: 0 };

/** Whether a log file has something in it yet, as far as anybody may know: a record may name whatever. */
export function hasContent({ file }: { readonly file: string }): boolean {
  try {
    return statSync(file).size > 0;
  } catch {
    return false;
  }
}

const windowBytes = 64 * 1024;
const keptLines = 2000;
const lineLength = 1000;
const pollMs = 100;

/**
 * Follows the end of a file, from its last 64 KiB on, until closed. Memory is bounded: it keeps 2,000 lines, and of a
 * file that grows faster than 64 KiB in 100 ms it leaves out what is older. A file that is not there yet is waited for;
 * one that shrinks is read anew. Tells of a change every 100 ms at most.
 */
export function followFile(file: string, listener: (window: LogWindow) => void): { close(): void } {
  const tail = new Tail();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  const poll = async (): Promise<void> => {
    const changed = await tail.read(file);
    if (closed) return;
    if (changed) listener(tail.window());
    timer = setTimeout(poll, pollMs);
  };
  void poll();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

class Tail {
  #decoder = new StringDecoder('utf8');
  #lines: string[] = [];
  /** The last line, as long as its end has not been written. */
  #open = '';
  #first = 1;
  #offset = 0;

  window(): LogWindow {
    const open = this.#open === '' ? [] : [shownLine(this.#open)];
    return { first: this.#first, lines: [...this.#lines, ...open], bytes: this.#offset };
  }

  /** Reads what is new, and says whether anything is. */
  async read(file: string): Promise<boolean> {
    try {
      // A pipe that nobody writes to would be waited for in one of the few threads that read files.
      await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
      return await this.#readFrom(handle);
    } catch {
      // Not there yet, or gone with its run: what has been read stays.
      return false;
    }
  }

  async #readFrom(handle: FileHandle): Promise<boolean> {
    const { size } = await handle.stat();
    if (size === this.#offset) return false;
    if (size < this.#offset) this.#restart(0);
    const isGap = size - this.#offset > windowBytes;
    if (isGap) this.#restart(size - windowBytes);
    const buffer = Buffer.alloc(size - this.#offset);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, this.#offset);
    this.#offset += bytesRead;
    const text = this.#decoder.write(buffer.subarray(0, bytesRead));
    // After a gap, the first line has lost its beginning.
    this.#append(isGap ? text.slice(text.indexOf('\n') + 1) : text);
    return true;
  }

  #restart(offset: number): void {
    this.#first += this.#lines.length;
    this.#lines = [];
    this.#open = '';
    this.#decoder = new StringDecoder('utf8');
    this.#offset = offset;
  }

  #append(text: string): void {
    const lines = (this.#open + text).split('\n');
    this.#open = (lines.pop() ?? '').slice(0, windowBytes);
    this.#first += Math.max(0, this.#lines.length + lines.length - keptLines);
    this.#lines = [...this.#lines, ...lines.slice(-keptLines).map(shownLine)].slice(-keptLines);
  }
}

function shownLine(line: string): string {
  return cleanLine(line.slice(0, lineLength));
}
