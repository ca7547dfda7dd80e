import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  renameSync,
  statSync,
  write,
  writeSync,
} from 'node:fs';
import { basename } from 'node:path';
import { Writable } from 'node:stream';
import { failed, ok, type Result } from '../events/problem.ts';

/** Opens a log file to append to. */
export function openLog(file: string, capBytes: number): Result<CappedFile> {
  try {
    return ok(new CappedFile(file, capBytes));
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    return failed({ kind: 'environment', message: `the log cannot be written: ${why}` });
  }
}

/** Lines `MILLISECONDS OFFSET` beside a log: what stands from that byte on came at that time (epoch) or later. */
export const timesFile = (file: string): string => `${file}.times`;
/** Pieces that come within this time share a line of it. */
const timesApartMs = 20;

/**
 * Appends to a file and notes when what came (`timesFile`). Begins the file anew when it would grow beyond `capBytes`: the one before is
 * kept as `FILE.1`.
 */
export class CappedFile extends Writable {
  readonly #file: string;
  readonly #capBytes: number;
  #descriptor: number | undefined;
  #bytes = 0;
  /** Bytes of files that made room for later ones. */
  #dropped = 0;
  #turned = 0;
  #failure: string | undefined;
  #timedAt = Number.NEGATIVE_INFINITY;

  constructor(file: string, capBytes: number) {
    super();
    this.#file = file;
    this.#capBytes = capBytes;
    this.#descriptor = openSync(file, 'a');
    this.#bytes = fstatSync(this.#descriptor).size;
  }

  problem(): string | undefined {
    if (this.#failure !== undefined) return `it could not be written: ${this.#failure}`;
    if (this.#turned === 0) return undefined;
    return `it grew beyond ${mebibytes(this.#capBytes)}; only its end is kept`;
  }

  override _write(chunk: Uint8Array, _: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#append([chunk], callback);
  }

  override _writev(chunks: { chunk: Uint8Array }[], callback: (error?: Error | null) => void): void {
    this.#append(
      chunks.map(({ chunk }) => chunk),
      callback,
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    callback(error);
  }

  #append(pieces: readonly Uint8Array[], callback: (error?: Error | null) => void): void {
    try {
      const whole = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
      if (this.#bytes > 0 && this.#bytes + whole.length > this.#capBytes) this.#turn();
      if (this.#descriptor === undefined) throw new Error('the log is closed');
      this.#noteTime();
      write(this.#descriptor, whole, 0, whole.length, null, (error, written) => {
        this.#bytes += written;
        if (error === null && written < whole.length) return this.#append([whole.subarray(written)], callback);
        this.#failure = error?.message;
        callback(error);
      });
    } catch (thrown) {
      this.#failure = thrown instanceof Error ? thrown.message : String(thrown);
      callback(thrown instanceof Error ? thrown : new Error(this.#failure));
    }
  }

  #noteTime(): void {
    const now = Date.now();
    if (now - this.#timedAt < timesApartMs) return;
    this.#timedAt = now;
    appendFileSync(timesFile(this.#file), `${now} ${this.#bytes}\n`);
  }

  #turn(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    const earlier = `${this.#file}.1`;
    if (this.#turned > 0) this.#dropped += statSync(earlier).size;
    renameSync(this.#file, earlier);
    if (existsSync(timesFile(this.#file))) renameSync(timesFile(this.#file), timesFile(earlier));
    this.#timedAt = Number.NEGATIVE_INFINITY;
    this.#turned += 1;
    this.#descriptor = openSync(this.#file, 'a');
    const before = this.#dropped === 0 ? '' : `; ${mebibytes(this.#dropped)} before that were dropped`;
    this.#bytes = writeSync(this.#descriptor, `gym: what came before is in ${basename(earlier)}${before}\n`);
  }
}

const mebibytes = (bytes: number): string => `${Number((bytes / 1024 ** 2).toPrecision(3))} MiB`;
