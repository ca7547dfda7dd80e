import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ok, type Result } from '../events/problem.ts';
import { demultiplex, undivided } from './demux.ts';
import type { Answer, Engine } from './engine.ts';
import type { Output, Printing } from './output.ts';

type Stream = NodeJS.ReadableStream;

const firstLookMs = 50;
const lookMs = 500;

/**
 * Follows a container of Podman. That makes one that has ended ready for its next start when somebody attaches to it, and it would not look
 * ended any more (4.3): so nobody does before it runs again, and then its whole log is read. Nor does it attach to one whose namespaces
 * are those of another that is not started yet.
 */
export async function followPodman(engine: Engine, { id, service, tty }: Printing): Promise<Result<Output>> {
  const container = engine.docker.getContainer(id);
  const call = <Value>(run: () => Promise<Value>): Promise<Answer<Value>> =>
    engine.call(`following the log of ${service}`, run);
  const closed = new AbortController();
  let open: Stream | undefined;
  let hadBytes = 0;
  const started = async (isFirst: boolean): Promise<Stream | undefined> => {
    for (;;) {
      await sleep(isFirst ? firstLookMs : lookMs, undefined, { ref: false });
      if (closed.signal.aborted) return undefined;
      const inspected = await call(() => container.inspect());
      if (!inspected.ok) return undefined;
      const { Running: runs, Status: status } = inspected.value.State;
      if (runs || (isFirst && status === 'exited')) break;
    }
    const log = await call(() =>
      container.logs({ follow: true, stdout: true, stderr: true, abortSignal: closed.signal }),
    );
    return log.ok ? log.value : undefined;
  };
  const printed = async function* (stream: Stream, knownBytes: number): AsyncGenerator<Uint8Array> {
    let skipBytes = knownBytes;
    for await (const piece of (tty ? undivided : demultiplex)(Readable.from(stream))) {
      const bytes = piece.bytes.subarray(skipBytes);
      skipBytes -= piece.bytes.length - bytes.length;
      hadBytes += bytes.length;
      if (bytes.length > 0) yield bytes;
    }
  };
  const attached = await call(() => container.attach({ stream: true, stdout: true, stderr: true }));
  open = attached.ok ? attached.value : undefined;
  const pieces = async function* (): AsyncGenerator<Uint8Array | null> {
    let isFirst = true;
    if (open !== undefined) {
      yield* printed(open, 0);
      yield null;
      isFirst = false;
    }
    for (;;) {
      open = await started(isFirst);
      if (open === undefined) return;
      yield* printed(open, hadBytes);
      yield null;
      isFirst = false;
    }
  };
  return ok({
    pieces,
    isBehind: () => false,
    readUntil: () => undefined,
    problem: () => undefined,
    close: () => {
      closed.abort();
      if (open !== undefined && 'destroy' in open && typeof open.destroy === 'function') open.destroy();
    },
  });
}
