import type { PeerUsage } from './attribution.ts';
import type { Encoding } from './frame.ts';
import type { PartitionSummary } from './inbox.ts';
import type { Channel } from './topology.ts';

/** The rows of one end of the shuffle at one worker. The checksum is that of `formatChecksum`. */
export interface RowTotal {
  readonly rows: number;
  readonly checksum: string;
}

/** What one worker says of a finished shuffle. */
export interface WorkerReport {
  readonly worker: string;
  readonly host: string;
  readonly job: number;
  readonly channels: readonly Channel[];
  readonly compression: Encoding;
  readonly durationMs: number;
  /** What the worker read. */
  readonly input: RowTotal;
  /** What it holds at the end. */
  readonly output: RowTotal;
  readonly partitions: readonly PartitionSummary[];
  readonly sent: readonly PeerUsage[];
  readonly received: readonly PeerUsage[];
  /** Of the tcp channel: connections that it opened, that it took, and that it reset on purpose. */
  readonly connections: { readonly opened: number; readonly accepted: number; readonly reset: number };
}
