import { execFile, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type Dockerode from 'dockerode';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connectEngine } from '../../../gym/environment/engine.ts';
import type { Environment } from '../../../gym/environment/environment.ts';
import { followLog, type ServiceLog } from '../../../gym/environment/log.ts';
import { bench, eventually } from '../environment/support.ts';

const here = bench();
const image = 'debian:bookworm-slim';
/** The engine's own copy of what is printed would take longer to write than the printing. */
const fast = 'logging: { driver: none }';

/** Brings one service up that runs a shell command, waits until it has ended, and gives its log's file. */
async function printed(command: string): Promise<string> {
  const environment = await here.mustUp(service(command));
  await ended(environment);
  return environment.logFile('a');
}

const service = (command: string): string =>
  `services: { a: { image: "${image}", ${fast}, command: [sh, -c, ${JSON.stringify(command).replaceAll('$', '$$$$')}] } }`;

async function ended(environment: Environment): Promise<void> {
  await eventually(() => here.events.some((event) => event.type === 'service.changed' && event.state === 'exited'));
  await environment.flushLogs();
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}

describe("a service's log is complete", () => {
  test('of 20 containers that print and end at once', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `s${index}`);
    const services = names.map((name) => `  ${name}: {image: "${image}", command: [echo, "said by ${name}"]}`);
    const environment = await here.mustUp(`services:\n${services.join('\n')}\n`);
    const exits = (): number =>
      here.events.filter((event) => event.type === 'service.changed' && event.state === 'exited').length;
    await eventually(() => exits() === names.length);
    await environment.flushLogs();
    expect(names.map((name) => readFileSync(environment.logFile(name), 'utf8'))).toEqual(
      names.map((name) => `said by ${name}\n`),
    );
    expect(names.flatMap((name) => environment.logProblem(name) ?? [])).toEqual([]);
  });

  test('with 100,000 lines, from the first to the last', async () => {
    const file = await printed('i=0; while [ $i -lt 100000 ]; do i=$((i+1)); echo line $i; done');
    const lines = readFileSync(file, 'utf8').split('\n');
    expect(lines.pop()).toBe('');
    expect(lines).toEqual(Array.from({ length: 100_000 }, (_, index) => `line ${index + 1}`));
  });

  test('with lines of 1 MB', async () => {
    const file = await printed('for c in a b c; do head -c 1048576 /dev/zero | tr "\\0" $c; echo; done');
    const lines = readFileSync(file, 'utf8').split('\n');
    expect(lines.map((line) => [line.length, line.at(0), line.at(-1)])).toEqual([
      ...['a', 'b', 'c'].map((c) => [1_048_576, c, c]),
      [0, undefined, undefined],
    ]);
  });

  test('with any bytes', async () => {
    const file = await printed('head -c 3000000 /bin/bash /bin/sh; head -c 1000000 /dev/zero; printf "\\377\\376"');
    const expected = await printedSum(
      'head -c 3000000 /bin/bash /bin/sh; head -c 1000000 /dev/zero; printf "\\377\\376"',
    );
    expect(await hashOf(file)).toBe(expected);
  });

  async function printedSum(command: string): Promise<string> {
    here.events.length = 0;
    const file = await printed(`{ ${command}; } | sha256sum | cut -d " " -f 1`);
    return readFileSync(file, 'utf8').trim();
  }

  test('of a service that is started again, twice', async () => {
    const command = 'trap "echo ends; exit 0" TERM; echo began; while :; do sleep 0.1; done';
    const { project } = here.request();
    // The engine has to keep what it prints, for a start that is attached to too late.
    const kept = service(command).replace(`${fast}, `, '');
    const environment = await here.mustUp(kept, { project });
    const text = (): string => readFileSync(environment.logFile('a'), 'utf8');
    await eventually(() => text() === 'began\n');
    // Not at once: what is followed here goes on only while this process does.
    const docker = (...args: string[]) => promisify(execFile)('docker', args);
    await docker('restart', `${project}-a`);
    await eventually(() => text() === 'began\nends\nbegan\n');
    await docker('stop', `${project}-a`);
    await docker('start', `${project}-a`);
    await eventually(() => text() === 'began\nends\nbegan\nends\nbegan\n');
  });

  test('while 200 MB flow, and they do not stay in memory', async () => {
    const { project } = here.request();
    const file = here.write('compose.yaml', service('head -c 200000000 /dev/zero | tr "\\0" x'));
    const program = join(import.meta.dirname, 'following.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [program, file, project, '200000000']);
    expect(statSync(`${file}.logs/a.log`).size).toBe(200_000_000);
    const { rssBytes, firstHalfBytes, secondHalfBytes } = JSON.parse(stdout);
    console.log(`gym grew by ${(rssBytes / 1e6).toFixed(0)} MB while 200 MB of log flowed`);
    // Node reads into a new buffer of 64 KiB each time, and collects them when some 64 MB have come together. More log is not more of them.
    expect(firstHalfBytes).toBeLessThan(100_000_000);
    expect(secondHalfBytes).toBeLessThan(100_000_000);
    expect(secondHalfBytes).toBeLessThan(firstHalfBytes + 30_000_000);
    expect(rssBytes).toBeLessThan(120_000_000);
  });
});

/** Follows a container that runs a shell command; as `docker start` it is started by the caller. */
async function followed(command: string, file: string, capBytes?: number): Promise<[ServiceLog, Dockerode.Container]> {
  const connected = await connectEngine(process.env);
  if (!connected.ok) throw new Error('no engine');
  const { docker } = connected.value;
  const container = await docker.createContainer({ Image: image, Cmd: ['sh', '-c', command] });
  onTestFinished(() => container.remove({ force: true }));
  const cap = capBytes === undefined ? {} : { capBytes };
  const printing = { id: container.id, service: 'a', tty: false, watch: { onExit: () => undefined }, ...cap };
  const log = await followLog(connected.value, printing, file);
  if (!log.ok) throw new Error(log.problems[0].message);
  onTestFinished(() => log.value.close());
  return [log.value, container];
}

/** A file on a slow disk: what is written to it is taken as a shell command does, and goes to `taken`. */
function slowFile(take: string): { file: string; taken: string } {
  const [file, taken] = [join(here.folder, 'slow'), join(here.folder, 'taken')];
  execFileSync('mkfifo', [file]);
  const taker = spawn('sh', ['-c', `exec <"$1" >"$2"; ${take}`, 'sh', file, taken], { stdio: 'ignore' });
  onTestFinished(() => void taker.kill());
  return { file, taken };
}

describe('a log is waited for as long as it comes', () => {
  test('one that lags by seconds', async () => {
    const { file, taken } = slowFile('while sleep 0.05; do dd bs=65536 count=1 iflag=fullblock status=none; done');
    const [log, container] = await followed('head -c 3000000 /dev/zero; sleep 60', file);
    await container.start();
    await sleep(500);
    const begun = performance.now();
    await log.settle(40);
    expect(performance.now() - begun).toBeGreaterThan(1_000);
    // What the pipe holds.
    expect(statSync(taken).size).toBeGreaterThan(3_000_000 - 3 * 65_536);
    expect(log.problem()).toBeUndefined();
  });

  test('one that goes on for ever, until what was printed before is there', async () => {
    const [log, container] = await followed('while :; do echo again; sleep 0.01; done', here.write('a.log', ''));
    await container.start();
    await sleep(300);
    const begun = performance.now();
    await log.settle(40);
    expect(performance.now() - begun).toBeLessThan(3_000);
    expect(log.problem()).toBeUndefined();
  });

  test('one that does not come to its end is told', async () => {
    const { file } = slowFile('exec sleep 60');
    const [log, container] = await followed('head -c 3000000 /dev/zero', file);
    await container.start();
    await sleep(300);
    // The engine waits for whoever is attached.
    const killed = container.kill();
    await log.drain();
    expect(log.problem()).toBe('its end is missing: it did not come in time when the service was removed');
    log.close();
    await killed;
  });
});

test('of a log beyond its cap the end is kept, with a notice, and it is told that it is not whole', async () => {
  const command = 'i=0; while [ $i -lt 50000 ]; do i=$((i+1)); echo "line $i"; done';
  const [file, capBytes] = [here.write('a.log', ''), 100_000];
  const [log, container] = await followed(command, file, capBytes);
  expect(log.problem()).toBeUndefined();
  await container.start();
  await log.done;
  const [last, earlier] = [readFileSync(file, 'utf8'), readFileSync(`${file}.1`, 'utf8')];
  expect(last).toMatch(/^gym: what came before is in a\.log\.1; \S+ MiB before that were dropped\n/);
  const kept = `${earlier.slice(earlier.indexOf('\n') + 1)}${last.slice(last.indexOf('\n') + 1)}`;
  const lines = kept.split('\n').slice(1, -1);
  expect(lines.at(-1)).toBe('line 50000');
  const first = Number(lines[0]?.split(' ')[1]);
  expect(lines).toEqual(Array.from({ length: 50_001 - first }, (_, index) => `line ${first + index}`));
  expect(last.length + earlier.length).toBeGreaterThan(capBytes);
  expect(last.length + earlier.length).toBeLessThanOrEqual(2 * capBytes);
  expect(log.problem()).toBe('it grew beyond 0.0954 MiB; only its end is kept');
});
