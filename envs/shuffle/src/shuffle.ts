import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Ledger } from './attribution.ts';
import { sendLocal } from './channels/local.ts';
import { clearFiles, readTransfer, transferFile, writeTransfer } from './channels/shm.ts';
import { type Answer, receiveTransfers, TcpLink, tcpFraming } from './channels/tcp.ts';
import { addChecksums, checksumOf, EMPTY_CHECKSUM, formatChecksum } from './checksum.ts';
import { type Compression, compressionNamed } from './codec.ts';
import type { Columns } from './columns.ts';
import { inputBatches, sliceOf } from './dataset.ts';
import { InvalidInput } from './errors.ts';
import { request } from './http.ts';
import { Inbox } from './inbox.ts';
import type { JobSpec } from './job.ts';
import type { Log } from './log.ts';
import type { Transfer } from './outgoing.ts';
import { partitionRows } from './partition.ts';
import { type Arrival, Reception } from './reception.ts';
import type { RowTotal, WorkerReport } from './report.ts';
import { CHANNELS, type Channel, channelBetween, partitionsOf, type WorkerAddress } from './topology.ts';

/** One worker's part in one shuffle. */
export class Shuffle {
  readonly spec: JobSpec;
  readonly #self: number;
  readonly #me: WorkerAddress;
  readonly #shm: string;
  readonly #log: Log;
  readonly #compression: Compression;
  readonly #ledger = new Ledger();
  readonly #inbox: Inbox;
  readonly #abort = new AbortController();
  readonly #resetOnce = new Set<string>();
  readonly #connections = { opened: 0, accepted: 0, reset: 0 };
  #input: RowTotal = { rows: 0, checksum: formatChecksum(EMPTY_CHECKSUM) };
  #durationMs = 0;

  /** Throws where the worker is none of the job's. */
  constructor(spec: JobSpec, worker: string, shm: string, log: Log) {
    const self = spec.workers.findIndex(({ name }) => name === worker);
    const me = spec.workers[self];
    if (!me) throw new InvalidInput(`${worker} is not among the workers of job ${spec.job}`);
    this.spec = spec;
    this.#self = self;
    this.#me = me;
    this.#shm = shm;
    this.#log = log;
    this.#compression = compressionNamed(spec.compression);
    const { length: workers } = spec.workers;
    this.#inbox = new Inbox(workers * partitionsOf(self, workers, spec.partitions).length);
  }

  /** Makes the worker ready to take transfers. Must be done on all workers before any of them runs. */
  async open(): Promise<void> {
    await clearFiles(this.#shm, this.#me.name);
  }

  /** Sends this worker's rows and takes those of the others; resolves once all of both is done. Throws what went wrong. */
  async run(dataset: Columns): Promise<void> {
    const started = performance.now();
    const { spec } = this;
    const settings = { channels: this.#channels(), compression: this.#compression.name, partitions: spec.partitions };
    this.#log.info('config active', { job: spec.job, ...settings, resetEvery: spec.resetEvery });

    const slice = sliceOf(spec.totalRows, this.#self, spec.workers.length);
    const input = () => inputBatches(dataset, slice);
    this.#input = await totalOf(input());
    const partitions = await partitionRows(input, spec.partitions);
    this.#abort.signal.throwIfAborted();
    const aborted = once(this.#abort.signal, 'abort').then(() => this.#abort.signal.throwIfAborted());
    const sends = spec.workers.map((peer, index) => this.#sendTo(peer, index, partitions));
    await Promise.race([Promise.all([...sends, this.#inbox.complete()]), aborted]);
    this.#durationMs = Math.round(performance.now() - started);
    this.#log.info('shuffle done', { job: spec.job, durationMs: this.#durationMs });
  }

  /** Takes the transfers of one connection until its peer closes it. */
  async receive(socket: Socket): Promise<void> {
    this.#connections.accepted += 1;
    this.#abort.signal.addEventListener('abort', () => socket.destroy(), { once: true });
    const reception = new Reception(this.spec, this.#self, 'tcp', this.#ledger, this.#inbox);
    await receiveTransfers(socket, reception, (arrival) => this.#answer(arrival));
  }

  /** Takes the transfer that a worker of the same host has put into a file. */
  async receiveFile(source: number, partition: number): Promise<void> {
    const peer = this.spec.workers[source];
    if (!peer) throw new InvalidInput(`there is no worker ${source}`);
    const reception = new Reception(this.spec, this.#self, 'shm', this.#ledger, this.#inbox);
    await readTransfer(transferFile(this.#shm, peer.name, partition), reception);
  }

  /** Ends the shuffle where it is. */
  abort(reason: string): void {
    this.#abort.abort(new Error(reason));
  }

  /** What this worker says of the shuffle. Final once all workers are done. */
  report(): WorkerReport {
    const { rows, checksum } = this.#inbox.total();
    return {
      worker: this.#me.name,
      host: this.#me.host,
      job: this.spec.job,
      channels: this.#channels(),
      compression: this.#compression.name,
      durationMs: this.#durationMs,
      input: this.#input,
      output: { rows, checksum: formatChecksum(checksum) },
      partitions: this.#inbox.partitions(),
      sent: this.#ledger.usage('sent'),
      received: this.#ledger.usage('received'),
      connections: { ...this.#connections },
    };
  }

  #channels(): Channel[] {
    const used = new Set(this.spec.workers.map((peer) => channelBetween(this.#me, peer)));
    return CHANNELS.filter((channel) => used.has(channel));
  }

  /** Sends to one peer, one transfer after the other, what of each partition falls to it. */
  async #sendTo(peer: WorkerAddress, index: number, partitions: readonly Columns[]): Promise<void> {
    const { job, workers } = this.spec;
    const channel = channelBetween(this.#me, peer);
    const transfers = partitionsOf(index, workers.length, partitions.length).flatMap((partition): Transfer[] => {
      const columns = partitions[partition];
      return columns ? [{ job, source: this.#self, partition, columns }] : [];
    });
    if (channel === 'tcp') return this.#sendOverTcp(peer, transfers);
    for (const transfer of transfers) {
      this.#abort.signal.throwIfAborted();
      if (channel === 'local') await sendLocal(transfer, peer.name, this.#ledger, this.#inbox);
      else await this.#sendFile(peer, transfer);
    }
  }

  async #sendOverTcp(peer: WorkerAddress, transfers: readonly Transfer[]): Promise<void> {
    const link = new TcpLink(peer.data, tcpFraming(this.#compression), this.#abort.signal);
    for (const transfer of transfers) await link.send(transfer, () => this.#ledger.open('sent', peer.name, 'tcp'));
    await link.close();
    this.#connections.opened += link.connections;
  }

  /** Writes the file, then tells the peer, whose answer is its word that it keeps the transfer. */
  async #sendFile(peer: WorkerAddress, transfer: Transfer): Promise<void> {
    const { job, source, partition } = transfer;
    const entry = this.#ledger.open('sent', peer.name, 'shm');
    await writeTransfer(transferFile(this.#shm, this.#me.name, partition), transfer, entry);
    await request(peer.control, 'POST', '/job/files', this.#abort.signal, { job, source, partition });
    entry.commit();
  }

  /** Resets some connections once, after their transfer is kept and before its sender can know: retries must work. */
  #answer({ source, partition }: Arrival): Answer {
    const { resetEvery, workers } = this.spec;
    const ordinal = partition * workers.length + source;
    const key = `${source}/${partition}`;
    if (resetEvery === 0 || ordinal % resetEvery !== 0 || this.#resetOnce.has(key)) return 'ack';
    this.#resetOnce.add(key);
    this.#connections.reset += 1;
    return 'reset';
  }
}

async function totalOf(batches: Iterable<Columns>): Promise<RowTotal> {
  let rows = 0;
  let checksum = EMPTY_CHECKSUM;
  for (const batch of batches) {
    rows += batch.distance.length;
    checksum = addChecksums(checksum, checksumOf(batch));
    await nextTurn();
  }
  return { rows, checksum: formatChecksum(checksum) };
}
