import { connect } from 'node:net';
import { failureOf, type LoadClient } from './client.ts';
import type { LoadTarget } from './plan.ts';
import type { LoadFailure } from './results.ts';

type TcpTarget = Extract<LoadTarget, { protocol: 'tcp' }>;

/** A connection for each arrival: it is opened, sends what there is to send, waits for the expected answer, and closes. */
export function tcpClient({ host, port, requests }: TcpTarget): LoadClient {
  const open = new Set<() => void>();
  const prepared = requests.map(({ send = '', expect = '' }) => ({
    send: Buffer.from(send),
    expect: Buffer.from(expect),
  }));
  return {
    send(request, onEnd) {
      const what = prepared[request];
      if (what === undefined) throw new Error(`no request ${request}`);
      const breakOff = exchange({ host, port, ...what }, (failure) => {
        open.delete(breakOff);
        onEnd(failure);
      });
      open.add(breakOff);
      return breakOff;
    },
    close: async () => {
      for (const breakOff of open) breakOff();
    },
  };
}

interface Exchange {
  readonly host: string;
  readonly port: number;
  readonly send: Buffer;
  readonly expect: Buffer;
}

/** One connection; gives how to break it off. */
function exchange({ host, port, send, expect }: Exchange, onEnd: (failure?: LoadFailure) => void): () => void {
  const socket = connect({ host, port, noDelay: true });
  let isOver = false;
  let got = Buffer.alloc(0);
  const end = (failure?: LoadFailure): void => {
    socket.destroy();
    if (!isOver) onEnd(failure);
    isOver = true;
  };
  const answered = (): void => {
    if (expect.length === 0) end();
  };
  socket.on('connect', () => {
    if (send.length === 0) answered();
    else socket.write(send, answered);
  });
  socket.on('data', (chunk) => {
    if (expect.length === 0) return;
    got = Buffer.concat([got, chunk]);
    if (!expect.subarray(0, got.length).equals(got.subarray(0, expect.length))) end('unexpected');
    else if (got.length >= expect.length) end();
  });
  socket.on('error', (error) => end(failureOf(error)));
  socket.on('close', () => end('reset'));
  return () => end('timeout');
}
