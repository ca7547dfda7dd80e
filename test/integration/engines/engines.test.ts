import { get } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCompose } from '../../../gym/environment/compose/load.ts';
import { connectEngine } from '../../../gym/environment/engine.ts';
import type { Environment } from '../../../gym/environment/environment.ts';
import { listGolden, removeGolden } from '../../../gym/environment/golden-states.ts';
import { bringUpNext, resettable } from '../../../gym/environment/reset.ts';
import { keepSlots } from '../../../gym/environment/slots/keep.ts';
import { sweepEngine } from '../../../gym/environment/sweep.ts';
import { inject } from '../../../gym/fault/inject.ts';
import { tinyCheckout } from '../../support/gym/checkout.ts';
import { gym, startGym } from '../../support/gym/program.ts';
import { bench, eventually, messageOf, run } from '../environment/support.ts';
import { type OtherEngine, podman, rootlessDocker } from './engines.ts';

const base = 'debian:bookworm-slim';
const perl = `use Socket; socket(my $s, PF_INET, SOCK_STREAM, 0); bind($s, sockaddr_in(8080, INADDR_ANY)); listen($s, 5);
while (accept(my $c, $s)) { while (<$c> =~ /\\S/) {} print $c "HTTP/1.0 200 OK\\r\\n\\r\\nhere"; close $c }`;

/** A health check, a one-shot, state in volumes with and without a name and in a service's own files, a published port. */
const services = JSON.stringify({
  services: {
    db: {
      image: base,
      init: true,
      command: ['sh', '-c', 'echo booted; touch /data/ready; exec sleep 1000'],
      healthcheck: { test: ['CMD', 'test', '-f', '/data/ready'], interval: '1s', retries: 30 },
      volumes: ['data:/data', '/anonymous'],
    },
    seed: {
      image: base,
      command: ['sh', '-c', 'echo rows >/data/table; chown 12:34 /data; echo hidden >/anonymous/x; echo seeded'],
      volumes: ['data:/data'],
      volumes_from: ['db'],
      depends_on: { db: { condition: 'service_healthy' } },
    },
    web: {
      image: base,
      init: true,
      command: ['perl', '-e', perl.replaceAll('$', '$$$$')],
      healthcheck: { test: 'grep -q :1F90 /proc/net/tcp', interval: '1s', retries: 30 },
      ports: ['8080'],
      depends_on: { seed: { condition: 'service_completed_successfully' } },
    },
    beside: { image: base, init: true, command: ['sleep', '1000'], network_mode: 'service:web' },
  },
  volumes: { data: {} },
});

const state = async (environment: Environment): Promise<string> =>
  (
    await run(environment, 'db', [
      'sh',
      '-c',
      'cat /data/table /anonymous/x; stat -c %u:%g /data; ls /data; ls /own 2>/dev/null',
    ])
  ).out;
const seededState = 'rows\nhidden\n12:34\nready\ntable\n';

const noPause = expect.stringContaining('pausing a container');

function left({ docker }: OtherEngine): string[] {
  const filter = ['--filter', 'label=dev.gym.project', '--format'];
  return [
    docker('ps', '--all', ...filter, 'container {{.Names}}'),
    docker('network', 'ls', ...filter, 'network {{.Name}}'),
    docker('volume', 'ls', '--format', 'volume {{.Name}}'),
  ].flatMap((text) => text.split('\n').filter((line) => line !== ''));
}

function fetchText(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

describe.each([
  // Its network is that of no process outside: what it publishes is not there for these tests.
  { name: 'Podman', start: podman, publishes: false, resets: 2, warms: false },
  { name: 'rootless Docker', start: rootlessDocker, publishes: true, resets: 1, warms: true },
])('$name', ({ name, start, publishes, resets, warms }) => {
  const here = bench();
  let other: OtherEngine | string = 'it was not started';
  beforeAll(async () => {
    other = await start([base]);
    if (typeof other === 'string') console.warn(`NOT TESTED: ${name}: ${other}`);
  }, 300_000);
  afterAll(async () => {
    if (typeof other !== 'string') await other[Symbol.asyncDispose]();
  });
  const on = (test: (engine: OtherEngine, ambient: NodeJS.ProcessEnv) => Promise<void>) => {
    return async ({ skip }: { skip: (why: string) => void }): Promise<void> => {
      if (typeof other === 'string') return skip(other);
      await test(other, { ...process.env, DOCKER_HOST: other.host });
    };
  };

  it(
    'brings an environment up, runs commands in it, resets it and takes it down',
    on(async (engine, ambient) => {
      const observed = [{ kind: 'volume', volume: 'data' } as const, { kind: 'network', service: 'web' } as const];
      const environment = await here.mustUp(services, { ambient, observed });
      expect(await state(environment)).toBe(seededState);
      const three = await run(environment, 'beside', ['sh', '-c', 'echo out; echo err >&2; exit 3']);
      expect(three).toMatchObject({ outcome: { kind: 'exited', exitCode: 3 }, out: 'out\n', err: 'err\n' });
      const late = await run(environment, 'db', ['sleep', '987'], { timeoutMs: 300 });
      expect(late.outcome.kind).toBe('timed-out');
      const processes = await run(environment, 'db', ['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "']);
      expect(processes.out).not.toContain('sleep 987');
      expect((await run(environment, 'seed', ['true'])).outcome.kind).toBe('lost');
      expect(await environment.observe({ kind: 'volume', volume: 'data' }, ['cat', '/volume/table'])).toEqual({
        ok: true,
        value: 'rows\n',
      });
      const counters = await environment.observe({ kind: 'network', service: 'web' }, ['cat', '/proc/net/dev']);
      expect(counters.ok && counters.value).toContain('eth0');
      await environment.flushLogs();
      expect(here.logOf(environment, 'db')).toBe('booted\n');
      expect(here.logOf(environment, 'seed')).toBe('seeded\n');
      const port = environment.publishedPort('web', 8080) ?? 0;
      expect(port).toBeGreaterThan(0);
      if (publishes) expect(await fetchText(port)).toBe('here');
      for (let round = 0; round < resets; round += 1) {
        const spoil = 'rm /data/table; echo bad >/anonymous/x; touch /own';
        expect((await run(environment, 'db', ['sh', '-c', spoil])).outcome).toMatchObject({ exitCode: 0 });
        expect(messageOf(await environment.reset())).toBe('');
        expect(await state(environment)).toBe(seededState);
      }
      expect(environment.deaths()).toEqual([]);
      expect(messageOf(await environment.down())).toBe('');
      expect(left(engine)).toEqual([]);
    }),
  );

  it(
    'makes a seeded state once for two environments with the same content',
    on(async (engine, ambient) => {
      const connected = await connectEngine(ambient);
      // Without cgroups nothing can be paused.
      const keeps = engine.docker('info', '--format', '{{.CgroupDriver}}') !== 'none';
      const file = here.write('compose.yaml', services.replace('echo booted', 'date +%N >/stamp'));
      const model = loadCompose(file, {}, ambient);
      if (!connected.ok || !model.ok) throw new Error(messageOf(connected) + messageOf(model));
      for (const generation of ['one', 'two']) {
        const request = here.request({ ambient, lease: 'kept' });
        const ground = { engine: connected.value, request, model: model.value };
        const next = await bringUpNext(ground, generation, undefined);
        if (!next.ok) throw new Error(messageOf(next));
        const environment = resettable(ground, next.value.generation);
        expect(await state(environment)).toBe(seededState);
        const noted = here.events.flatMap((each) => (each.type === 'noted' ? each.text : []));
        const isKept = noted.some((text) => text.startsWith('not seeded again'));
        const why = noted.find((text) => text.startsWith('the seeded state is not kept'));
        expect({ isKept, why }).toEqual({ isKept: keeps && generation === 'two', why: keeps ? undefined : noPause });
        expect(messageOf(await environment.down())).toBe('');
      }
      const states = await listGolden(connected.value);
      expect(states.ok && states.value.map(({ isUsed }) => isUsed)).toEqual(keeps ? [false] : []);
      expect(states.ok && messageOf(await removeGolden(connected.value, states.value))).toBe('');
      expect(left(engine)).toEqual([]);
    }),
  );

  it(
    'takes networks that were made before, or none are made',
    on(async (engine, ambient) => {
      const composeFiles = [here.write('compose.yaml', services)];
      const kept = await keepSlots({ ...here.request({ composeFiles, ambient }), refill: false });
      expect(kept).toEqual({ ok: true, value: warms ? 'made' : 'unsupported' });
      if (warms) {
        const environment = await here.mustUp(services, { ambient });
        const mode = engine.docker('inspect', '--format', '{{.HostConfig.NetworkMode}}', `${environment.project}-web`);
        expect(mode).toMatch(/^container:/);
        expect(await fetchText(environment.publishedPort('web', 8080) ?? 0)).toBe('here');
        expect(messageOf(await environment.down())).toBe('');
      }
      expect(left(engine)).toEqual([]);
    }),
  );

  it(
    'tells deaths, and injects and mends what it can',
    on(async (engine, ambient) => {
      const environment = await here.mustUp(services, { ambient });
      const place = { ambient, project: environment.project };
      if (name === 'Podman') {
        const slow = await inject(place, { kind: 'latency', to: 'web', port: 8080, latencyMs: 50 });
        expect(messageOf(slow)).toMatch(/^latency between services is not possible here: Podman/);
      }
      const injected = await inject(place, { kind: 'kill', service: 'db' });
      expect(messageOf(injected)).toBe('');
      await eventually(() => environment.deaths().length > 0);
      expect(environment.deaths()).toMatchObject([{ service: 'db', exitCode: 137, how: 'killed' }]);
      if (injected.ok) expect(messageOf(await injected.value.clear())).toBe('');
      expect((await run(environment, 'db', ['cat', '/data/table'])).out).toBe('rows\n');
      await eventually(() => here.logOf(environment, 'db') === 'booted\nbooted\n');
      expect(messageOf(await environment.down())).toBe('');
      expect(left(engine)).toEqual([]);
    }),
  );

  it(
    'judges a task; what a gym leaves that is killed is removed, and only that',
    on(async (engine, env) => {
      using checkout = tinyCheckout();
      const verified = await gym(checkout.path, ['verify'], env);
      expect(verified.stderr + verified.stdout).toMatch(/pass/i);
      expect(verified.exitCode).toBe(0);
      expect(left(engine)).toEqual([]);
      using slow = tinyCheckout({ stages: [{ name: 'unit', command: 'sleep 300' }] });
      const running = startGym(slow.path, ['verify', '--json=stream'], env);
      await running.saw(({ type }) => type === 'stage.started');
      const others = ['dev.gym.lease=process', 'dev.gym.project=other', 'dev.gym.generation=first'];
      engine.docker('volume', 'create', ...others.flatMap((each) => ['--label', each]), 'others');
      running.child.kill('SIGKILL');
      await running.end;
      // By its watchdog, or by whoever comes first.
      const connected = await connectEngine(env);
      if (connected.ok) await sweepEngine(connected.value);
      await eventually(() => left(engine).length <= 1);
      expect(left(engine)).toEqual(['volume others']);
      engine.docker('volume', 'rm', 'others');
    }),
  );
});
