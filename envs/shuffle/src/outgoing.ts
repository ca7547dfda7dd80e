import type { FrameSizes } from './attribution.ts';
import { addChecksums, checksumOf, EMPTY_CHECKSUM } from './checksum.ts';
import { type Compression, encodeBatch } from './codec.ts';
import { batches, type Columns } from './columns.ts';
import { HEADER_BYTES, writeChecksum, writeFrame } from './frame.ts';

/** The rows of one partition on their way from one worker. */
export interface Transfer {
  readonly job: number;
  /** Index of the sending worker. */
  readonly source: number;
  readonly partition: number;
  readonly columns: Columns;
}

/** How a channel frames a transfer. */
export interface Framing {
  readonly rowsPerFrame: number;
  readonly compression: Compression;
}

/** The bytes of a frame, ready to flow, and what they are made of. */
export interface OutgoingFrame {
  readonly bytes: Buffer;
  readonly sizes: FrameSizes;
}

/** The frames of a transfer, made one by one as they are asked for: its rows in order, then its end frame. */
export function* framesOf(transfer: Transfer, framing: Framing): Generator<OutgoingFrame> {
  const { job, source, partition, columns } = transfer;
  let sequence = 0;
  let rows = 0;
  let checksum = EMPTY_CHECKSUM;
  for (const batch of batches(columns, framing.rowsPerFrame)) {
    const encoded = encodeBatch(batch);
    const body = framing.compression.compress(encoded);
    const sizes = {
      rows: batch.distance.length,
      headerBytes: HEADER_BYTES,
      encodedBytes: encoded.byteLength,
      bodyBytes: body.byteLength,
    };
    const { rows: frameRows, encodedBytes } = sizes;
    const encoding = framing.compression.name;
    const header = { kind: 'data', encoding, job, source, partition, sequence, rows: frameRows, encodedBytes } as const;
    yield { bytes: writeFrame(header, body), sizes };
    sequence += 1;
    rows += frameRows;
    checksum = addChecksums(checksum, checksumOf(batch));
  }
  const body = writeChecksum(checksum);
  const encodedBytes = body.byteLength;
  const header = { kind: 'end', encoding: 'none', job, source, partition, sequence, rows, encodedBytes } as const;
  yield {
    bytes: writeFrame(header, body),
    sizes: { rows: 0, headerBytes: HEADER_BYTES, encodedBytes, bodyBytes: encodedBytes },
  };
}
