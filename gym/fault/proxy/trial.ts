import { connect, createServer, type Socket } from 'node:net';
import { plain, type RunningProxy, type Shape, startProxy } from './proxy.ts';

/** What a shape does to connections to an echo on this machine, against none. */
export interface Trial {
  readonly what: string;
  readonly before: string;
  readonly after: string;
  readonly isEffective: boolean;
}

const loopback = '127.0.0.1';
const rateSeconds = 0.3;
const mostBytes = 1 << 20;
const connections = 100;

/** Tries a shape on connections to an echo, where no service is disturbed by it; `null`: there is nothing to try. */
export async function tryShape(shape: Shape): Promise<Trial | null> {
  const echo = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => undefined).pipe(socket);
  });
  await new Promise<void>((resolve) => echo.listen(0, loopback, resolve));
  const at = echo.address();
  const route = { listen: 0, host: loopback, port: typeof at === 'object' && at !== null ? at.port : 0 };
  const smaller =
    shape.reset !== null && 'afterBytes' in shape.reset
      ? { ...shape, reset: { afterBytes: Math.min(shape.reset.afterBytes, mostBytes) } }
      : shape;
  const proxies = await Promise.all([plain, smaller].map((each) => startProxy(route, each, undefined, loopback)));
  const [unshaped, shaped] = proxies;
  if (unshaped === undefined || shaped === undefined) throw new Error('unreachable');
  try {
    return await trial(smaller, unshaped, shaped);
  } finally {
    await Promise.all(proxies.map((proxy) => proxy.close()));
    echo.close();
  }
}

async function trial(shape: Shape, unshaped: RunningProxy, shaped: RunningProxy): Promise<Trial | null> {
  if (shape.reset !== null) return tryReset(shape.reset, unshaped, shaped);
  if (shape.bytesPerSecond !== null) {
    const bytes = Math.max(1, Math.min(mostBytes, Math.round(shape.bytesPerSecond * rateSeconds)));
    const rate = async ({ port }: RunningProxy): Promise<number> => (bytes / (await echoed(port, bytes)).ms) * 1000;
    const [before, after] = [await rate(unshaped), await rate(shaped)];
    const text = (bytesPerSecond: number): string => `${Math.round(bytesPerSecond)} bytes/s`;
    const isEffective = after < shape.bytesPerSecond * 1.1;
    return { what: 'bandwidth through the proxy to an echo', before: text(before), after: text(after), isEffective };
  }
  if (shape.latencyMs === 0) return null;
  const [before, after] = [(await echoed(unshaped.port, 1)).ms, (await echoed(shaped.port, 1)).ms];
  const text = (ms: number): string => `${ms.toFixed(1)} ms`;
  const isEffective = after >= shape.latencyMs * 0.9;
  return { what: 'round trip through the proxy to an echo', before: text(before), after: text(after), isEffective };
}

async function tryReset(
  reset: NonNullable<Shape['reset']>,
  unshaped: RunningProxy,
  shaped: RunningProxy,
): Promise<Trial> {
  const count = async ({ port }: RunningProxy, times: number, bytes: number): Promise<number> => {
    let resets = 0;
    for (let time = 0; time < times; time += 1) if ((await echoed(port, bytes)).reset) resets += 1;
    return resets;
  };
  const [times, bytes] = 'afterBytes' in reset ? [1, reset.afterBytes + 1] : [connections, 1];
  const before = await count(unshaped, times, bytes);
  const after = await count(shaped, times, bytes);
  if ('probability' in reset) {
    const isEffective = before === 0 && (after > 0 || reset.probability * times < 5);
    return {
      what: `connections of ${times} through the proxy that were reset`,
      before: `${before}`,
      after: `${after}`,
      isEffective,
    };
  }
  const { toTargetBytes, toClientBytes } = shaped.traffic();
  return {
    what: `a connection through the proxy to an echo, ${bytes} bytes sent`,
    before: before === 0 ? 'not reset' : 'reset',
    after: after === 0 ? 'not reset' : `reset after ${toTargetBytes + toClientBytes} bytes`,
    isEffective: before === 0 && after === 1 && toTargetBytes + toClientBytes === reset.afterBytes,
  };
}

/** Sends bytes, waits for them to come back or for a reset; the time from the first byte sent on. */
function echoed(port: number, bytes: number): Promise<{ ms: number; reset: boolean }> {
  const { promise, resolve } = Promise.withResolvers<{ ms: number; reset: boolean }>();
  let startedAt = performance.now();
  let back = 0;
  const end = (socket: Socket, reset: boolean): void => {
    resolve({ ms: performance.now() - startedAt, reset });
    socket.destroy();
  };
  const socket = connect({ host: loopback, port, noDelay: true }, () => {
    startedAt = performance.now();
    socket.write(Buffer.alloc(bytes));
  });
  socket.on('data', (chunk) => {
    back += chunk.length;
    if (back >= bytes) end(socket, false);
  });
  socket.on('error', () => end(socket, true));
  socket.on('close', () => end(socket, true));
  return promise;
}
