import { mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bench, docker, eventually, labelled, messageOf, run } from './support.ts';

const gym = bench();

const pair = `
x-base: &base {image: "debian:bookworm-slim", init: true}
services:
  db:
    <<: *base
    command: [sh, -c, "echo booting; sleep 0.3; touch /ready; exec sleep 1000"]
    healthcheck: {test: [CMD, test, -f, /ready], interval: 1s, retries: 30}
    volumes: ["data:/data"]
    networks: {back: {aliases: [store]}}
  migrate:
    <<: *base
    command: [sh, -c, "echo migrated > /data/state; echo done"]
    volumes: ["data:/data"]
    networks: [back]
    depends_on: {db: {condition: service_healthy}}
  api:
    <<: *base
    command: [sh, -c, "echo err >&2; exec sleep 1000"]
    environment: {WHO: "\${WHO:?}"}
    depends_on: {migrate: {condition: service_completed_successfully}}
    networks: [back, front]
    tmpfs: /run
    hostname: apihost
volumes: {data: {}}
networks: {back: {internal: true}, front: {}}
`;

describe('up', () => {
  it('believes a health check early only where a port of the image is open, and later as Compose does', async () => {
    mkdirSync(join(gym.folder, 'ctx'));
    gym.write('ctx/Dockerfile', 'FROM node:24-bookworm-slim\nEXPOSE 7000\nCMD ["sleep", "1000"]\n');
    // As databases fill themselves: healthy, but for themselves only, and then all over again.
    gym.write(
      'ctx/db.js',
      `const { createServer } = require('node:net');
const filling = createServer().listen(7000, '127.0.0.1');
setTimeout(() => filling.close(() => createServer().listen(7000, () => console.log('open'))), 600);`,
    );
    await gym.mustUp(`
services:
  db:
    build: ctx
    init: true
    command: [node, /db.js]
    volumes: ["./ctx/db.js:/db.js:ro"]
    healthcheck: {test: ["CMD", "true"], interval: 20s}
  worker:
    build: ctx
    init: true
    healthcheck: {test: ["CMD", "true"], interval: 400ms}
  user:
    build: ctx
    command: [node, -e, "require('net').connect(7000, 'db').on('connect', () => process.exit(0)).on('error', () => process.exit(1))"]
    depends_on: {db: {condition: service_healthy}}
`);
    const ready = gym.events.flatMap((event) => (event.type === 'up.timed' ? [event.readyMs] : []));
    expect(ready[0]?.['db']).toBeGreaterThan(600);
    expect(ready[0]?.['db']).toBeLessThan(15_000);
    expect(ready[0]?.['worker']).toBeGreaterThan(400);
  });

  it('starts in order of readiness and hands out what the contract says', async () => {
    const environment = await gym.mustUp(pair, {
      variables: { WHO: 'world' },
      observed: [
        { kind: 'network', service: 'api' },
        { kind: 'volume', volume: 'data' },
      ],
    });
    const states = gym.events.flatMap((event) =>
      event.type === 'service.changed' ? [`${event.service} ${event.state}`] : [],
    );
    const order = ['db started', 'db ready', 'migrate started', 'migrate exited', 'api started', 'api ready'];
    expect(states.filter((state) => order.includes(state))).toEqual(order);
    expect(environment.services).toEqual(['db', 'migrate', 'api']);

    const greeting = await run(
      environment,
      'api',
      ['sh', '-c', 'echo "hello $WHO $EXTRA from $(hostname) in $PWD"; exit 3'],
      {
        env: { EXTRA: 'x y' },
        workdir: '/tmp',
      },
    );
    expect(greeting).toMatchObject({
      out: 'hello world x y from apihost in /tmp\n',
      outcome: { kind: 'exited', exitCode: 3 },
    });
    expect((await run(environment, 'api', ['getent', 'hosts', 'store'])).outcome).toMatchObject({ exitCode: 0 });

    const file = await environment.readFile('db', '/data/state');
    expect(file.ok && Buffer.from(file.value ?? []).toString()).toBe('migrated\n');
    expect(await environment.readFile('db', '/data/none')).toEqual({ ok: true, value: undefined });
    expect(messageOf(await environment.readFile('db', '/data/state', 3))).toMatch(/larger than 3 bytes/);
    expect(messageOf(await environment.readFile('db', '/data'))).toMatch(/no regular file/);

    await run(environment, 'api', [
      'sh',
      '-c',
      'mkdir /run/x; echo in memory > /run/x/file; ln -s /run/x/file /tmp/link',
    ]);
    const inMemory = await environment.readFile('api', '/run/x/file');
    expect(inMemory.ok && Buffer.from(inMemory.value ?? []).toString()).toBe('in memory\n');
    expect(await environment.readFile('api', '/tmp/link')).toEqual(inMemory);

    const volume = await environment.observe({ kind: 'volume', volume: 'data' }, [
      'find',
      '/volume',
      '-type',
      'f',
      '-printf',
      '%P %s\n',
    ]);
    expect(volume).toEqual({ ok: true, value: 'state 9\n' });
    const network = await environment.observe({ kind: 'network', service: 'api' }, [
      'sh',
      '-c',
      'cat /proc/net/dev /sys/class/net/*/address',
    ]);
    const text = network.ok ? network.value : '';
    expect(text.match(/eth\d+:/g)).toHaveLength(2);
    for (const name of ['back', 'front']) expect(text).toContain(environment.macAddress('api', name));
    expect(environment.macAddress('api', 'back')).not.toBe(environment.macAddress('api', 'front'));
    const write = await environment.observe({ kind: 'volume', volume: 'data' }, ['touch', '/volume/x']);
    expect(messageOf(write)).toMatch(/Read-only file system/);

    await environment.flushLogs();
    expect(readFileSync(environment.logFile('db'), 'utf8')).toBe('booting\n');
    expect(readFileSync(environment.logFile('migrate'), 'utf8')).toBe('done\n');
    expect(readFileSync(environment.logFile('api'), 'utf8')).toBe('err\n');

    expect(await environment.engineAnswers()).toBe(true);
    expect(environment.deaths()).toEqual([]);
    expect(labelled(`dev.gym.project=${environment.project}`)).toHaveLength(8);
    expect(await environment.down()).toEqual({ ok: true, value: undefined });
    expect(labelled(`dev.gym.project=${environment.project}`)).toEqual([]);
    expect(await environment.down()).toEqual({ ok: true, value: undefined });
  });

  it('publishes ports on ephemeral ports of the loopback', async () => {
    const environment = await gym.mustUp(`
services:
  web:
    image: node:24-bookworm-slim
    init: true
    command: [node, -e, "require('net').createServer(s => s.on('error', () => 0).end('hi')).listen(8080, () => console.log('up'))"]
    ports: ["80:8080"]
    healthcheck: {test: "node -e \\"require('net').connect(8080).on('error', () => process.exit(1)).on('connect', () => process.exit(0))\\"", interval: 1s}
`);
    const port = environment.publishedPort('web', 8080) ?? 0;
    expect(port).toBeGreaterThan(1024);
    const answer = await new Promise<string>((resolve, reject) => {
      connect(port, '127.0.0.1')
        .once('data', (data) => resolve(data.toString()))
        .once('error', reject);
    });
    expect(answer).toBe('hi');
    expect(docker('ps', '--filter', `label=dev.gym.project=${environment.project}`, '--format', '{{.Ports}}')).toBe(
      `127.0.0.1:${port}->8080/tcp`,
    );
  });

  it('has the whole log of a container that prints and ends at once', async () => {
    const environment = await gym.mustUp(`
services:
  burst: {image: "debian:bookworm-slim", command: [sh, -c, "i=0; while [ $$i -lt 20000 ]; do i=$$((i+1)); echo line $$i; done"]}
  after: {image: "debian:bookworm-slim", init: true, command: [sleep, "1000"], depends_on: {burst: {condition: service_completed_successfully}}}
`);
    await environment.flushLogs();
    const lines = readFileSync(environment.logFile('burst'), 'utf8').split('\n');
    expect([lines.length, lines[0], lines.at(-2), lines.at(-1)]).toEqual([20_001, 'line 1', 'line 20000', '']);
  });

  it('stands beside another one of the same file, with names, aliases and data of its own', async () => {
    const text = `
services:
  a: {image: "debian:bookworm-slim", init: true, container_name: fixed, command: [sleep, "1000"], volumes: ["data:/data"], ports: ["80"]}
volumes: {data: {name: fixed}}
networks: {default: {name: fixed}}
`;
    const [one, two] = await Promise.all([gym.mustUp(text), gym.mustUp(text)]);
    await run(one, 'a', ['sh', '-c', 'echo one > /data/x']);
    expect((await run(two, 'a', ['ls', '/data'])).out).toBe('');
    const address = (await run(one, 'a', ['getent', 'hosts', 'fixed'])).out.split(/\s/)[0];
    expect(address).toMatch(/^10\.20[0-3]\./);
    expect((await run(two, 'a', ['getent', 'hosts', 'fixed'])).out).not.toContain(`${address} `);
    await one.down();
    expect((await run(two, 'a', ['true'])).outcome).toMatchObject({ kind: 'exited', exitCode: 0 });
  });

  it('records the deaths of services', async () => {
    const environment = await gym.mustUp(`
x-b: &b {image: "debian:bookworm-slim"}
services:
  killed: {<<: *b, command: [sleep, "1000"]}
  hungry: {<<: *b, command: [sh, -c, "while [ ! -f /go ]; do sleep 0.05; done; exit 7"]}
  fine: {<<: *b, command: [sleep, "1000"]}
`);
    docker('kill', `${environment.project}-killed`);
    await run(environment, 'hungry', ['touch', '/go']);
    await eventually(() => environment.deaths().length === 2);
    const deaths = environment.deaths().map(({ service, exitCode, how }) => ({ service, exitCode, how }));
    expect(deaths).toContainEqual({ service: 'killed', exitCode: 137, how: 'killed' });
    expect(deaths).toContainEqual({ service: 'hungry', exitCode: 7, how: 'exited' });
    expect(Math.abs((environment.deaths()[0]?.at ?? 0) - Date.now())).toBeLessThan(10_000);
  });
});
