import { ROW_BYTES } from './columns.ts';
import type { Channel } from './topology.ts';

/** Which end of a transfer this worker is. */
export type Direction = 'sent' | 'received';

/** What flowed between this worker and one peer over one channel in one direction. */
export interface Usage {
  /** Transfers that the receiver keeps; each is counted once, however often it was sent. */
  readonly transfers: number;
  /** Times that a transfer flowed without being kept: before a retry, or as a duplicate of one already kept. */
  readonly retriedTransfers: number;
  readonly rows: number;
  /** Frames of the kept transfers, their end frames included. */
  readonly frames: number;
  /** Bytes of the rows themselves, `rows` x 8: what the shuffle is for. */
  readonly payloadBytes: number;
  /** Bytes that the kept transfers' frames add to the payload before compression: headers, end frames, Arrow metadata. */
  readonly framingBytes: number;
  /** Bytes that compression took off the kept transfers. */
  readonly savedBytes: number;
  /** Bytes of the transfers that flowed without being kept, as they flowed. */
  readonly retriedBytes: number;
  /** All bytes that flowed with the rows: payload + framing - saved + retried. */
  readonly wireBytes: number;
  /** Bytes of the receiver's acknowledgements, which flow the other way. */
  readonly ackBytes: number;
}

/** The usage of one channel to or from one peer. */
export interface PeerUsage extends Usage {
  readonly peer: string;
  readonly channel: Channel;
}

/** The sizes of one frame. On the local channel, where nothing is framed, header 0 and body and encoding as large as the rows. */
export interface FrameSizes {
  readonly rows: number;
  readonly headerBytes: number;
  /** The body before compression. */
  readonly encodedBytes: number;
  /** The body as it flowed. */
  readonly bodyBytes: number;
}

/** Attributes every byte that a worker shuffles to the peer and the channel that it flowed through. */
export class Ledger {
  readonly #accounts = new Map<string, Account>();

  /** Opens the account of one pass of a transfer. Each pass, a retry too, is an entry of its own. */
  open(direction: Direction, peer: string, channel: Channel): TransferEntry {
    const key = `${direction} ${peer} ${channel}`;
    let account = this.#accounts.get(key);
    if (!account) {
      account = { direction, peer, channel, usage: emptyUsage() };
      this.#accounts.set(key, account);
    }
    return new TransferEntry(account);
  }

  /** The usage in one direction, per peer and channel. */
  usage(direction: Direction): PeerUsage[] {
    return [...this.#accounts.values()]
      .filter((account) => account.direction === direction)
      .map(({ peer, channel, usage }) => ({ peer, channel, ...usage }));
  }
}

/**
 * One pass of a transfer. What flows is wire at once, whatever becomes of it; it is payload and framing only when the
 * receiver keeps the transfer, so that a transfer that had to be sent again is attributed once.
 */
export class TransferEntry {
  readonly #account: Account;
  #pass = { rows: 0, frames: 0, payloadBytes: 0, framingBytes: 0, savedBytes: 0, wireBytes: 0 };

  constructor(account: Account) {
    this.#account = account;
  }

  /** A frame has flowed. */
  frame(sizes: FrameSizes): void {
    const payloadBytes = sizes.rows * ROW_BYTES;
    const wireBytes = sizes.headerBytes + sizes.bodyBytes;
    const pass = this.#pass;
    pass.rows += sizes.rows;
    pass.frames += 1;
    pass.payloadBytes += payloadBytes;
    pass.framingBytes += sizes.headerBytes + sizes.encodedBytes - payloadBytes;
    pass.savedBytes += sizes.encodedBytes - sizes.bodyBytes;
    pass.wireBytes += wireBytes;
    this.#account.usage.wireBytes += wireBytes;
  }

  /** An acknowledgement has flowed. */
  ack(bytes: number): void {
    this.#account.usage.ackBytes += bytes;
  }

  /** The receiver keeps the transfer. */
  commit(): void {
    const { usage } = this.#account;
    usage.transfers += 1;
    usage.rows += this.#pass.rows;
    usage.frames += this.#pass.frames;
    usage.payloadBytes += this.#pass.payloadBytes;
    usage.framingBytes += this.#pass.framingBytes;
    usage.savedBytes += this.#pass.savedBytes;
  }

  /** The receiver does not keep the transfer, or has it already; what flowed was in vain. */
  abandon(): void {
    const { usage } = this.#account;
    usage.retriedTransfers += 1;
    usage.retriedBytes += this.#pass.wireBytes;
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Account {
  readonly direction: Direction;
  readonly peer: string;
  readonly channel: Channel;
  readonly usage: Mutable<Usage>;
}

function emptyUsage(): Mutable<Usage> {
  return {
    transfers: 0,
    retriedTransfers: 0,
    rows: 0,
    frames: 0,
    payloadBytes: 0,
    framingBytes: 0,
    savedBytes: 0,
    retriedBytes: 0,
    wireBytes: 0,
    ackBytes: 0,
  };
}
