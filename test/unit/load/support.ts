import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadPlan } from '../../../gym/load/plan.ts';
import { type LoadLine, type LoadSummary, loadLine } from '../../../gym/load/results.ts';
import { runLoad } from '../../../gym/load/run.ts';

/** All that a load said, read as its readers do. */
export interface Loaded {
  readonly lines: readonly LoadLine[];
  readonly summary: LoadSummary;
  /** Latencies by request, in milliseconds. */
  readonly latencies: ReadonlyMap<string, readonly number[]>;
}

/** Runs a plan as a task's author writes it. */
export async function loaded(plan: Parameters<typeof loadPlan.parse>[0]): Promise<Loaded> {
  const lines: LoadLine[] = [];
  await runLoad(loadPlan.parse(plan), (line) => lines.push(loadLine.parse(JSON.parse(JSON.stringify(line)))));
  const summary = lines.at(-1);
  if (summary?.kind !== 'summary') throw new Error('no summary');
  const latencies = new Map<string, number[]>();
  for (const line of lines)
    if (line.kind === 'latencies')
      latencies.set(line.request, [...(latencies.get(line.request) ?? []), ...line.values]);
  return { lines, summary, latencies };
}

/** A server on a port of the loopback. */
export interface Serving extends AsyncDisposable {
  readonly port: number;
  readonly origin: string;
}

async function listening(server: Server, closeAll: () => void): Promise<Serving> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      closeAll();
      server.close();
      await once(server, 'close');
    },
  };
}

/** How long an answer is held back, by the time since the first request. */
export type Delay = (sinceFirstMs: number) => number;

function delayed(delay: Delay): () => Promise<void> {
  let firstAt: number | undefined;
  return async () => {
    firstAt ??= performance.now();
    await sleep(delay(performance.now() - firstAt));
  };
}

/** Answers every request with 200, or with the status that its path names: `/503`. */
export function httpServer(delay: Delay = () => 0): Promise<Serving> {
  const held = delayed(delay);
  const server = createServer({ keepAlive: true }, async (incoming, response) => {
    incoming.resume();
    await held();
    response.statusCode = Number(/^\/(\d{3})$/.exec(incoming.url ?? '')?.[1] ?? 200);
    response.end('here');
  });
  return listening(server, () => server.closeAllConnections());
}

/** Sends back what it gets. */
export function echoServer(delay: Delay = () => 0): Promise<Serving> {
  const held = delayed(delay);
  const sockets = new Set<() => void>();
  const server = createTcpServer((socket) => {
    sockets.add(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', async (chunk) => {
      await held();
      socket.write(chunk);
    });
  });
  return listening(server, () => {
    for (const destroy of sockets) destroy();
  });
}

/** Milliseconds of each exchange of so many clients in a closed loop, as wrk's: each waits for its answer before it asks again. */
export async function closedLoop(clients: number, forMs: number, ask: () => Promise<void>): Promise<readonly number[]> {
  const took: number[] = [];
  const until = performance.now() + forMs;
  const client = async (): Promise<void> => {
    while (performance.now() < until) {
      const startedAt = performance.now();
      await ask();
      took.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return took.sort((a, b) => a - b);
}

/** Asks over connections that are kept. */
export function httpAsker(port: number, clients: number): { ask: () => Promise<void>; close: () => void } {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const ask = async (): Promise<void> => {
    const sent = request({ port, host: '127.0.0.1', agent }).end();
    const [response] = await once(sent, 'response');
    response.resume();
    await once(response, 'end');
  };
  return { ask, close: () => agent.destroy() };
}

/** Asks over a connection of its own. */
export async function tcpAsk(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.write('ping');
  await once(socket, 'data');
  socket.destroy();
}

/** Ends each connection as soon as something comes on it. */
export function hangUpServer(): Promise<Serving> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.destroy());
  });
  return listening(server, () => undefined);
}
