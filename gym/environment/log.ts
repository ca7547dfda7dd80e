import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ok, type Result } from '../events/problem.ts';
import { demultiplex, undivided } from './demux.ts';
import type { Engine } from './engine.ts';

/** A service's output on its way into a file. */
export interface ServiceLog {
  readonly file: string;
  /** Resolves when the container has ended and its last line is in the file. */
  readonly done: Promise<void>;
  /** Waits until nothing has come for a moment and all that came is in the file. */
  settle(quietMs: number, limitMs: number): Promise<void>;
  /** Stops following. */
  close(): void;
}

/** Follows a container from before its start, so that not even the first line is missed. What is not yet written stays in the engine. */
export async function followLog(
  engine: Engine,
  { id, service, tty }: { readonly id: string; readonly service: string; readonly tty: boolean },
  file: string,
): Promise<Result<ServiceLog>> {
  const attached = await engine.call(`following the log of ${service}`, () =>
    engine.docker.getContainer(id).attach({ stream: true, stdout: true, stderr: true }),
  );
  if (!attached.ok) return attached;
  const source = attached.value;
  const writer = createWriteStream(file, { flags: 'a' });
  let lastAt = performance.now();
  let ended = false;
  const bytes = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of (tty ? undivided : demultiplex)(Readable.from(source))) {
      lastAt = performance.now();
      yield piece.bytes;
    }
  };
  const done = pipeline(bytes, writer)
    // An engine that goes away is told by whoever asks it something; what came before is in the file.
    .catch(() => undefined)
    .finally(() => {
      ended = true;
    });
  return ok({
    file,
    done,
    async settle(quietMs, limitMs) {
      const until = performance.now() + limitMs;
      const isQuiet = (): boolean => performance.now() - lastAt >= quietMs && writer.writableLength === 0;
      while (!ended && !isQuiet() && performance.now() < until) await sleep(Math.max(2, quietMs / 4));
    },
    close() {
      if ('destroy' in source && typeof source.destroy === 'function') source.destroy();
    },
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
