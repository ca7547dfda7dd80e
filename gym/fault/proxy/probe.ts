import { connect } from 'node:net';

/** What a connection that carries nothing shows: where it went, and how it ended. */
export interface Probed {
  readonly address: string;
  /**
   * `closed`: the other end closed after this one had; `open`: it did not within the time; `refused`: nobody listens;
   * `unreachable`: no answer at all, or no such name.
   */
  readonly outcome: 'closed' | 'open' | 'reset' | 'refused' | 'unreachable';
  /** From this end's close to what came of it. */
  readonly roundTripMs: number;
}

/** Connects, closes its own half, and waits for the other end: most services close then, and no byte of a protocol is needed. */
export function probe(host: string, port: number, limitMs: number): Promise<Probed> {
  const { promise, resolve } = Promise.withResolvers<Probed>();
  let address = '';
  let startedAt = performance.now();
  const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
  const end = (outcome: Probed['outcome']): void => {
    resolve({ address, outcome, roundTripMs: performance.now() - startedAt });
    socket.destroy();
  };
  socket.setTimeout(limitMs, () => end(address === '' ? 'unreachable' : 'open'));
  socket.on('connect', () => {
    address = socket.remoteAddress ?? '';
    startedAt = performance.now();
    socket.end();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    // A reset may come before the connection is told.
    if (error.code === 'ECONNREFUSED') end('refused');
    else end(error.code === 'ECONNRESET' || address !== '' ? 'reset' : 'unreachable');
  });
  socket.on('end', () => end('closed'));
  socket.resume();
  return promise;
}
