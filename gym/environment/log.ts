import { closeSync, fstatSync, openSync, renameSync, statSync, write, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { failed, ok, type Result } from '../events/problem.ts';
import { demultiplex, undivided } from './demux.ts';
import type { Answer, Engine } from './engine.ts';

/** A service's output on its way into a file. */
export interface ServiceLog {
  readonly file: string;
  /** Resolves when the container has ended and its last line is in the file; after it printed again, when it has ended again. */
  readonly done: Promise<void>;
  /** Why not all that came is in the file; undefined: it is. */
  problem(): string | undefined;
  /** Waits until nothing has come for a moment and all that came is in the file. */
  settle(quietMs: number, limitMs: number): Promise<void>;
  /** Stops following. */
  close(): void;
}

/** Which container's output is followed, and how much of it is kept at most. */
export interface Followed {
  readonly id: string;
  readonly service: string;
  readonly tty: boolean;
  readonly capBytes?: number;
}

/** A container that is started again lives longer than an engine takes to refuse to wait for it. */
const shortestLifeMs = 500;
/** Between looks whether a container runs again, where they are needed. */
const lookMs = 500;
const firstLookMs = 50;
/** A service that never stops printing must not fill the disk: twice this at most. */
const defaultCapBytes = 256 * 1024 * 1024;

/**
 * Follows a container from before its start, so that not even the first line is missed, and on when it is started again. What is not yet written stays in
 * the engine, which stops reading from the container: nothing piles up here. Of more than the cap, the end is kept: the
 * file, and beside it `FILE.1` with what came before, each of the cap at most.
 */
export async function followLog(
  engine: Engine,
  { id, service, tty, capBytes = defaultCapBytes }: Followed,
  file: string,
): Promise<Result<ServiceLog>> {
  const attach = (): Promise<Answer<NodeJS.ReadWriteStream>> =>
    engine.call(`following the log of ${service}`, () =>
      engine.docker.getContainer(id).attach({ stream: true, stdout: true, stderr: true }),
    );
  const attached = await attach();
  // Podman attaches to none whose namespaces are those of another one that is not started yet, and to none that cannot be started.
  if (!attached.ok && !engine.isPodman) return attached;
  let source: NodeJS.ReadableStream | undefined = attached.ok ? attached.value : undefined;
  const opened = openLog(file, capBytes);
  if (!opened.ok) {
    destroy(source);
    return failed({ ...opened.problems[0], place: { service, file } });
  }
  const writer = opened.value;
  let lastAt = performance.now();
  let state: 'following' | 'ended' | 'closed' = 'following';
  let end = Promise.withResolvers<void>();
  let seenBytes = 0;
  /** What the container prints until it ends, without what is known of it; whether that was anything. */
  const life = async function* (
    of: NodeJS.ReadableStream,
    isFirst: boolean,
    knownBytes = 0,
  ): AsyncGenerator<Uint8Array, boolean> {
    let isSilent = true;
    let skipBytes = knownBytes;
    for await (const piece of (tty ? undivided : demultiplex)(Readable.from(of))) {
      const bytes = piece.bytes.subarray(skipBytes);
      skipBytes -= piece.bytes.length - bytes.length;
      if (bytes.length === 0) continue;
      if (isSilent && !isFirst) end = Promise.withResolvers();
      isSilent = false;
      lastAt = performance.now();
      seenBytes += bytes.length;
      yield bytes;
    }
    const { resolve } = end;
    writer.write(Buffer.alloc(0), () => resolve());
    return !isSilent;
  };
  const lives = async function* (): AsyncGenerator<Uint8Array> {
    if (source !== undefined) yield* life(source, true);
    // It may be started again. An engine that does not let anybody wait for that ends the stream at once.
    let isFirst = source === undefined;
    for (;;) {
      const since = performance.now();
      if (isClosed()) return;
      const { isPodman } = engine;
      const again = isPodman ? await followAgain(engine, id, isFirst, isClosed) : await attach();
      if (again === undefined || !again.ok) return;
      source = again.value;
      if (isClosed()) return destroy(source);
      const hasPrinted = yield* life(again.value, isFirst, isPodman ? seenBytes : 0);
      isFirst = false;
      if (!isPodman && !hasPrinted && performance.now() - since < shortestLifeMs) return;
    }
  };
  const isClosed = (): boolean => state === 'closed';
  pipeline(lives, writer)
    // An engine that goes away is told by whoever asks it something, a disk that is full by `problem`; what came before is in the file.
    .catch(() => undefined)
    .finally(() => {
      state = 'ended';
      end.resolve();
    });
  return ok({
    file,
    get done() {
      return end.promise;
    },
    problem: () => writer.problem(),
    async settle(quietMs, limitMs) {
      const until = performance.now() + limitMs;
      const isQuiet = (): boolean => performance.now() - lastAt >= quietMs && writer.writableLength === 0;
      while (state === 'following' && !isQuiet() && performance.now() < until) await sleep(Math.max(2, quietMs / 4));
    },
    close() {
      state = 'closed';
      destroy(source);
    },
  });
}

/**
 * Podman makes a container that has ended ready for its next start when somebody attaches to it: it would not look ended any more (4.3).
 * So nobody does before it runs again, and then the whole log is read. `undefined`: nobody wants it any more.
 */
async function followAgain(
  engine: Engine,
  id: string,
  isFirst: boolean,
  isClosed: () => boolean,
): Promise<Answer<NodeJS.ReadableStream> | undefined> {
  const container = engine.docker.getContainer(id);
  for (;;) {
    await sleep(isFirst ? firstLookMs : lookMs, undefined, { ref: false });
    if (isClosed()) return undefined;
    const inspected = await engine.call('looking at a container', () => container.inspect());
    if (!inspected.ok) return inspected;
    const { Running: runs, Status: status } = inspected.value.State;
    if (runs || (isFirst && status === 'exited')) break;
  }
  return engine.call('following a log', () => container.logs({ follow: true, stdout: true, stderr: true }));
}

function destroy(source: NodeJS.ReadableStream | undefined): void {
  if (source !== undefined && 'destroy' in source && typeof source.destroy === 'function') source.destroy();
}

function openLog(file: string, capBytes: number): Result<CappedFile> {
  try {
    return ok(new CappedFile(file, capBytes));
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    return failed({ kind: 'environment', message: `the log cannot be written: ${why}` });
  }
}

/** Appends to a file, and begins it anew when it would grow beyond `capBytes`: the one before is kept as `FILE.1`. */
class CappedFile extends Writable {
  readonly #file: string;
  readonly #capBytes: number;
  #descriptor: number | undefined;
  #bytes = 0;
  /** Bytes of files that made room for later ones. */
  #dropped = 0;
  #turned = 0;
  #failure: string | undefined;

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

  #turn(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    const earlier = `${this.#file}.1`;
    if (this.#turned > 0) this.#dropped += statSync(earlier).size;
    renameSync(this.#file, earlier);
    this.#turned += 1;
    this.#descriptor = openSync(this.#file, 'a');
    const before = this.#dropped === 0 ? '' : `; ${mebibytes(this.#dropped)} before that were dropped`;
    this.#bytes = writeSync(this.#descriptor, `gym: what came before is in ${basename(earlier)}${before}\n`);
  }
}

const mebibytes = (bytes: number): string => `${Number((bytes / 1024 ** 2).toPrecision(3))} MiB`;

/** The last lines of a log file; only its end is read. */
export async function tailOf(file: string, lines: number): Promise<readonly string[]> {
  const maximumBytes = 64 * 1024;
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return [];
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, maximumBytes);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return buffer
      .toString('utf8')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-lines);
  } finally {
    await handle.close();
  }
}
