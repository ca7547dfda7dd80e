/** The rows of this shuffle: flights, three columns of fixed width and without nulls. */
export interface Columns {
  /** Minutes of delay. */
  readonly delay: Int16Array;
  /** Miles flown; the key by which rows are partitioned. */
  readonly distance: Int16Array;
  /** Hour of departure. */
  readonly time: Float32Array;
}

/** Bytes of one row in its columns: 2 + 2 + 4. Payload is counted in these, whatever the encoding adds or saves. */
export const ROW_BYTES = 8;

/** Columns of the given length, all zero. */
export function allocateColumns(rows: number): Columns {
  return { delay: new Int16Array(rows), distance: new Int16Array(rows), time: new Float32Array(rows) };
}

/** A view of rows `start` up to, not including, `end`; nothing is copied. */
export function sliceColumns(columns: Columns, start: number, end: number): Columns {
  return {
    delay: columns.delay.subarray(start, end),
    distance: columns.distance.subarray(start, end),
    time: columns.time.subarray(start, end),
  };
}

/** Views of at most `rowsPerBatch` rows each, in order; nothing is copied. */
export function* batches(columns: Columns, rowsPerBatch: number): Generator<Columns> {
  const rows = columns.distance.length;
  for (let start = 0; start < rows; start += rowsPerBatch) {
    yield sliceColumns(columns, start, Math.min(start + rowsPerBatch, rows));
  }
}
