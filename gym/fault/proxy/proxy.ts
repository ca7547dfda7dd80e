// The TCP proxy that disturbs traffic. This folder runs in a container of its own: only node's own modules are there.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { chooser, due, Line, Quota, type ResetShape } from './line.ts';

/** What is done to the connections of a route. */
export interface Shape {
  /** Added to a round trip, half of it each way. */
  readonly latencyMs: number;
  /** All connections together, each way; `null`: no limit. */
  readonly bytesPerSecond: number | null;
  readonly reset: ResetShape | null;
}

/** A port that is listened on and where its connections go. */
export interface Route {
  readonly listen: number;
  readonly host: string;
  readonly port: number;
}

/** What went through the shaped route; bytes are those handed to the kernel of the receiver's connection. */
export interface Traffic {
  readonly connections: number;
  readonly resets: number;
  /** Connections that the target did not accept. */
  readonly refused: number;
  readonly toTargetBytes: number;
  readonly toClientBytes: number;
}

/** A proxy that listens. */
export interface RunningProxy {
  readonly port: number;
  traffic(): Traffic;
  /** Counts from zero again. */
  recount(): void;
  close(): Promise<void>;
}

/** No disturbance at all. */
export const plain: Shape = { latencyMs: 0, bytesPerSecond: null, reset: null };
const none: Traffic = { connections: 0, resets: 0, refused: 0, toTargetBytes: 0, toClientBytes: 0 };
/** What may be on its way in one direction of a connection before the sender has to wait. */
const queueBytes = 4 << 20;

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** Listens and passes connections on, each way shaped; half-closed connections stay half open. `onTraffic` hears of every change. */
export async function startProxy(
  route: Route,
  shape: Shape,
  onTraffic: () => void = () => undefined,
  address = '0.0.0.0',
): Promise<RunningProxy> {
  const traffic: Mutable<Traffic> = { ...none };
  const lines = { toTargetBytes: new Line(shape.bytesPerSecond), toClientBytes: new Line(shape.bytesPerSecond) };
  const open = new Set<Socket>();
  const isChosen = chooser(shape.reset);
  const note = (counter: keyof Traffic, amount: number): void => {
    traffic[counter] += amount;
    onTraffic();
  };
  const onConnection = (client: Socket): void => {
    note('connections', 1);
    client.on('error', () => undefined);
    if (isChosen()) {
      client.resetAndDestroy();
      note('resets', 1);
      return;
    }
    const target = connect({ host: route.host, port: route.port, allowHalfOpen: true, noDelay: true });
    tie(client, target, open);
    const onRefused = (): void => note('refused', 1);
    target.once('error', onRefused).once('connect', () => target.off('error', onRefused));
    const quota = new Quota(shape.reset, () => {
      note('resets', 1);
      for (const socket of [client, target]) socket.resetAndDestroy();
    });
    const pump = (from: Socket, to: Socket, counter: keyof typeof lines): void => {
      const passed = (bytes: number): void => note(counter, bytes);
      const way = { line: lines[counter], quota, delayMs: shape.latencyMs / 2, passed };
      passOn(from, to, way).catch(() => from.resetAndDestroy());
    };
    pump(client, target, 'toTargetBytes');
    pump(target, client, 'toClientBytes');
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, onConnection);
  const port = await listening(server, route.listen, address);
  return {
    port,
    traffic: () => ({ ...traffic }),
    recount: () => Object.assign(traffic, none),
    close: async () => {
      for (const socket of open) socket.resetAndDestroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An end of one that is no orderly end becomes the end of the other. */
function tie(client: Socket, target: Socket, open: Set<Socket>): void {
  const follow = (socket: Socket, other: Socket): void => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', (hadError) => {
      open.delete(socket);
      if (hadError || !socket.readableEnded) other.resetAndDestroy();
    });
  };
  follow(client, target);
  follow(target, client);
}

function listening(server: Server, port: number, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, address, () => {
      const at = server.address();
      resolve(typeof at === 'object' && at !== null ? at.port : port);
    });
  });
}

interface Way {
  readonly line: Line;
  readonly quota: Quota;
  readonly delayMs: number;
  readonly passed: (bytes: number) => void;
}

/** One direction of a connection. What is read waits in a queue until it is due; a full queue, or a slow receiver, stops the reading. */
async function passOn(from: Socket, to: Socket, { line, quota, delayMs, passed }: Way): Promise<void> {
  const queue: { bytes: Buffer; dueAt: number }[] = [];
  let waiting = 0;
  let gone = false;
  let wake = (): void => undefined;
  from.on('data', (bytes: Buffer) => {
    queue.push({ bytes, dueAt: performance.now() + delayMs });
    waiting += bytes.length;
    if (waiting >= queueBytes) from.pause();
    wake();
  });
  from.once('end', () => {
    queue.push({ bytes: Buffer.alloc(0), dueAt: performance.now() + delayMs });
    wake();
  });
  for (const socket of [from, to])
    socket.once('close', () => {
      gone = true;
      wake();
    });
  from.resume();
  for (;;) {
    const next = queue.shift();
    if (next === undefined) {
      if (gone) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      continue;
    }
    await due(next.dueAt);
    if (next.bytes.length === 0) return void to.end();
    for (let at = 0; at < next.bytes.length; ) {
      const slice = next.bytes.subarray(at, at + line.sliceBytes);
      await line.carry(slice.length);
      const allowed = slice.subarray(0, quota.take(slice.length));
      if (allowed.length > 0 && !(await written(to, allowed))) return;
      passed(allowed.length);
      if (await quota.isUsedUp()) return;
      at += slice.length;
    }
    waiting -= next.bytes.length;
    if (waiting < queueBytes) from.resume();
  }
}

/** Whether the kernel took it all; it does when the receiver has room. */
function written(to: Socket, bytes: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    if (to.destroyed) resolve(false);
    else to.write(bytes, (error) => resolve(error === undefined || error === null));
  });
}
