import { crc32 } from 'node:zlib';
import type { Checksum } from './checksum.ts';

/** Bytes of every frame's header. */
export const HEADER_BYTES = 32;
const END_BODY_BYTES = 16;
/** No frame of this system is larger; a length above it is a broken stream, not a request for memory. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MAGIC = 0x5348;
const KINDS = ['data', 'end', 'ack'] as const;

/** What a frame is: a batch of rows, the end of a transfer, or the receiver's word that it keeps the transfer. */
export type FrameKind = (typeof KINDS)[number];

/** How a frame's body is encoded on its way. */
export type Encoding = 'none' | 'zstd';

/** What every frame says of itself. `rows` and `sequence` of an end frame are the totals of its transfer. */
export interface FrameHeader {
  readonly kind: FrameKind;
  readonly encoding: Encoding;
  /** The shuffle that the frame belongs to. */
  readonly job: number;
  /** Index of the worker that sends the rows. */
  readonly source: number;
  readonly partition: number;
  readonly sequence: number;
  readonly rows: number;
  /** Bytes of the body before compression. */
  readonly encodedBytes: number;
}

/** A frame as it was read: header and body, its checksum verified. */
export interface Frame extends FrameHeader {
  readonly body: Uint8Array;
}

/** A stream that is not made of frames of this format, or a damaged one. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Header and body in one buffer; layout in README.md. */
export function writeFrame(header: FrameHeader, body: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + body.byteLength);
  frame.writeUInt16LE(MAGIC, 0);
  frame.writeUInt8(KINDS.indexOf(header.kind), 2);
  frame.writeUInt8(header.encoding === 'zstd' ? 1 : 0, 3);
  frame.writeUInt32LE(header.job, 4);
  frame.writeUInt16LE(header.source, 8);
  frame.writeUInt16LE(header.partition, 10);
  frame.writeUInt32LE(header.sequence, 12);
  frame.writeUInt32LE(header.rows, 16);
  frame.writeUInt32LE(body.byteLength, 20);
  frame.writeUInt32LE(header.encodedBytes, 24);
  frame.writeUInt32LE(crc32(body), 28);
  frame.set(body, HEADER_BYTES);
  return frame;
}

/** The body of an end frame: the checksum of all rows of the transfer. */
export function writeChecksum(checksum: Checksum): Buffer {
  const body = Buffer.allocUnsafe(END_BODY_BYTES);
  body.writeDoubleLE(checksum.a, 0);
  body.writeDoubleLE(checksum.b, 8);
  return body;
}

/** Reads what `writeChecksum` wrote. Throws `FrameError` for a body of another size. */
export function readChecksum(body: Uint8Array): Checksum {
  if (body.byteLength !== END_BODY_BYTES) throw new FrameError(`an end frame of ${body.byteLength} bytes`);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  return { a: view.getFloat64(0, true), b: view.getFloat64(8, true) };
}

/** Finds the frames in a byte stream, whatever the chunks it arrives in. Holds at most one frame. */
export class FrameReader {
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #body: Buffer | undefined;
  #filled = 0;

  /** The frames that this chunk completes. Throws `FrameError` on a damaged stream. */
  *read(chunk: Uint8Array): Generator<Frame> {
    let offset = 0;
    while (offset < chunk.byteLength) {
      const target = this.#body ?? this.#header;
      const part = chunk.subarray(offset, offset + target.byteLength - this.#filled);
      target.set(part, this.#filled);
      this.#filled += part.byteLength;
      offset += part.byteLength;
      if (this.#filled < target.byteLength) return;
      if (!this.#body) {
        this.#body = Buffer.allocUnsafeSlow(readBodyBytes(this.#header));
        this.#filled = 0;
        if (this.#body.byteLength > 0) continue;
      }
      const frame = readFrame(this.#header, this.#body);
      this.#body = undefined;
      this.#filled = 0;
      yield frame;
    }
  }
}

function readBodyBytes(header: Buffer): number {
  if (header.readUInt16LE(0) !== MAGIC) throw new FrameError('a frame does not start with its magic number');
  const bodyBytes = header.readUInt32LE(20);
  if (bodyBytes > MAX_BODY_BYTES) throw new FrameError(`a frame of ${bodyBytes} bytes`);
  return bodyBytes;
}

function readFrame(header: Buffer, body: Buffer): Frame {
  const kind = KINDS[header.readUInt8(2)];
  if (!kind) throw new FrameError(`a frame of kind ${header.readUInt8(2)}`);
  if (crc32(body) !== header.readUInt32LE(28)) throw new FrameError('a frame whose body does not match its checksum');
  return {
    kind,
    encoding: header.readUInt8(3) === 1 ? 'zstd' : 'none',
    job: header.readUInt32LE(4),
    source: header.readUInt16LE(8),
    partition: header.readUInt16LE(10),
    sequence: header.readUInt32LE(12),
    rows: header.readUInt32LE(16),
    encodedBytes: header.readUInt32LE(24),
    body,
  };
}
