import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { connectEngine, type Engine } from '../../../gym/environment/engine.ts';
import type { Environment } from '../../../gym/environment/environment.ts';
import { down, listEnvironments, listSlots } from '../../../gym/environment/existing.ts';
import { type Kept, keepSlots } from '../../../gym/environment/slots/keep.ts';
import { sweepEngine } from '../../../gym/environment/sweep.ts';
import { forgetSlots, readSlots, writeSlots } from '../../../gym/store/slots.ts';
import { bench, docker, eventually, labelled, run } from '../environment/support.ts';

const gym = bench();
/** Of its own: another test removes what is left of the usual one. */
const task = 'slotstest';
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  // Those that this process has made are its own as long as it lives.
  for (const { set } of await slots()) await down(process.env, set);
  await sweepAll();
});

/** What could not be removed, beside networks whose endpoints the engine has lost count of. */
async function sweepAll(): Promise<readonly string[]> {
  const swept = await sweepEngine(await engine());
  const messages = swept.ok ? [] : swept.problems.map(({ message }) => message);
  return messages.filter((message) => !message.includes('though no container is on it'));
}

async function engine(): Promise<Engine> {
  const connected = await connectEngine(process.env);
  if (!connected.ok) throw new Error(connected.problems[0].message);
  return connected.value;
}

async function slots(): Promise<readonly { readonly set: string }[]> {
  const listed = await listSlots(process.env, gym.folder);
  if (!listed.ok) throw new Error(listed.problems[0].message);
  return listed.value;
}

/** Everything on the engine that was made for the checkout of this test. */
const there = (): string[] => labelled(`dev.gym.checkout=${gym.folder}`);

async function warm(text: string, { refill = false, signal = new AbortController().signal } = {}): Promise<Kept> {
  const composeFiles = [gym.write('compose.yaml', text)];
  const kept = await keepSlots({ ...gym.request({ composeFiles, task }), signal, refill });
  if (!kept.ok) throw new Error(kept.problems.map(({ message }) => message).join('\n'));
  return kept.value;
}

const isInSlot = (environment: Environment, service: string): boolean =>
  docker('inspect', '-f', '{{.HostConfig.NetworkMode}}', `${environment.project}-${service}`).startsWith('container:');

/** Answers one line to whoever connects, again and again. perl-base is in each Debian. */
const serve = (port: number): string =>
  `use IO::Socket; my $s = IO::Socket::INET->new(LocalPort => ${port}, Listen => 9, ReuseAddr => 1); while (my $c = $s->accept) { print $c "hello from ", \`hostname\`; close $c }`;
const ask = (host: string, port: number): string[] => [
  'perl',
  '-MIO::Socket',
  '-e',
  `my $c = IO::Socket::INET->new(PeerAddr => '${host}', PeerPort => ${port}, Timeout => 2) or die "none"; print <$c>`,
];

const whole = JSON.stringify({
  services: {
    web: {
      image: 'debian:bookworm-slim',
      init: true,
      command: ['perl', '-e', serve(7000).replaceAll('$', '$$$$')],
      hostname: 'webby',
      domainname: 'example.test',
      container_name: 'the-web',
      ports: ['7000'],
      expose: ['7001'],
      extra_hosts: ['elsewhere:192.0.2.7'],
      dns: ['192.0.2.53'],
      dns_search: ['inner.test'],
      dns_opt: ['timeout:1', 'attempts:1'],
      sysctls: { 'net.ipv4.ip_unprivileged_port_start': '80', 'kernel.msgmax': '16384' },
      environment: { WHO: 'web' },
      networks: { front: { aliases: ['shop'] }, back: {} },
      depends_on: { db: { condition: 'service_healthy' } },
    },
    db: {
      image: 'debian:bookworm-slim',
      init: true,
      command: ['perl', '-e', serve(5432).replaceAll('$', '$$$$')],
      healthcheck: { test: ['CMD', 'true'] },
      networks: ['back'],
    },
    beside: { image: 'debian:bookworm-slim', init: true, command: ['sleep', '1000'], network_mode: 'service:db' },
    plain: {
      image: 'debian:bookworm-slim',
      init: true,
      command: ['sleep', '1000'],
      networks: ['back'],
      links: ['target:store'],
    },
    target: { image: 'debian:bookworm-slim', init: true, command: ['sleep', '1000'], networks: ['back'] },
    alone: { image: 'debian:bookworm-slim', init: true, command: ['sleep', '1000'], network_mode: 'none' },
  },
  networks: { front: {}, back: { internal: true } },
});

/** What a service sees of itself and others; addresses by where they lead, ids left out. */
async function sights(environment: Environment): Promise<unknown> {
  const said = async (service: string, ...command: string[]): Promise<string> =>
    (await run(environment, service, command)).out.replaceAll(/\b(?:\d+\.){3}\d+ */g, (ip) =>
      ip.startsWith('10.') ? 'IP ' : ip,
    );
  const names = 'for name in db web shop the-web; do echo $name $(getent ahostsv4 $name | wc -l); done';
  const own = 'hostname; cat /etc/resolv.conf; sysctl net.ipv4.ip_unprivileged_port_start kernel.msgmax; env | sort';
  const asked = {
    web: said(
      'web',
      'sh',
      '-c',
      `${own}; grep -v IP6 /etc/hosts; ls /sys/class/net; cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/msgmax`,
    ),
    names: said('web', 'sh', '-c', names),
    fromDb: said('db', 'getent', 'hosts', 'the-web', 'web'),
    fromPlain: said('plain', 'sh', '-c', 'getent hosts store target db'),
    toDb: said('web', ...ask('db', 5432)),
    beside: said('beside', ...ask('127.0.0.1', 5432)),
    toWeb: said('db', ...ask('web', 7000)),
    alone: said('alone', 'ls', '/sys/class/net'),
    addresses: run(environment, 'web', ['sh', '-c', 'getent hosts db; hostname -I']).then(
      ({ out }) => new Set(out.match(/10[.\d]+/g)).size,
    ),
  };
  const texts = await Promise.all(Object.entries(asked).map(async ([what, answer]) => [what, await answer]));
  // A container without a name of its own is called by its id.
  return JSON.parse(JSON.stringify(texts).replaceAll(/\b[0-9a-f]{12}\b/g, 'ID'));
}

/** What the port answers that `web` publishes. */
async function published(environment: Environment): Promise<string> {
  const socket = connect(environment.publishedPort('web', 7000) ?? 0, '127.0.0.1');
  return Buffer.concat(await socket.toArray()).toString('utf8');
}

describe('slots', () => {
  it('give services the same as a container of their own in its networks, and go with their environment', async () => {
    expect(await warm(whole)).toBe('made');
    expect(await warm(whole)).toBe('there');
    const slotted = await gym.mustUp(whole, { task, observed: [{ kind: 'network', service: 'db' }] });
    const inSlots = ['web', 'db', 'beside', 'plain', 'target', 'alone'].filter((service) => isInSlot(slotted, service));
    expect(inSlots).toEqual(['web', 'db', 'beside']);
    const seen = await sights(slotted);
    expect(await published(slotted)).toBe('hello from webby\n');
    const read = await slotted.observe({ kind: 'network', service: 'db' }, ['cat', '/sys/class/net/eth0/address']);
    expect(read.ok && read.value.trim()).toBe(slotted.macAddress('db', 'back'));
    const used = await slotted.stats('web');
    expect(used.ok && used.value.rxBytes).toBeGreaterThan(0);
    // At its own address, and not at the loopback.
    const address = (await run(slotted, 'db', ['hostname', '-I'])).out.trim();
    const script = serve(5433).replace('LocalPort', `LocalAddr => '${address}', LocalPort`);
    const serving = run(slotted, 'db', ['perl', '-e', script]);
    await expect.poll(async () => (await run(slotted, 'db', ask(address, 5433))).out, { timeout: 10_000 }).not.toBe('');
    const way = await slotted.forward('db', 5433);
    if (!way.ok) throw new Error(way.problems[0].message);
    expect(Buffer.concat(await connect(way.value.port, '127.0.0.1').toArray()).toString('utf8')).toMatch(/^hello from/);
    await way.value[Symbol.asyncDispose]();
    const listed = await listEnvironments(process.env, gym.folder);
    const [shown, ...others] = listed.ok ? listed.value : [];
    expect({ others, services: shown?.services.map(({ service }) => service).sort() }).toEqual({
      others: [],
      services: ['alone', 'beside', 'db', 'plain', 'target', 'web'],
    });
    expect(shown?.services.find(({ service }) => service === 'web')?.ports.join()).toMatch(
      /^127.0.0.1:\d+->7000\/tcp$/,
    );

    docker('restart', '-t', '0', `${slotted.project}-db`);
    expect((await run(slotted, 'web', ask('db', 5432))).out).toMatch(/^hello from/);
    expect((await slotted.down()).ok).toBe(true);
    await serving;
    expect(there()).toEqual([]);

    const plain = await gym.mustUp(whole, { task });
    expect(isInSlot(plain, 'web')).toBe(false);
    expect(await sights(plain)).toEqual(seen);
    expect(await published(plain)).toBe('hello from webby\n');
  });

  const two = (image = 'debian:bookworm-slim', networks = 'default'): string => `services:
  a: {image: "${image}", init: true, command: [sleep, "1000"], networks: [${networks}]}
  b: {image: "${image}", init: true, command: [sleep, "1000"], depends_on: [a], networks: [${networks}]}
networks: {${networks}: {}}
`;

  it('are claimed by one of two environments that come at once; the other one makes its own networks', async () => {
    await warm(two());
    const both = await Promise.all([gym.mustUp(two(), { task }), gym.mustUp(two(), { task })]);
    expect(both.map((each) => isInSlot(each, 'a')).sort()).toEqual([false, true]);
    await both.find((each) => isInSlot(each, 'a'))?.down();
    const other = both.find((each) => docker('ps', '-q', '--filter', `name=${each.project}-a`) !== '');
    expect(other && (await run(other, 'b', ['getent', 'hosts', 'a'])).out).toMatch(/^10\./);
  });

  it('go too when they are taken down while their maker still removes those before them', async () => {
    await warm(two());
    const first = readSlots(gym.folder, task)?.set ?? '';
    // A network that is in use is tried again and again.
    const network = docker('network', 'ls', '-q', '--filter', `label=dev.gym.slots=${first}`).split('\n')[0] ?? '';
    const user = docker('run', '-d', '--init', '--network', network, 'debian:bookworm-slim', 'sleep', '60');
    const refilling = warm(two('debian:bookworm-slim', 'other'), { refill: true });
    await eventually(() => readSlots(gym.folder, task)?.set !== first);
    forgetSlots(gym.folder, task);
    docker('rm', '-f', user);
    expect(await refilling).toBe('unwanted');
    expect(there()).toEqual([]);
  });

  it('are not taken when the file has changed, something of them is gone, or they were taken down', async () => {
    await warm(two());
    const changed = await gym.mustUp(two('debian:bookworm-slim', 'other'), { task });
    expect(isInSlot(changed, 'a')).toBe(false);
    const before = await slots();
    expect(await warm(two('debian:bookworm-slim', 'other'), { refill: true })).toBe('made');
    const after = await slots();
    expect([before.length, after.length, after[0]?.set === before[0]?.set]).toEqual([1, 1, false]);

    docker('kill', `${after[0]?.set}-a`);
    const broken = await gym.mustUp(two('debian:bookworm-slim', 'other'), { task });
    expect(isInSlot(broken, 'a')).toBe(false);

    forgetSlots(gym.folder, task);
    expect(await warm(two(), { refill: true })).toBe('unwanted');
    const stopped = new AbortController();
    stopped.abort();
    expect(await warm(two(), { signal: stopped.signal })).toBe('unwanted');
    expect(readSlots(gym.folder, task)).toBeUndefined();
    expect((await slots()).length).toBe(1);
  });

  it('cannot be had of services whose addresses are fixed or whose networks are not their own', async () => {
    const fixed = `services:
  a: {image: "debian:bookworm-slim", command: [sleep, "1000"], networks: {n: {ipv4_address: 10.199.7.5}}}
  b: {image: "debian:bookworm-slim", command: [sleep, "1000"], network_mode: host}
networks: {n: {ipam: {config: [{subnet: 10.199.7.0/24}]}}}
`;
    expect(await warm(fixed)).toBe('impossible');
    expect(there()).toEqual([]);
  });

  it('are nobody’s when they are too old, and till then stay without the process that made them', async () => {
    await once(startChild('warm', two()), 'exit');
    await sweepAll();
    expect(there().length).toBe(3);
    const note = readSlots(gym.folder, task);
    if (note === undefined) throw new Error('no note');
    writeSlots(gym.folder, task, { ...note, until: Date.now() - 1 });
    await sweepAll();
    expect(there()).toEqual([]);
  });

  it('are swept when who makes them is killed, and when who has claimed them is, at once or later', async () => {
    const maker = startChild('warm', two());
    await eventually(() => there().length > 0);
    await kill(maker);
    await sleep(lateMs);
    await sweepAll();
    expect(there()).toEqual([]);

    for (const until of ['claim', 'up'] as const) {
      await once(startChild('warm', two()), 'exit');
      const child = startChild('up', two());
      const lines = createInterface({ input: child.stdout });
      if (until === 'claim') await eventually(() => there().some((each) => each.endsWith('.claim')));
      else await once(lines, 'line');
      await kill(child);
      await sleep(lateMs);
      // Another gym's sweep may have come first; without their claim they wait for the next environment.
      if (!there().some((each) => each.endsWith('.claim'))) forgetSlots(gym.folder, task);
      await sweepAll();
      expect(there()).toEqual([]);
    }
  });
});

/** What the engine had been asked for when a process was killed may come a moment later. */
const lateMs = 1000;

/** `slots-child.ts` in a process of its own. */
function startChild(what: 'warm' | 'up', text: string): ChildProcess & { readonly stdout: Readable } {
  const composeFile = gym.write('compose.yaml', text);
  const child = spawn(process.execPath, [`${import.meta.dirname}/slots-child.ts`, what, composeFile, gym.folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
