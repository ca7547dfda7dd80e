import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addChecksums, checksumOf, EMPTY_CHECKSUM } from '../../src/checksum.ts';
import { batches } from '../../src/columns.ts';
import { inputBatches, readDataset, sliceOf } from '../../src/dataset.ts';
import { partitionOf, partitionRows } from '../../src/partition.ts';

const dataset = readDataset();

describe('the data set', () => {
  it('has 200,000 flights, and repeats where a slice goes beyond them', () => {
    assert.equal(dataset.distance.length, 200_000);
    const slice = { firstRow: 199_990, rows: 400_020 };
    const read = [...inputBatches(dataset, slice)].flatMap(({ distance }) => [...distance]);
    assert.equal(read.length, slice.rows);
    assert.deepEqual(read.slice(0, 10), [...dataset.distance.subarray(199_990)]);
    assert.deepEqual(read.slice(10, 20), [...dataset.distance.subarray(0, 10)]);
  });

  it('is split without a gap or an overlap', () => {
    const slices = [0, 1, 2, 3].map((worker) => sliceOf(1_000_003, worker, 4));
    let next = 0;
    for (const { firstRow, rows } of slices) {
      assert.equal(firstRow, next);
      next += rows;
    }
    assert.equal(next, 1_000_003);
  });
});

describe('partitioning', () => {
  const rows = { firstRow: 0, rows: 250_000 };
  const input = () => inputBatches(dataset, rows);

  it('puts every row into the partition of its key', async () => {
    const partitions = await partitionRows(input, 16);
    assert.equal(partitions.length, 16);
    for (const [partition, { distance }] of partitions.entries())
      assert.ok(
        distance.every((key) => partitionOf(key, 16) === partition),
        `partition ${partition}`,
      );
  });

  it('loses and changes no row', async () => {
    const before = [...input()].map(checksumOf).reduce(addChecksums, EMPTY_CHECKSUM);
    const after = (await partitionRows(input, 16)).map(checksumOf).reduce(addChecksums, EMPTY_CHECKSUM);
    assert.deepEqual(after, before);
  });

  it('makes all partitions, empty ones too', async () => {
    const partitions = await partitionRows(() => inputBatches(dataset, { firstRow: 0, rows: 1 }), 8);
    assert.deepEqual(partitions.map(({ distance }) => distance.length).sort(), [0, 0, 0, 0, 0, 0, 0, 1]);
  });
});

describe('batches', () => {
  it('cover the columns in order', () => {
    const keys = [...batches(dataset, 50_000)].flatMap(({ distance }) => [...distance]);
    assert.deepEqual(keys, [...dataset.distance]);
  });
});

describe('the checksum', () => {
  it('does not depend on the order of rows, and does on their content', async () => {
    const partitions = await partitionRows(() => [dataset], 4);
    const parts = partitions.map(checksumOf);
    assert.deepEqual(parts.reduce(addChecksums, EMPTY_CHECKSUM), checksumOf(dataset));
    const changed = { ...dataset, delay: dataset.delay.map((delay, row) => (row === 77 ? delay + 1 : delay)) };
    assert.notDeepEqual(checksumOf(changed), checksumOf(dataset));
  });
});
