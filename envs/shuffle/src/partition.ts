import { setImmediate as nextTurn } from 'node:timers/promises';
import { allocateColumns, type Columns, sliceColumns } from './columns.ts';

/** A 32-bit hash of a key: the finisher of MurmurHash3. */
export function hashKey(key: number): number {
  let hash = key;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The partition that a key belongs to. */
export function partitionOf(key: number, partitions: number): number {
  return hashKey(key) % partitions;
}

/**
 * Sorts the input by partition, each partition contiguous in its columns. Two passes over the input: the first
 * counts, so that the second writes every row to its final place and nothing grows. Yields to the event loop
 * between batches, so that the process stays responsive.
 */
export async function partitionRows(input: () => Iterable<Columns>, partitions: number): Promise<Columns[]> {
  const counts = new Uint32Array(partitions);
  for (const batch of input()) {
    for (const key of batch.distance) {
      const partition = partitionOf(key, partitions);
      counts[partition] = (counts[partition] as number) + 1;
    }
    await nextTurn();
  }

  const starts = new Uint32Array(partitions + 1);
  for (let partition = 0; partition < partitions; partition++) {
    starts[partition + 1] = (starts[partition] as number) + (counts[partition] as number);
  }
  const sorted = allocateColumns(starts[partitions] as number);
  const next = starts.slice(0, partitions);
  for (const batch of input()) {
    scatter(batch, next, sorted);
    await nextTurn();
  }
  return Array.from(counts, (rows, partition) => {
    const start = starts[partition] as number;
    return sliceColumns(sorted, start, start + rows);
  });
}

/** Writes each row of a batch to the next free place of its partition. */
function scatter(batch: Columns, next: Uint32Array, sorted: Columns): void {
  const partitions = next.length;
  const rows = batch.distance.length;
  for (let row = 0; row < rows; row++) {
    const key = batch.distance[row] as number;
    const partition = partitionOf(key, partitions);
    const place = next[partition] as number;
    next[partition] = place + 1;
    sorted.delay[place] = batch.delay[row] as number;
    sorted.distance[place] = key;
    sorted.time[place] = batch.time[row] as number;
  }
}
