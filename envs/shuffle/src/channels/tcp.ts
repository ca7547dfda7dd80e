import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TransferEntry } from '../attribution.ts';
import type { Compression } from '../codec.ts';
import { type Frame, FrameReader, HEADER_BYTES, writeFrame } from '../frame.ts';
import { type Framing, framesOf, type Transfer } from '../outgoing.ts';
import type { Arrival, Reception } from '../reception.ts';
import { splitAddress } from '../topology.ts';

const IDLE_MS = 10_000;
const MAX_ATTEMPTS = 5;
const FIRST_DELAY_MS = 20;

/** Large frames, since each crosses the kernel twice, compressed as the job asks. */
export function tcpFraming(compression: Compression): Framing {
  return { rowsPerFrame: 8_192, compression };
}

/** Sends transfers to one peer, one after the other, over a connection that is opened anew when it is lost. */
export class TcpLink {
  readonly #address: string;
  readonly #framing: Framing;
  readonly #signal: AbortSignal;
  #connection: { socket: Socket; answers: AsyncGenerator<Frame, void, void> } | undefined;
  /** Connections opened so far. */
  connections = 0;

  constructor(address: string, framing: Framing, signal: AbortSignal) {
    this.#address = address;
    this.#framing = framing;
    this.#signal = signal;
  }

  /**
   * Sends a transfer until the peer acknowledges it. A lost connection is opened again and the whole transfer sent
   * again, at most five times; each pass has an entry of its own. Throws the last error then, or when aborted.
   */
  async send(transfer: Transfer, openEntry: () => TransferEntry): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const entry = openEntry();
      try {
        await this.#attempt(transfer, entry);
        entry.commit();
        return;
      } catch (error) {
        entry.abandon();
        this.#connection?.socket.destroy();
        this.#connection = undefined;
        if (attempt === MAX_ATTEMPTS || this.#signal.aborted) throw error;
        await sleep(FIRST_DELAY_MS * 2 ** (attempt - 1), undefined, { signal: this.#signal });
      }
    }
  }

  /** Closes the connection and waits for the peer to close it too. */
  async close(): Promise<void> {
    this.#connection?.socket.end();
    await this.#connection?.answers.next();
    this.#connection = undefined;
  }

  async #attempt(transfer: Transfer, entry: TransferEntry): Promise<void> {
    this.#connection ??= await this.#connect();
    const { socket, answers } = this.#connection;
    for (const frame of framesOf(transfer, this.#framing)) {
      await write(socket, frame.bytes);
      entry.frame(frame.sizes);
    }
    const { value: ack } = await answers.next();
    if (ack?.kind !== 'ack' || ack.partition !== transfer.partition)
      throw new Error(`${this.#address} closed the connection before it acknowledged partition ${transfer.partition}`);
    entry.ack(HEADER_BYTES);
  }

  async #connect() {
    const { host, port } = splitAddress(this.#address);
    const socket = connect({ host, port, family: 4, noDelay: true, signal: this.#signal });
    // Errors reach us through the write or the read that they break; without a listener they would end the process.
    socket.on('error', () => {});
    socket.setTimeout(IDLE_MS, () => socket.destroy(new Error(`${this.#address} was silent for ${IDLE_MS} ms`)));
    await once(socket, 'connect');
    this.connections += 1;
    return { socket, answers: readFrames(socket) };
  }
}

/** What to do with a transfer that has arrived: acknowledge it, or lose the connection before that. */
export type Answer = 'ack' | 'reset';

/** Takes transfers from one connection until the peer closes it. Throws where the connection or its stream breaks. */
export async function receiveTransfers(
  socket: Socket,
  reception: Reception,
  answer: (arrival: Arrival) => Answer,
): Promise<void> {
  try {
    for await (const frame of readFrames(socket)) {
      const arrival = reception.take(frame);
      if (!arrival) continue;
      if (answer(arrival) === 'reset') {
        socket.resetAndDestroy();
        return;
      }
      const { job, source, partition } = frame;
      const ack = {
        kind: 'ack',
        encoding: 'none',
        job,
        source,
        partition,
        sequence: 0,
        rows: 0,
        encodedBytes: 0,
      } as const;
      await write(socket, writeFrame(ack, new Uint8Array()));
      arrival.entry.ack(HEADER_BYTES);
    }
  } finally {
    reception.close();
  }
}

/** The frames of a connection; ends when the peer ends it. Reads only as fast as the frames are taken. */
async function* readFrames(socket: Socket): AsyncGenerator<Frame, void, void> {
  const frames = new FrameReader();
  for await (const chunk of socket) yield* frames.read(chunk);
}

/** Resolves when the socket has handed the bytes to the kernel: at most one frame of a connection is in memory. */
function write(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
