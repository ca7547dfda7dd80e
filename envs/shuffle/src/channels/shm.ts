import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TransferEntry } from '../attribution.ts';
import { compressionNamed } from '../codec.ts';
import { FrameReader } from '../frame.ts';
import { type Framing, framesOf, type Transfer } from '../outgoing.ts';
import type { Reception } from '../reception.ts';

const STREAM_BUFFER_BYTES = 256 * 1024;

/** Small frames, so that a reader's working set stays in the processor's cache; memory needs no compression. */
export const SHM_FRAMING: Framing = { rowsPerFrame: 1_100, compression: compressionNamed('none') };

/** The file of one transfer. It stays until the sender opens its next job. */
export function transferFile(shm: string, source: string, partition: number): string {
  return join(shm, source, `partition-${String(partition).padStart(3, '0')}.frames`);
}

/** Makes an empty folder for a worker's files, the files of its last job removed. */
export async function clearFiles(shm: string, source: string): Promise<void> {
  await rm(join(shm, source), { recursive: true, force: true });
  await mkdir(join(shm, source), { recursive: true });
}

/** Writes a transfer to its file, frame by frame as the file takes them. */
export async function writeTransfer(file: string, transfer: Transfer, entry: TransferEntry): Promise<void> {
  function* bytes(): Generator<Buffer> {
    for (const frame of framesOf(transfer, SHM_FRAMING)) {
      entry.frame(frame.sizes);
      yield frame.bytes;
    }
  }
  await pipeline(Readable.from(bytes()), createWriteStream(file, { highWaterMark: STREAM_BUFFER_BYTES }));
}

/** Reads a transfer from its file. Throws `FrameError` for a file that is not a whole transfer. */
export async function readTransfer(file: string, reception: Reception): Promise<void> {
  const frames = new FrameReader();
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: STREAM_BUFFER_BYTES })) {
      for (const frame of frames.read(chunk)) reception.take(frame);
    }
  } finally {
    reception.close();
  }
}
