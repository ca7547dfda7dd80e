import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { failed, ok, type Result } from '../events/problem.ts';
import { openLog } from './capped-file.ts';
import type { Engine } from './engine.ts';
import { followOutput, type Printing } from './output.ts';
import { followPodman } from './podman-output.ts';

/** A service's output on its way into a file. */
export interface ServiceLog {
  readonly file: string;
  /** Resolves when the container has ended and its last line is in the file; after it printed again, when it has ended again. */
  readonly done: Promise<void>;
  /** Why not all that came is in the file; undefined: it is. */
  problem(): string | undefined;
  /**
   * Waits until nothing has come for a moment and all that came is in the file. Where much comes, it waits on, until all that can have been
   * on its way is there: what is longer underway than the limit is a problem of the log.
   */
  settle(quietMs: number): Promise<void>;
  /** Waits for the end of a container that is removed, as long as something comes. */
  drain(): Promise<void>;
  /** Stops following. */
  close(): void;
}

/** A container whose output goes into a file, and how much of it is kept at most. */
export interface Followed extends Printing {
  readonly capBytes?: number;
}

/** A service that never stops printing must not fill the disk: twice this at most. */
const defaultCapBytes = 256 * 1024 * 1024;
/** How long a log is waited for to which little comes, or nothing. */
const idleLimitMs = 1_000;
/** How long one is waited for to which much comes. */
const busyLimitMs = 10_000;
/** Of an attached container this much at most is underway, in pipes and sockets: when it has come, all that was printed before has. */
const underwayBytes = 4 * 1024 * 1024;
/** Within one look. What is underway comes faster than this, or within `idleLimitMs`. */
const busyBytes = 32 * 1024;
const lookMs = 50;

/**
 * Follows a container from before its start, so that not even the first line is missed, and on when it is started again. What is not yet written stays in
 * the engine, which stops reading from the container: nothing piles up here. Of more than the cap, the end is kept: the
 * file, and beside it `FILE.1` with what came before, each of the cap at most.
 */
export async function followLog(
  engine: Engine,
  { capBytes = defaultCapBytes, ...printing }: Followed,
  file: string,
): Promise<Result<ServiceLog>> {
  const followed = await (engine.isPodman ? followPodman : followOutput)(engine, printing);
  if (!followed.ok) return followed;
  const output = followed.value;
  const opened = openLog(file, capBytes);
  if (!opened.ok) {
    output.close();
    return failed({ ...opened.problems[0], place: { service: printing.service, file } });
  }
  const writer = opened.value;
  const came = { bytes: 0, at: performance.now() };
  let cut: string | undefined;
  let isFollowing = true;
  let hasEnded = false;
  let end = Promise.withResolvers<void>();
  const written = async function* (): AsyncGenerator<Uint8Array> {
    for await (const bytes of output.pieces()) {
      if (bytes === null) {
        hasEnded = true;
        const { resolve } = end;
        writer.write(Buffer.alloc(0), () => resolve());
        continue;
      }
      if (hasEnded) end = Promise.withResolvers();
      hasEnded = false;
      came.bytes += bytes.length;
      came.at = performance.now();
      yield bytes;
    }
  };
  pipeline(written, writer)
    // An engine that goes away is told by whoever asks it something, a disk that is full by `problem`; what came before is in the file.
    .catch(() => undefined)
    .finally(() => {
      isFollowing = false;
      output.close();
      end.resolve();
    });
  const isQuiet = (quietMs: number): boolean =>
    !output.isBehind() && performance.now() - came.at >= quietMs && writer.writableLength === 0;
  /** Tells when all that has been printed up to now has come, though more comes. */
  const pastNow = (): (() => boolean) => {
    const [bytes, now] = [came.bytes, Date.now()];
    return () => (output.readUntil() ?? (came.bytes - bytes < underwayBytes ? 0 : now)) >= now;
  };
  return ok({
    file,
    get done() {
      return end.promise;
    },
    problem: () => writer.problem() ?? output.problem() ?? cut,
    async settle(quietMs) {
      const begun = performance.now();
      const isPast = pastNow();
      while (isFollowing && !isQuiet(quietMs) && !isPast()) {
        const seen = came.bytes;
        await sleep(begun + idleLimitMs > performance.now() ? Math.max(2, quietMs / 4) : lookMs);
        const waitedMs = performance.now() - begun;
        if (waitedMs < idleLimitMs) continue;
        if (came.bytes - seen < busyBytes && writer.writableLength === 0) return;
        if (waitedMs < busyLimitMs) continue;
        cut = `it lagged behind by more than ${busyLimitMs / 1000} s: its end may be missing`;
        return;
      }
    },
    async drain() {
      const begun = performance.now();
      const ended = end.promise.then(() => true);
      while (isFollowing && !(await Promise.race([ended, sleep(lookMs, false, { ref: false })]))) {
        const now = performance.now();
        if (now - Math.max(came.at, begun) < idleLimitMs && now - begun < busyLimitMs) continue;
        cut = 'its end is missing: it did not come in time when the service was removed';
        return;
      }
    },
    close: () => output.close(),
  });
}

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
