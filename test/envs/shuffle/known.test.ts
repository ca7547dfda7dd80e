import { describe, expect, test } from 'vitest';
import { knownOf } from '../../../envs/shuffle/harness/known.ts';
import { jobFromEnvironment } from '../../../envs/shuffle/harness/settings.ts';
import { addChecksums, checksumOf, EMPTY_CHECKSUM, formatChecksum } from '../../../envs/shuffle/src/checksum.ts';
import { inputBatches, readDataset, sliceOf } from '../../../envs/shuffle/src/dataset.ts';
import { partitionRows } from '../../../envs/shuffle/src/partition.ts';
import { channelBetween, ownerOf } from '../../../envs/shuffle/src/topology.ts';

// Once around the data set and a bit; less than the data set; nothing at all.
const sizes = [200_000 * 5 * 8 + 8 * 12_347, 8 * 100_001, 0];

describe('what is known of a shuffle from its data alone', () => {
  test.each(sizes)('is what the system itself makes of all rows, for %i bytes', async (bytes) => {
    const spec = jobFromEnvironment({ SHUFFLE_BYTES: String(bytes) });
    const dataset = readDataset();
    const { workers } = spec;
    const channels = { local: 0, shm: 0, tcp: 0 };
    let checksum = EMPTY_CHECKSUM;
    for (const [index, source] of workers.entries()) {
      const slice = sliceOf(spec.totalRows, index, workers.length);
      const partitions = await partitionRows(() => inputBatches(dataset, slice), spec.partitions);
      for (const [partition, columns] of partitions.entries()) {
        const owner = workers[ownerOf(partition, workers.length)];
        if (owner) channels[channelBetween(source, owner)] += columns.distance.length * 8;
        checksum = addChecksums(checksum, checksumOf(columns));
      }
    }
    expect(knownOf(spec)).toEqual({
      rows: bytes / 8,
      payloadBytes: bytes,
      checksum: formatChecksum(checksum),
      channels,
    });
  });

  test.each([{ SHUFFLE_BYTES: '-8' }, { SHUFFLE_BYTES: '16 MiB' }, { SHUFFLE_COMPRESSION: 'gzip' }])(
    'is refused for settings that make no sense: %o',
    (env) => {
      expect(() => jobFromEnvironment(env)).toThrow(Object.keys(env)[0]);
    },
  );
});
