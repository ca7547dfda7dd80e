import { existsSync, readFileSync } from 'node:fs';
import { tableFromIPC } from 'apache-arrow';
import { type Columns, sliceColumns } from './columns.ts';

const BATCH_ROWS = 65_536;

/** Where the image keeps the data; on a developer's machine it is in the package that it comes from. */
const PLACES = ['../data/', '../node_modules/vega-datasets/data/', '../../../node_modules/vega-datasets/data/'];

/** The path of the Arrow file with the flights. Throws where there is none. */
export function datasetFile(): URL {
  const places = PLACES.map((place) => new URL(`${place}flights-200k.arrow`, import.meta.url));
  const found = places.find((place) => existsSync(place));
  if (!found) throw new Error(`flights-200k.arrow is in none of ${places.map((place) => place.pathname).join(', ')}`);
  return found;
}

/** Reads the data set into memory: 200,000 rows, 1.6 MB. Throws where the file is not what it should be. */
export function readDataset(): Columns {
  const [batch, ...more] = tableFromIPC(readFileSync(datasetFile())).batches;
  const delay: unknown = batch?.getChild('delay')?.data[0]?.values;
  const distance: unknown = batch?.getChild('distance')?.data[0]?.values;
  const time: unknown = batch?.getChild('time')?.data[0]?.values;
  if (
    more.length > 0 ||
    !(delay instanceof Int16Array && distance instanceof Int16Array && time instanceof Float32Array)
  )
    throw new Error('the data set is not one batch of delay Int16, distance Int16, time Float32');
  return { delay, distance, time };
}

/** Rows of the whole input that fall to one worker: an even split, the remainder to the first workers. */
export function sliceOf(totalRows: number, worker: number, workers: number): { firstRow: number; rows: number } {
  const share = Math.floor(totalRows / workers);
  const remainder = totalRows % workers;
  return { firstRow: share * worker + Math.min(worker, remainder), rows: share + (worker < remainder ? 1 : 0) };
}

/** The rows of one slice in batches. The input is the data set repeated without end: row i is row i mod its length. */
export function* inputBatches(dataset: Columns, slice: { firstRow: number; rows: number }): Generator<Columns> {
  const length = dataset.distance.length;
  const end = slice.firstRow + slice.rows;
  for (let row = slice.firstRow; row < end; ) {
    const start = row % length;
    const rows = Math.min(BATCH_ROWS, length - start, end - row);
    yield sliceColumns(dataset, start, start + rows);
    row += rows;
  }
}
