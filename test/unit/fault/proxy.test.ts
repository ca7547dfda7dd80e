import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { probe } from '../../../gym/fault/proxy/probe.ts';
import { plain, type RunningProxy, type Shape, startProxy } from '../../../gym/fault/proxy/proxy.ts';
import { tryShape } from '../../../gym/fault/proxy/trial.ts';

const loopback = '127.0.0.1';
const servers: Server[] = [];
const proxies: RunningProxy[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const proxy of proxies.splice(0)) await proxy.close();
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** A server of that behaviour; its port. */
async function serve(behave: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    behave(socket);
  });
  servers.push(server);
  server.listen(0, loopback);
  await once(server, 'listening');
  const at = server.address();
  return typeof at === 'object' && at !== null ? at.port : 0;
}

async function proxyTo(port: number, shape: Partial<Shape> = {}): Promise<RunningProxy> {
  const proxy = await startProxy({ listen: 0, host: loopback, port }, { ...plain, ...shape }, undefined, loopback);
  proxies.push(proxy);
  return proxy;
}

async function dial(port: number): Promise<Socket> {
  const socket = connect({ host: loopback, port, allowHalfOpen: true, noDelay: true });
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** All that comes until the other end closes or resets. */
async function readAll(socket: Socket): Promise<{ bytes: Buffer; end: 'closed' | 'reset' }> {
  const chunks: Buffer[] = [];
  const ended = Promise.withResolvers<'closed' | 'reset'>();
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('end', () => ended.resolve('closed'));
  socket.on('error', () => ended.resolve('reset'));
  socket.on('close', () => ended.resolve('reset'));
  const end = await ended.promise;
  return { bytes: Buffer.concat(chunks), end };
}

const echo = (socket: Socket): void => void socket.pipe(socket);
const pattern = (size: number): Buffer => Buffer.from(Array.from({ length: size }, (_, index) => (index * 31) % 251));

async function roundTripMs(socket: Socket): Promise<number> {
  const startedAt = performance.now();
  socket.write('x');
  await once(socket, 'data');
  return performance.now() - startedAt;
}

describe('without a shape', () => {
  it('passes every byte both ways and counts exactly', async () => {
    const port = await serve((socket) => {
      const chunks: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.on('end', () => socket.end(Buffer.concat([Buffer.concat(chunks).reverse(), Buffer.from('tail')])));
    });
    const proxy = await proxyTo(port);
    const sent = pattern(3_000_001);
    const all = await Promise.all(
      [1, 2, 3].map(async () => {
        const client = await dial(proxy.port);
        client.end(sent);
        return readAll(client);
      }),
    );
    for (const { bytes, end } of all) {
      expect(end).toBe('closed');
      // Compared as a whole: a diff of millions of bytes helps nobody.
      expect(bytes.equals(Buffer.concat([Buffer.from(sent).reverse(), Buffer.from('tail')]))).toBe(true);
    }
    expect(proxy.traffic()).toEqual({
      connections: 3,
      resets: 0,
      refused: 0,
      toTargetBytes: 3 * 3_000_001,
      toClientBytes: 3 * 3_000_005,
    });
  });

  it('keeps a half-closed connection half open, whichever end closes first', async () => {
    const port = await serve((socket) => {
      socket.end('greeting');
      socket.on('data', (chunk: Buffer) => received.push(chunk));
      socket.on('end', () => done.resolve());
    });
    const received: Buffer[] = [];
    const done = Promise.withResolvers<void>();
    const proxy = await proxyTo(port);
    const client = await dial(proxy.port);
    expect(await readAll(client)).toEqual({ bytes: Buffer.from('greeting'), end: 'closed' });
    // The server has closed its half; this one still carries.
    client.end('late words');
    await done.promise;
    expect(Buffer.concat(received).toString()).toBe('late words');
    expect(proxy.traffic()).toMatchObject({ toTargetBytes: 10, toClientBytes: 8, resets: 0 });
  });

  it('passes a reset on, and a refusal as a reset', async () => {
    const port = await serve((socket) => socket.on('data', () => socket.resetAndDestroy()));
    const proxy = await proxyTo(port);
    const client = await dial(proxy.port);
    client.write('x');
    expect((await readAll(client)).end).toBe('reset');
    const nobody = await serve(echo);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const toNobody = await proxyTo(nobody);
    expect((await readAll(await dial(toNobody.port))).end).toBe('reset');
    expect(toNobody.traffic()).toMatchObject({ connections: 1, refused: 1 });
  });

  it('makes the sender wait for a slow reader, and loses nothing', async () => {
    const size = 64 << 20;
    const stalled = Promise.withResolvers<Socket>();
    const port = await serve((socket) => {
      socket.pause();
      stalled.resolve(socket);
    });
    const proxy = await proxyTo(port);
    const client = await dial(proxy.port);
    let sent = false;
    client.end(Buffer.alloc(size, 7), () => {
      sent = true;
    });
    const reader = await stalled.promise;
    await sleep(300);
    // What the kernel's buffers and the proxy's queue hold is far less than all.
    expect(sent).toBe(false);
    expect(proxy.traffic().toTargetBytes).toBeLessThan(size / 2);
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(size * 2);
    let got = 0;
    reader.on('data', (chunk: Buffer) => {
      got += chunk.length;
    });
    reader.resume();
    await once(reader, 'end');
    expect(got).toBe(size);
    expect(proxy.traffic().toTargetBytes).toBe(size);
  });
});

describe('latency', () => {
  it('is added to a round trip, and does not take from the bandwidth', async () => {
    const port = await serve(echo);
    const direct = await roundTripMs(await dial(port));
    const proxy = await proxyTo(port, { latencyMs: 120 });
    const client = await dial(proxy.port);
    const times = [await roundTripMs(client), await roundTripMs(client), await roundTripMs(client)];
    expect(direct).toBeLessThan(60);
    for (const ms of times) expect(ms).toBeGreaterThanOrEqual(118);
    expect(Math.min(...times)).toBeLessThan(180);
    const startedAt = performance.now();
    const sent = pattern(1_000_000);
    client.end(sent);
    expect((await readAll(client)).bytes.equals(sent)).toBe(true);
    // Sixteen chunks one after the other would take two seconds.
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('bandwidth', () => {
  it('is shared by all connections, each way', async () => {
    const got: number[] = [];
    const port = await serve((socket) => {
      socket.on('data', (chunk: Buffer) => got.push(chunk.length)).on('end', () => socket.end('done'));
    });
    const proxy = await proxyTo(port, { bytesPerSecond: 100_000 });
    const startedAt = performance.now();
    const clients = await Promise.all([dial(proxy.port), dial(proxy.port)]);
    await Promise.all(
      clients.map((client) => {
        client.end(Buffer.alloc(25_000));
        return readAll(client);
      }),
    );
    const seconds = (performance.now() - startedAt) / 1000;
    expect(got.reduce((sum, bytes) => sum + bytes, 0)).toBe(50_000);
    expect(seconds).toBeGreaterThanOrEqual(0.49);
    expect(seconds).toBeLessThan(1.5);
  });
});

describe('reset', () => {
  it.each([1, 1000, 300_001])('comes after exactly %i bytes', async (afterBytes) => {
    let got = 0;
    const reset = Promise.withResolvers<void>();
    const port = await serve((socket) => {
      socket.on('data', (chunk: Buffer) => {
        got += chunk.length;
      });
      socket.on('error', () => reset.resolve());
    });
    const proxy = await proxyTo(port, { reset: { afterBytes } });
    const client = await dial(proxy.port);
    client.write(Buffer.alloc(400_000));
    expect((await readAll(client)).end).toBe('reset');
    await reset.promise;
    expect(got).toBe(afterBytes);
    expect(proxy.traffic()).toMatchObject({ resets: 1, toTargetBytes: afterBytes, toClientBytes: 0 });
  });

  it('counts both ways together', async () => {
    const port = await serve(echo);
    const proxy = await proxyTo(port, { reset: { afterBytes: 15 } });
    const client = await dial(proxy.port);
    const read = readAll(client);
    client.write('0123456789');
    expect(await read).toEqual({ bytes: Buffer.from('01234'), end: 'reset' });
  });

  it('leaves a connection alone that carries less', async () => {
    const port = await serve(echo);
    const proxy = await proxyTo(port, { reset: { afterBytes: 21 } });
    const client = await dial(proxy.port);
    client.end('0123456789');
    expect((await readAll(client)).end).toBe('closed');
  });

  it('with a probability falls on the same connections under the same seed', async () => {
    const port = await serve(echo);
    const outcomes = async (seed: number): Promise<string> => {
      const proxy = await proxyTo(port, { reset: { probability: 0.3, seed } });
      let text = '';
      for (let index = 0; index < 60; index += 1) {
        const client = connect({ host: loopback, port: proxy.port });
        client.end('x');
        text += (await readAll(client)).end === 'reset' ? 'r' : '.';
      }
      expect(proxy.traffic().resets).toBe(text.split('r').length - 1);
      return text;
    };
    const first = await outcomes(7);
    expect(await outcomes(7)).toBe(first);
    expect(await outcomes(8)).not.toBe(first);
    const resets = first.split('r').length - 1;
    expect(resets).toBeGreaterThan(8);
    expect(resets).toBeLessThan(30);
  });
});

describe('a trial', () => {
  it('shows what a shape does', async () => {
    const [latency, bandwidth, bytes, share, none] = await Promise.all([
      tryShape({ ...plain, latencyMs: 60 }),
      tryShape({ ...plain, bytesPerSecond: 50_000 }),
      tryShape({ ...plain, reset: { afterBytes: 777 } }),
      tryShape({ ...plain, reset: { probability: 0.5, seed: 1 } }),
      tryShape(plain),
    ]);
    for (const trial of [latency, bandwidth, bytes, share]) expect(trial).toMatchObject({ isEffective: true });
    expect(bytes).toMatchObject({ before: 'not reset', after: 'reset after 777 bytes' });
    expect(Number.parseInt(bandwidth?.after ?? '', 10)).toBeLessThan(55_000);
    expect(none).toBe(null);
  });
});

describe('a probe', () => {
  it('tells where a connection went and how it ended', async () => {
    const port = await serve(echo);
    expect(await probe('localhost', port, 1000)).toMatchObject({ address: loopback, outcome: 'closed' });
    const slow = await proxyTo(port, { latencyMs: 100 });
    const through = await probe(loopback, slow.port, 1000);
    expect(through.outcome).toBe('closed');
    expect(through.roundTripMs).toBeGreaterThanOrEqual(98);
    const resetting = await proxyTo(port, { reset: { afterBytes: 0 } });
    expect((await probe(loopback, resetting.port, 1000)).outcome).toBe('reset');
    const silent = await serve((socket) => void socket.resume());
    expect((await probe(loopback, silent, 100)).outcome).toBe('open');
    await new Promise((resolve) => servers.shift()?.close(resolve));
    expect((await probe(loopback, port, 1000)).outcome).toBe('refused');
  });
});
