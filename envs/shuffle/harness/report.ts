import type { PeerUsage } from '../src/attribution.ts';
import type { JobSpec } from '../src/job.ts';
import type { WorkerReport } from '../src/report.ts';
import { CHANNELS, type Channel } from '../src/topology.ts';
import type { Known } from './known.ts';

/** Everything about one shuffle; what each field means is in README.md. */
export interface Report {
  readonly schema: 'shuffle.report/1';
  readonly job: number;
  readonly partitions: number;
  /** What was asked for. */
  readonly asked: { readonly compression: string; readonly channels: readonly Channel[]; readonly resetEvery: number };
  readonly durationMs: number;
  readonly known: Known;
  readonly output: { readonly rows: number; readonly checksum: string };
  readonly sent: DirectionTotals;
  readonly received: DirectionTotals;
  readonly pairs: readonly Pair[];
  readonly hosts: readonly { readonly host: string; readonly shmBytes: number }[];
  readonly workers: readonly (WorkerReport & { readonly tcp: TcpTotals })[];
}

/** One direction over all workers, per channel. */
export interface DirectionTotals {
  readonly payloadBytes: number;
  readonly channels: Readonly<Record<Channel, ChannelTotals>>;
}

/** Bytes of one channel over all workers. */
export interface ChannelTotals {
  readonly payloadBytes: number;
  readonly framingBytes: number;
  readonly savedBytes: number;
  readonly retriedBytes: number;
  readonly wireBytes: number;
}

/** The same flow as its two ends report it. */
export interface Pair {
  readonly from: string;
  readonly to: string;
  readonly channel: Channel;
  readonly sentRows: number;
  readonly receivedRows: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** What one worker's attribution says must have crossed its data interface, acknowledgements included. */
export interface TcpTotals {
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** Puts the workers' reports and the truth side by side. */
export function makeReport(spec: JobSpec, known: Known, workers: readonly WorkerReport[], durationMs: number): Report {
  const hosts = [...new Set(spec.workers.map(({ host }) => host))];
  return {
    schema: 'shuffle.report/1',
    job: spec.job,
    partitions: spec.partitions,
    asked: { compression: spec.compression, channels: CHANNELS, resetEvery: spec.resetEvery },
    durationMs,
    known,
    output: outputOf(workers),
    sent: totalsOf(workers.flatMap(({ sent }) => sent)),
    received: totalsOf(workers.flatMap(({ received }) => received)),
    pairs: pairsOf(workers),
    hosts: hosts.map((host) => ({
      host,
      shmBytes: sum(
        workers.filter((worker) => worker.host === host).flatMap(({ sent }) => sent),
        'shm',
        'wireBytes',
      ),
    })),
    workers: workers.map((worker) => ({
      ...worker,
      tcp: {
        sentBytes: sum(worker.sent, 'tcp', 'wireBytes') + sum(worker.received, 'tcp', 'ackBytes'),
        receivedBytes: sum(worker.received, 'tcp', 'wireBytes') + sum(worker.sent, 'tcp', 'ackBytes'),
      },
    })),
  };
}

function totalsOf(usages: readonly PeerUsage[]): DirectionTotals {
  const channel = (name: Channel): ChannelTotals => ({
    payloadBytes: sum(usages, name, 'payloadBytes'),
    framingBytes: sum(usages, name, 'framingBytes'),
    savedBytes: sum(usages, name, 'savedBytes'),
    retriedBytes: sum(usages, name, 'retriedBytes'),
    wireBytes: sum(usages, name, 'wireBytes'),
  });
  return {
    payloadBytes: usages.reduce((total, usage) => total + usage.payloadBytes, 0),
    channels: { local: channel('local'), shm: channel('shm'), tcp: channel('tcp') },
  };
}

/** Every flow that either end knows of; an end that does not know it counts as 0. */
function pairsOf(workers: readonly WorkerReport[]): Pair[] {
  const pairs = new Map<string, Pair>();
  const merge = (from: string, to: string, channel: Channel, counts: Partial<Pair>) => {
    const key = `${from} ${to} ${channel}`;
    const none = { from, to, channel, sentRows: 0, receivedRows: 0, sentBytes: 0, receivedBytes: 0 };
    pairs.set(key, { ...none, ...pairs.get(key), ...counts });
  };
  for (const { worker, sent, received } of workers) {
    for (const { peer, channel, rows, payloadBytes } of sent)
      merge(worker, peer, channel, { sentRows: rows, sentBytes: payloadBytes });
    for (const { peer, channel, rows, payloadBytes } of received)
      merge(peer, worker, channel, { receivedRows: rows, receivedBytes: payloadBytes });
  }
  return [...pairs.values()].sort((left, right) => (key(left) < key(right) ? -1 : 1));
}

function key({ from, to, channel }: Pair): string {
  return `${from} ${to} ${channel}`;
}

function outputOf(workers: readonly WorkerReport[]): Report['output'] {
  const lanes = workers.map(({ output: { checksum } }) => [
    Number.parseInt(checksum.slice(0, 12), 16),
    Number.parseInt(checksum.slice(12), 16),
  ]);
  const lane = (index: number) => lanes.reduce((total, pair) => (total + (pair[index] ?? 0)) % 2 ** 48, 0);
  return {
    rows: workers.reduce((total, { output }) => total + output.rows, 0),
    checksum: [lane(0), lane(1)].map((value) => value.toString(16).padStart(12, '0')).join(''),
  };
}

function sum(usages: readonly PeerUsage[], channel: Channel, field: keyof ChannelTotals | 'ackBytes'): number {
  return usages.filter((usage) => usage.channel === channel).reduce((total, usage) => total + usage[field], 0);
}
