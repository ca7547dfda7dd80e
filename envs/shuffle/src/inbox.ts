import { addChecksums, type Checksum, checksumOf, EMPTY_CHECKSUM, formatChecksum } from './checksum.ts';
import type { Columns } from './columns.ts';

/** What has arrived of one partition, over all its sources. */
export interface PartitionSummary {
  readonly partition: number;
  /** Workers whose share has arrived. */
  readonly sources: number;
  readonly rows: number;
  readonly checksum: string;
}

/** The rows of one transfer while they arrive. They count for nothing until the inbox keeps them. */
export class Staging {
  rows = 0;
  frames = 0;
  checksum: Checksum = EMPTY_CHECKSUM;

  /** Adds the rows of one frame: here they would be merged into an aggregate or a sorted run. */
  add(columns: Columns): void {
    this.rows += columns.distance.length;
    this.frames += 1;
    this.checksum = addChecksums(this.checksum, checksumOf(columns));
  }
}

/** The partitions of one worker, as they arrive from all workers. */
export class Inbox {
  readonly #kept = new Map<string, { partition: number; staging: Staging }>();
  readonly #expected: number;
  readonly #complete = Promise.withResolvers<void>();

  constructor(expectedTransfers: number) {
    this.#expected = expectedTransfers;
    if (expectedTransfers === 0) this.#complete.resolve();
  }

  /**
   * Keeps a transfer that has arrived whole. A transfer that was kept before is a duplicate: the sender did not hear
   * the acknowledgement and has sent it again.
   */
  keep(source: number, partition: number, staging: Staging): 'kept' | 'duplicate' {
    const key = `${source}/${partition}`;
    if (this.#kept.has(key)) return 'duplicate';
    this.#kept.set(key, { partition, staging });
    if (this.#kept.size === this.#expected) this.#complete.resolve();
    return 'kept';
  }

  /** Resolves once every transfer is kept. */
  complete(): Promise<void> {
    return this.#complete.promise;
  }

  /** Rows and checksum of all that is kept. */
  total(): { rows: number; checksum: Checksum } {
    return sum([...this.#kept.values()].map(({ staging }) => staging));
  }

  /** What is kept, per partition, ascending. */
  partitions(): PartitionSummary[] {
    const groups = Map.groupBy(this.#kept.values(), ({ partition }) => partition);
    return [...groups]
      .sort(([left], [right]) => left - right)
      .map(([partition, shares]) => {
        const { rows, checksum } = sum(shares.map(({ staging }) => staging));
        return { partition, sources: shares.length, rows, checksum: formatChecksum(checksum) };
      });
  }
}

function sum(stagings: readonly Staging[]): { rows: number; checksum: Checksum } {
  return stagings.reduce(
    (total, staging) => ({
      rows: total.rows + staging.rows,
      checksum: addChecksums(total.checksum, staging.checksum),
    }),
    { rows: 0, checksum: EMPTY_CHECKSUM },
  );
}
