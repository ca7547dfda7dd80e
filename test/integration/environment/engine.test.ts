import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { bench, docker, eventually, messageOf, run } from './support.ts';

const gym = bench();
/** Of its own: other processes' tests have the usual one. */
const task = `gymtest-${process.pid}`;
const proxies: Proxy[] = [];

afterEach(() => {
  for (const proxy of proxies.splice(0)) proxy.cut();
  const left = docker('ps', '-aq', '--filter', `label=dev.gym.task=${task}`);
  if (left !== '') docker('rm', '-fv', ...left.split('\n'));
  const networks = docker('network', 'ls', '-q', '--filter', `label=dev.gym.task=${task}`);
  if (networks !== '') docker('network', 'rm', ...networks.split('\n'));
});

interface Proxy {
  readonly ambient: Record<string, string>;
  /** The engine goes away: all connections end, new ones are refused. */
  cut(): void;
}

/** A way to the real engine that can be cut. */
async function proxy(): Promise<Proxy> {
  const path = join(gym.folder, 'engine.sock');
  const sockets = new Set<Socket>();
  const server: Server = createServer((near) => {
    const far = connect('/var/run/docker.sock');
    for (const socket of [near, far]) sockets.add(socket.on('error', () => undefined));
    near.pipe(far).pipe(near);
  });
  server.listen(path);
  await once(server, 'listening');
  const made = {
    ambient: { DOCKER_HOST: `unix://${path}` },
    cut: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  proxies.push(made);
  return made;
}

describe('an engine that goes away', () => {
  it('is told by whatever needs it, never as a result', async () => {
    const engine = await proxy();
    const environment = await gym.mustUp(
      'services: {a: {image: "debian:bookworm-slim", init: true, command: [sleep, "1000"]}}',
      { task, ambient: engine.ambient, observed: [{ kind: 'network', service: 'a' }] },
    );
    expect(await environment.engineAnswers()).toBe(true);
    setTimeout(() => engine.cut(), 200);
    const { outcome } = await run(environment, 'a', ['sh', '-c', 'sleep 1000']);
    expect(outcome.kind).toBe('lost');
    expect(outcome.kind === 'lost' && outcome.because).toMatch(/no Docker engine answers at unix:.*engine\.sock/);
    expect(await environment.engineAnswers()).toBe(false);
    expect(messageOf(await environment.observe({ kind: 'network', service: 'a' }, ['true']))).toMatch(
      /no Docker engine answers/,
    );
    expect(await environment.readFile('a', '/etc/hostname')).toMatchObject({
      ok: false,
      problems: [{ kind: 'evidence' }],
    });
    expect(messageOf(await environment.down())).toMatch(/no Docker engine answers/);
    expect(environment.deaths()).toEqual([]);
  });

  it('fails the coming up of an environment', async () => {
    const engine = await proxy();
    const coming = gym.up(
      'services: {a: {image: "debian:bookworm-slim", init: true, command: [sleep, "1000"], healthcheck: {test: "false", interval: 1s, retries: 100}}}',
      { task, ambient: engine.ambient },
    );
    await eventually(() => gym.events.some((event) => event.type === 'service.changed' && event.state === 'started'));
    engine.cut();
    expect(messageOf(await coming)).toMatch(/^service a was lost before it was ready: .*no Docker engine answers/);
  });
});
