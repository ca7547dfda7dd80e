import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compressionNamed, decodeBatch, decompress, encodeBatch } from '../../src/codec.ts';
import { sliceColumns } from '../../src/columns.ts';
import { readDataset } from '../../src/dataset.ts';
import { type Frame, FrameError, FrameReader, HEADER_BYTES, writeFrame } from '../../src/frame.ts';
import { framesOf } from '../../src/outgoing.ts';

const dataset = readDataset();
const header = { kind: 'data', encoding: 'zstd', job: 4_000_000_000, source: 3, partition: 17, sequence: 5 } as const;

function readAll(bytes: Uint8Array, chunkBytes: number): Frame[] {
  const reader = new FrameReader();
  const frames: Frame[] = [];
  for (let start = 0; start < bytes.length; start += chunkBytes)
    frames.push(...reader.read(bytes.subarray(start, start + chunkBytes)));
  return frames;
}

describe('a frame', () => {
  const body = Buffer.from('a body of a few bytes');
  const bytes = writeFrame({ ...header, rows: 9, encodedBytes: 99 }, body);

  it('is its header and its body', () => {
    assert.equal(bytes.length, HEADER_BYTES + body.length);
  });

  it('is read back from chunks of any size', () => {
    const two = Buffer.concat([bytes, writeFrame({ ...header, rows: 0, encodedBytes: 0 }, Buffer.alloc(0)), bytes]);
    for (const chunkBytes of [1, 7, HEADER_BYTES, HEADER_BYTES + 1, two.length]) {
      const frames = readAll(two, chunkBytes);
      assert.equal(frames.length, 3);
      assert.deepEqual(frames[0], { ...header, rows: 9, encodedBytes: 99, body });
      assert.equal(frames[1]?.body.length, 0);
      assert.deepEqual(frames[2], frames[0]);
    }
  });

  it('is refused when it is damaged', () => {
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(HEADER_BYTES + 3) ^ 1, HEADER_BYTES + 3);
    assert.throws(() => readAll(flipped, 10), FrameError);
    assert.throws(() => readAll(bytes.subarray(1), 64), FrameError);
  });

  it('is refused when it claims a length beyond reason, before memory is taken for it', () => {
    const huge = Buffer.from(bytes);
    huge.writeUInt32LE(2 ** 31, 20);
    assert.throws(() => readAll(huge.subarray(0, HEADER_BYTES), HEADER_BYTES), FrameError);
  });
});

describe('a batch', () => {
  const columns = sliceColumns(dataset, 1_001, 2_002);

  for (const name of ['none', 'zstd'] as const) {
    it(`comes back as it was, compressed with ${name}`, () => {
      const encoded = encodeBatch(columns);
      const body = compressionNamed(name).compress(encoded);
      const decoded = decodeBatch(decompress(name, body, encoded.byteLength));
      assert.deepEqual(decoded, {
        delay: columns.delay.slice(),
        distance: columns.distance.slice(),
        time: columns.time.slice(),
      });
    });
  }

  it('of the wrong length is refused', () => {
    const encoded = encodeBatch(columns);
    assert.throws(() => decompress('none', encoded, encoded.byteLength + 1), FrameError);
  });
});

describe('a transfer', () => {
  it('is its rows in frames, numbered, and an end frame that counts them', () => {
    const transfer = { job: 1, source: 2, partition: 3, columns: sliceColumns(dataset, 0, 4_000) };
    const framing = { rowsPerFrame: 1_000, compression: compressionNamed('none') };
    const bytes = Buffer.concat([...framesOf(transfer, framing)].map((frame) => frame.bytes));
    const frames = readAll(bytes, 1_000);
    assert.deepEqual(
      frames.map(({ kind, sequence, rows }) => [kind, sequence, rows]),
      [
        ['data', 0, 1_000],
        ['data', 1, 1_000],
        ['data', 2, 1_000],
        ['data', 3, 1_000],
        ['end', 4, 4_000],
      ],
    );
  });
});
