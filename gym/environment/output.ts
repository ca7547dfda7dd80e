import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { ok, type Result } from '../events/problem.ts';
import { demultiplex, undivided } from './demux.ts';
import type { Answer, Engine } from './engine.ts';
import { Cursor, framedRecords, nanoseconds, terminalRecords } from './records.ts';
import type { Watch } from './watch.ts';

/** Whose output is followed, and what tells of its ends. */
export interface Printing {
  readonly id: string;
  readonly service: string;
  readonly tty: boolean;
  readonly watch: Pick<Watch, 'onExit'>;
}

/** A container's output, each start of it from the first byte to the last. */
export interface Output {
  /** What it prints, as it comes. `null`: it has ended; what follows is printed when it is started again. */
  pieces(): AsyncGenerator<Uint8Array | null>;
  /** Whether it may have been started again without being followed yet. */
  isBehind(): boolean;
  /** While it is read from the engine's log: the time of the last line, epoch milliseconds. */
  readUntil(): number | undefined;
  /** Why something may be missing; undefined: nothing is. */
  problem(): string | undefined;
  /** Ends the following. */
  close(): void;
}

/** The engine tells of an end right after the output's end. */
const endLimitMs = 5_000;
/** Pause before an engine is asked again that ended a stream although the container runs. */
const againMs = 100;
/** What comes of an attached stream after the engine's log has ended. */
const drainMs = 1_000;

type Stream = NodeJS.ReadableStream;

/**
 * Follows a container from before its start, and on when it is started again, until it is removed.
 *
 *     attached, not started ──► printing ──► ended ──► attached anew ──► not started since: as above
 *                                              ▲             │
 *                                              └── read ◄────┴──► started since: what the attachment has may lack its beginning,
 *                                                                  so all of it is read from the engine's own log
 *
 * An attachment gives each byte as it was printed, and the container waits where nobody reads. The engine's log has lines with times:
 * what came before is told by the time of the container's last end, which the engine notes after the last line of one start and before
 * the first of the next (moby, daemon/monitor.go), and by a `Cursor`. What is attached meanwhile is only counted: the log must have as much.
 */
export async function followOutput(engine: Engine, printing: Printing): Promise<Result<Output>> {
  const following = new Following(engine, printing);
  const attached = await following.attach();
  return attached.ok ? ok(following.output(attached.value)) : attached;
}

interface State {
  readonly isRunning: boolean;
  /** Epoch milliseconds; far in the past where it never started. */
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly loggingDriver: string;
}

class Following {
  readonly #engine: Engine;
  readonly #printing: Printing;
  readonly #closed = new AbortController();
  readonly #cursor = new Cursor();
  /** Times of the ends that are known of, epoch milliseconds; and who waits for one. */
  readonly #ends: number[] = [];
  #onEnd: (() => void) | undefined;
  #open: Stream | undefined;
  /** All that was printed before this is had: the time of an end, epoch milliseconds. */
  #hadUntil = 0;
  /** When the start began whose output was last read from the engine's log. */
  #readStart: number | undefined;
  #isEndKnown = true;
  #isBehind = false;
  #readUntil: number | undefined;
  #problem: string | undefined;

  constructor(engine: Engine, printing: Printing) {
    this.#engine = engine;
    this.#printing = printing;
    printing.watch.onExit(({ service, at }) => {
      if (service !== printing.service) return;
      this.#ends.push(at);
      this.#onEnd?.();
    });
  }

  output(first: Stream): Output {
    return {
      pieces: () => this.#pieces(first),
      isBehind: () => this.#isBehind,
      readUntil: () => this.#readUntil,
      problem: () => this.#problem,
      close: () => {
        this.#closed.abort();
        destroy(this.#open);
      },
    };
  }

  async attach(): Promise<Answer<Stream>> {
    const attached = await this.#call((container) => container.attach({ stream: true, stdout: true, stderr: true }));
    if (!attached.ok) return attached;
    this.#open = attached.value;
    if (this.#closed.signal.aborted) destroy(attached.value);
    return attached;
  }

  async *#pieces(first: Stream): AsyncGenerator<Uint8Array | null> {
    yield* this.#start(first);
    for (;;) {
      const attached = await this.attach();
      const state = attached.ok ? await this.#state() : attached;
      if (!attached.ok || !state.ok || this.#closed.signal.aborted) break;
      if (await this.#isMissed(state.value)) {
        yield* this.#missed(attached.value, state.value);
        yield null;
      } else {
        this.#isBehind = false;
        yield* this.#start(attached.value);
      }
    }
    this.#isBehind = false;
  }

  /** What is printed from before a start to its end. */
  async *#start(attached: Stream): AsyncGenerator<Uint8Array | null> {
    yield* this.#printed(attached);
    this.#isBehind = true;
    yield null;
    const end = await this.#endAfter(this.#hadUntil);
    this.#isEndKnown = end !== undefined;
    this.#hadUntil = end ?? this.#hadUntil;
  }

  async *#printed(stream: Stream): AsyncGenerator<Uint8Array> {
    for await (const { bytes } of (this.#printing.tty ? undivided : demultiplex)(Readable.from(stream))) yield bytes;
  }

  /** Whether it was started since what was had, so that an attachment made now may lack the beginning. */
  async #isMissed({ isRunning, startedAt, finishedAt }: State): Promise<boolean> {
    if (!this.#isEndKnown) {
      // Nobody told of the end: the connection to the engine was lost, or the engine lets nobody wait for a start.
      this.#isEndKnown = true;
      if (isRunning) this.#problem = 'something may be missing: it was not followed for a moment';
      this.#hadUntil = isRunning ? startedAt : finishedAt;
      return false;
    }
    if (isRunning) return true;
    if (startedAt <= this.#hadUntil) return false;
    if (startedAt !== this.#readStart) return true;
    // It was read to its end. By the time of that end the next start is told apart.
    this.#hadUntil = (await this.#endAfter(startedAt)) ?? finishedAt;
    return false;
  }

  /** Reads the engine's log from what was had on, up to the container's next end. */
  async *#missed(attached: Stream, { isRunning, startedAt, loggingDriver }: State): AsyncGenerator<Uint8Array> {
    const since = (this.#hadUntil / 1000).toFixed(9);
    const options = { follow: true, stdout: true, stderr: true, timestamps: true, since } as const;
    const log = await this.#call((container) => container.logs({ ...options, abortSignal: this.#closed.signal }));
    this.#isBehind = false;
    const isAgain = startedAt === this.#readStart;
    this.#readStart = startedAt;
    if (!log.ok) {
      this.#problem = `what it printed in the first moment of a later start may be missing: its logging driver (${loggingDriver}) keeps nothing that can be read`;
      if (isRunning) yield* this.#printed(attached);
      return;
    }
    const counted = this.#count(attached);
    let readBytes = yield* this.#read(log.value, loggingDriver);
    this.#isBehind = true;
    const attachedBytes = isRunning ? await Promise.race([counted, sleep(drainMs, 0, { ref: false })]) : 0;
    if (attachedBytes > readBytes) {
      // An engine may end the stream a moment before it has written the last lines.
      await sleep(againMs);
      const rest = await this.#call((container) => container.logs({ ...options, follow: false }));
      if (rest.ok) readBytes = yield* this.#read(Readable.from([rest.value]), loggingDriver);
    }
    if (attachedBytes > readBytes) {
      const missing = attachedBytes - readBytes;
      this.#problem = `at least ${missing} bytes of a later start are missing: the engine's own log did not have them`;
    }
    destroy(attached);
    if (isAgain) await sleep(againMs);
  }

  /** What is new of the engine's log; how many bytes it has, those that are not new included. */
  async *#read(log: Stream, loggingDriver: string): AsyncGenerator<Uint8Array, number> {
    const records = this.#printing.tty ? terminalRecords : framedRecords;
    let readBytes = 0;
    this.#readUntil = 0;
    this.#cursor.begin();
    for await (const piece of records(Readable.from(log))) {
      readBytes += piece.bytes.length;
      if (!this.#cursor.takes(piece)) continue;
      this.#readUntil = Number(piece.at / 1_000_000n);
      if (loggingDriver === 'json-file') this.#noteReplaced(piece.bytes);
      yield piece.bytes;
    }
    this.#readUntil = undefined;
    return readBytes;
  }

  /** How many bytes come until the container ends; 0 where that cannot be known. */
  async #count(attached: Stream): Promise<number> {
    try {
      let bytes = 0;
      for await (const piece of this.#printed(attached)) bytes += piece.length;
      return bytes;
    } catch {
      return 0;
    }
  }

  #noteReplaced(bytes: Uint8Array): void {
    if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('\uFFFD')) return;
    this.#problem ??=
      'bytes of a later start that are no UTF-8 were replaced: the logging driver json-file cannot keep them';
  }

  /** The time of the first end after another time; `undefined`: none was told of. */
  async #endAfter(at: number): Promise<number | undefined> {
    const known = (): number | undefined => this.#ends.find((end) => end > at);
    const told = Promise.withResolvers<void>();
    this.#onEnd = () => {
      if (known() !== undefined) told.resolve();
    };
    this.#onEnd();
    const limit = sleep(endLimitMs, undefined, { ref: false, signal: this.#closed.signal }).catch(() => undefined);
    await Promise.race([told.promise, limit]);
    this.#onEnd = undefined;
    return known();
  }

  async #state(): Promise<Answer<State>> {
    const inspected = await this.#call((container) => container.inspect());
    if (!inspected.ok) return inspected;
    const { State: state, HostConfig: host } = inspected.value;
    const value = {
      isRunning: state.Running,
      startedAt: milliseconds(state.StartedAt),
      finishedAt: milliseconds(state.FinishedAt),
      loggingDriver: host.LogConfig?.Type ?? '',
    };
    return { ok: true, value };
  }

  #call<Value>(run: (container: Dockerode.Container) => Promise<Value>): Promise<Answer<Value>> {
    const { docker } = this.#engine;
    return this.#engine.call(`following the log of ${this.#printing.service}`, () =>
      run(docker.getContainer(this.#printing.id)),
    );
  }
}

const milliseconds = (text: string): number => Number(nanoseconds(text)) / 1e6;

function destroy(stream: Stream | undefined): void {
  if (stream !== undefined && 'destroy' in stream && typeof stream.destroy === 'function') stream.destroy();
}
