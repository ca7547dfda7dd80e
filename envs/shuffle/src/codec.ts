import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import {
  Field,
  Float32,
  Int16,
  makeData,
  RecordBatch,
  RecordBatchReader,
  RecordBatchStreamWriter,
  Schema,
  Struct,
} from 'apache-arrow';
import { type Columns, sliceColumns } from './columns.ts';
import { type Encoding, FrameError } from './frame.ts';

const schema = new Schema([
  new Field('delay', new Int16(), false),
  new Field('distance', new Int16(), false),
  new Field('time', new Float32(), false),
]);
const rowType = new Struct<{ delay: Int16; distance: Int16; time: Float32 }>(schema.fields);

/** A batch of rows as an Arrow IPC stream of its own: schema, one record batch, end of stream. */
export function encodeBatch(columns: Columns): Uint8Array {
  const length = columns.distance.length;
  const children = [
    makeData({ type: new Int16(), length, nullCount: 0, data: columns.delay }),
    makeData({ type: new Int16(), length, nullCount: 0, data: columns.distance }),
    makeData({ type: new Float32(), length, nullCount: 0, data: columns.time }),
  ];
  const writer = new RecordBatchStreamWriter();
  writer.write(new RecordBatch(schema, makeData({ type: rowType, length, nullCount: 0, children })));
  writer.close();
  return writer.toUint8Array(true);
}

/** Reads what `encodeBatch` wrote; the columns are views of the bytes where these are aligned. Throws `FrameError`. */
export function decodeBatch(bytes: Uint8Array): Columns {
  const { value: batch } = RecordBatchReader.from(bytes).next();
  const [delay, distance, time]: unknown[] =
    batch?.data.children.map(({ values }: { values: unknown }) => values) ?? [];
  if (!(delay instanceof Int16Array && distance instanceof Int16Array && time instanceof Float32Array))
    throw new FrameError('a batch is not made of delay Int16, distance Int16, time Float32');
  // The buffers are padded; the batch knows how many of their values are rows.
  return sliceColumns({ delay, distance, time }, 0, batch?.numRows ?? 0);
}

/** A way to make bodies smaller. */
export interface Compression {
  readonly name: Encoding;
  compress(bytes: Uint8Array): Uint8Array;
}

const fast = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const COMPRESSIONS: Record<Encoding, Compression> = {
  none: { name: 'none', compress: (bytes) => bytes },
  zstd: { name: 'zstd', compress: (bytes) => zstdCompressSync(bytes, fast) },
};

/** The compression of that name. */
export function compressionNamed(name: Encoding): Compression {
  return COMPRESSIONS[name];
}

/** Undoes a compression. Throws `FrameError` where the result has not the size that the frame's header says. */
export function decompress(encoding: Encoding, body: Uint8Array, encodedBytes: number): Uint8Array {
  const bytes = encoding === 'zstd' ? zstdDecompressSync(body, { maxOutputLength: encodedBytes }) : body;
  if (bytes.byteLength !== encodedBytes) throw new FrameError(`${bytes.byteLength} bytes instead of ${encodedBytes}`);
  return bytes;
}
