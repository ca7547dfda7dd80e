import { rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { resolveHost } from '../../../gym/environment/host.ts';

/** A way to the Docker engine that can be cut: for who goes through it, the engine stops. */
export interface EngineProxy extends AsyncDisposable {
  /** Value for DOCKER_HOST. */
  readonly host: string;
  /** Ends every connection and takes no more. */
  cut(): void;
  /** Takes connections again, as an engine that was started again. */
  restore(): Promise<void>;
}

/** Opens one on a unix socket in an existing folder. */
export async function engineProxy(path: string): Promise<EngineProxy> {
  const host = resolveHost(process.env);
  if (!host.ok || host.value.kind !== 'socket') throw new Error('the tests need an engine on a unix socket');
  const { path: engineSocket } = host.value;
  const open = new Set<Socket>();
  // Docker's hijacked connections are closed one direction after the other.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const engine = connect({ path: engineSocket, allowHalfOpen: true });
    for (const [from, to] of [
      [client, engine],
      [engine, client],
    ] as const) {
      open.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  const restore = (): Promise<void> =>
    new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  await restore();
  const cut = (): void => {
    server.close();
    for (const socket of open) socket.destroy();
    rmSync(path, { force: true });
  };
  return { host: `unix://${path}`, cut, restore, [Symbol.asyncDispose]: async () => cut() };
}
