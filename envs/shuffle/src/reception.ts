import type { Ledger, TransferEntry } from './attribution.ts';
import { sameChecksum } from './checksum.ts';
import { decodeBatch, decompress } from './codec.ts';
import { type Frame, FrameError, HEADER_BYTES, readChecksum } from './frame.ts';
import { type Inbox, Staging } from './inbox.ts';
import type { JobSpec } from './job.ts';
import { type Channel, ownerOf } from './topology.ts';

/** A transfer that has arrived whole. */
export interface Arrival {
  readonly source: number;
  readonly partition: number;
  readonly entry: TransferEntry;
}

/** Takes the frames of one stream, a connection or a file, and hands whole transfers to the inbox. */
export class Reception {
  readonly #spec: JobSpec;
  readonly #self: number;
  readonly #channel: Channel;
  readonly #ledger: Ledger;
  readonly #inbox: Inbox;
  #current: { source: number; partition: number; staging: Staging; entry: TransferEntry } | undefined;

  constructor(spec: JobSpec, self: number, channel: Channel, ledger: Ledger, inbox: Inbox) {
    this.#spec = spec;
    this.#self = self;
    this.#channel = channel;
    this.#ledger = ledger;
    this.#inbox = inbox;
  }

  /** Takes the next frame; answers with the transfer that it completes. Throws `FrameError` on a broken stream. */
  take(frame: Frame): Arrival | undefined {
    const current = this.#current ?? this.#begin(frame);
    this.#current = current;
    const { source, partition, staging, entry } = current;
    if (frame.job !== this.#spec.job || frame.source !== source || frame.partition !== partition)
      throw new FrameError(`a frame of transfer ${frame.source}/${frame.partition} within ${source}/${partition}`);
    if (frame.sequence !== staging.frames)
      throw new FrameError(`frame ${frame.sequence} instead of ${staging.frames} in transfer ${source}/${partition}`);

    const sizes = { headerBytes: HEADER_BYTES, encodedBytes: frame.encodedBytes, bodyBytes: frame.body.byteLength };
    if (frame.kind === 'data') {
      const columns = decodeBatch(decompress(frame.encoding, frame.body, frame.encodedBytes));
      staging.add(columns);
      entry.frame({ rows: columns.distance.length, ...sizes });
      return undefined;
    }
    entry.frame({ rows: 0, ...sizes });
    return this.#end(frame, current);
  }

  /** The stream has ended or failed; a transfer that is not whole is dropped. */
  close(): void {
    this.#current?.entry.abandon();
    this.#current = undefined;
  }

  #begin(frame: Frame) {
    const { job, source, partition } = frame;
    const peer = this.#spec.workers[source];
    const ours = ownerOf(partition, this.#spec.workers.length) === this.#self;
    if (job !== this.#spec.job || !peer || !ours || partition >= this.#spec.partitions)
      throw new FrameError(`transfer ${source}/${partition} of job ${job} is not for this worker`);
    return {
      source,
      partition,
      staging: new Staging(),
      entry: this.#ledger.open('received', peer.name, this.#channel),
    };
  }

  #end(frame: Frame, current: { source: number; partition: number; staging: Staging; entry: TransferEntry }): Arrival {
    const { source, partition, staging, entry } = current;
    if (frame.kind !== 'end') throw new FrameError(`a frame of kind ${frame.kind} from a sender`);
    if (frame.rows !== staging.rows || !sameChecksum(readChecksum(frame.body), staging.checksum))
      throw new FrameError(`transfer ${source}/${partition} does not match its checksum`);
    this.#current = undefined;
    if (this.#inbox.keep(source, partition, staging) === 'kept') entry.commit();
    else entry.abandon();
    return { source, partition, entry };
  }
}
