// What must come out of a shuffle, from the data and the specification in README.md alone. It shares no code with the
// system: only so can it be a witness.
import { existsSync, readFileSync } from 'node:fs';
import { tableFromIPC } from 'apache-arrow';
import type { JobSpec } from '../src/job.ts';

/** The truth about one shuffle. */
export interface Known {
  readonly rows: number;
  readonly payloadBytes: number;
  /** Of all rows, as workers format theirs. */
  readonly checksum: string;
  /** Payload that has to flow through each channel. */
  readonly channels: { readonly local: number; readonly shm: number; readonly tcp: number };
}

interface Row {
  readonly delay: number;
  readonly distance: number;
  readonly time: number;
}

/** Works out the truth: one pass over the data set, however often the job repeats it. */
export function knownOf(spec: JobSpec): Known {
  const rows = readRows();
  const prefix = checksumsAfter(rows);
  const repeats = BigInt(Math.floor(spec.totalRows / rows.length));
  const whole = prefix.at(-1) ?? [0n, 0n];
  const rest = prefix[spec.totalRows % rows.length] ?? [0n, 0n];
  const lanes = [whole[0] * repeats + rest[0], whole[1] * repeats + rest[1]];
  return {
    rows: spec.totalRows,
    payloadBytes: spec.totalRows * 8,
    checksum: lanes.map((lane) => (lane % 2n ** 48n).toString(16).padStart(12, '0')).join(''),
    channels: channelBytes(spec, rows),
  };
}

function readRows(): Row[] {
  const places = ['../data/', '../node_modules/vega-datasets/data/', '../../../node_modules/vega-datasets/data/'];
  const file = places.map((place) => new URL(`${place}flights-200k.arrow`, import.meta.url)).find(existsSync);
  if (!file) throw new Error(`flights-200k.arrow is in none of ${places.join(', ')}`);
  const table = tableFromIPC(readFileSync(file));
  return table.toArray().map((row) => ({ delay: row.delay, distance: row.distance, time: row.time }));
}

/** The two sums of row hashes after the first 0, 1, 2, ... rows. */
function checksumsAfter(rows: readonly Row[]): [bigint, bigint][] {
  const sums: [bigint, bigint][] = [[0n, 0n]];
  const bits = new DataView(new ArrayBuffer(4));
  let first = 0n;
  let second = 0n;
  for (const { delay, distance, time } of rows) {
    bits.setFloat32(0, time);
    const key = ((delay & 0xffff) << 16) | (distance & 0xffff);
    let hash = Math.imul(key, 0x9e3779b1) ^ Math.imul(bits.getInt32(0), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    hash = hash ^ (hash >>> 12);
    first += BigInt(hash >>> 0);
    hash = Math.imul(hash ^ key, 0x297a2d39);
    second += BigInt((hash ^ (hash >>> 15)) >>> 0);
    sums.push([first, second]);
  }
  return sums;
}

/** Adds up, source by source and partition by partition, the rows that have to flow through each channel. */
function channelBytes(spec: JobSpec, rows: readonly Row[]): Known['channels'] {
  const { workers, partitions, totalRows } = spec;
  const partitionOfRow = rows.map(({ distance }) => finish(distance) % partitions);
  const bytes = { local: 0, shm: 0, tcp: 0 };
  let first = 0;
  for (const [index, source] of workers.entries()) {
    const count = Math.floor(totalRows / workers.length) + (index < totalRows % workers.length ? 1 : 0);
    for (const [partition, counted] of countRange(partitionOfRow, partitions, first, count).entries()) {
      const owner = workers[partition % workers.length];
      if (!owner) continue;
      const neighbour = owner.host === source.host ? 'shm' : 'tcp';
      bytes[owner.name === source.name ? 'local' : neighbour] += counted * 8;
    }
    first += count;
  }
  return bytes;
}

/** Rows per partition among `count` rows from row `first` of the data set repeated without end. */
function countRange(partitionOfRow: readonly number[], partitions: number, first: number, count: number): number[] {
  const length = partitionOfRow.length;
  const counts = new Array<number>(partitions).fill(0);
  const add = (from: number, to: number, times: number) => {
    for (const partition of partitionOfRow.slice(from, to)) counts[partition] = (counts[partition] ?? 0) + times;
  };
  add(0, length, Math.floor(count / length));
  const start = first % length;
  const left = count % length;
  add(start, Math.min(start + left, length), 1);
  add(0, Math.max(0, start + left - length), 1);
  return counts;
}

/** MurmurHash3's finisher, 32 bits. */
function finish(key: number): number {
  let hash = key ^ (key >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return hash >>> 0;
}
