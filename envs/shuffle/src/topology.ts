/** The ways a partition can travel: within the worker, through files shared on a host, over the network. */
export const CHANNELS = ['local', 'shm', 'tcp'] as const;
/** One of the ways a partition can travel. */
export type Channel = (typeof CHANNELS)[number];

/** A worker as the others know it. Its index in the job's list is its number in frames. */
export interface WorkerAddress {
  readonly name: string;
  /** Workers of one host share a file system in memory. */
  readonly host: string;
  /** `host:port` of its HTTP server. */
  readonly control: string;
  /** `host:port` where it takes transfers. */
  readonly data: string;
}

/** The channel between two workers. */
export function channelBetween(from: WorkerAddress, to: WorkerAddress): Channel {
  if (from.name === to.name) return 'local';
  return from.host === to.host ? 'shm' : 'tcp';
}

/** The index of the worker to which a partition goes. */
export function ownerOf(partition: number, workers: number): number {
  return partition % workers;
}

/** The partitions that go to one worker, ascending. */
export function partitionsOf(worker: number, workers: number, partitions: number): number[] {
  const owned: number[] = [];
  for (let partition = worker; partition < partitions; partition += workers) owned.push(partition);
  return owned;
}

/** Splits `host:port`. */
export function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}
