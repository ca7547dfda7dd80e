import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Environment } from '../../../gym/environment/environment.ts';
import { up } from '../../../gym/environment/up.ts';
import { readEvidence } from '../../../gym/evidence/evidence.ts';
import { observedBy } from '../../../gym/evidence/kinds.ts';
import type { Reading } from '../../../gym/task/measurement.ts';
import { type Task, taskSchema } from '../../../gym/task/schema.ts';
import { serviceImages } from '../../support/service-images.ts';
import { compose, measurements, stage, witnesses } from './services.ts';

const folder = mkdtempSync(join(tmpdir(), 'gym-sources-'));
let environment: Environment;
let readings: ReadonlyMap<string, Reading>;

/** What the stage does. */
async function work(): Promise<void> {
  for (let hit = 0; hit < 3; hit += 1) await run('app', ['node', '-e', "fetch('http://127.0.0.1:8080/hit')"]);
  await run('postgres', psql('INSERT INTO orders VALUES (2), (3)'));
  await sleep(300);
}

const psql = (statement: string): string[] => [
  'psql',
  '-U',
  'postgres',
  '-h',
  '127.0.0.1',
  '-d',
  'shop',
  '-c',
  statement,
];

async function run(service: string, command: readonly string[]): Promise<void> {
  let said = '';
  const outcome = await environment.exec(service, {
    command,
    env: { PGPASSWORD: 'pass-post' },
    onOutput: (chunk) => {
      said += Buffer.from(chunk).toString('utf8');
    },
    signal: new AbortController().signal,
    timeoutMs: 30_000,
  });
  if (outcome.kind !== 'exited' || outcome.exitCode !== 0) throw new Error(`${command.join(' ')}: ${said}`);
}

beforeAll(async () => {
  serviceImages('postgres:15', 'mariadb:10.11', 'redis:7');
  writeFileSync(join(folder, 'compose.yaml'), compose);
  const definition = taskSchema.parse({
    name: 'sources',
    instruction: 'TASK.md',
    compose: 'compose.yaml',
    stages: [{ name: stage, service: 'app', command: 'true' }],
    measurements,
    witnesses,
  });
  const task: Task = { ...definition, file: join(folder, 'task.ts'), root: folder };
  const name = `gymsources-${process.pid}`;
  const brought = await up({
    composeFiles: [join(folder, 'compose.yaml')],
    project: name,
    task: 'sources',
    run: name,
    lease: 'process',
    checkout: folder,
    variables: {},
    ambient: process.env,
    logDirectory: join(folder, 'logs'),
    observed: observedBy(task),
    emit: () => undefined,
    signal: new AbortController().signal,
    deadlineMs: 120_000,
  });
  if (!brought.ok) throw new Error(brought.problems.map(({ message }) => message).join('\n'));
  environment = brought.value;
  await run('postgres', psql('CREATE TABLE orders AS SELECT 1 AS id'));
  await run('mariadb', [
    'mariadb',
    '-uroot',
    '-ppass-maria',
    'shop',
    '-e',
    'CREATE TABLE orders (id INT); INSERT INTO orders VALUES (1)',
  ]);
  await run('redis', ['redis-cli', '-a', 'pass-red', 'MSET', 'counter', '9007199254740993', 'b', '1']);
  await run('redis', ['redis-cli', '-a', 'pass-red', 'HSET', 'h', 'x', '1']);
  await run('app', ['node', '-e', "fetch('http://127.0.0.1:8080/hit')"]);
  const place = { task, environment, hostDirectory: folder, runDirectory: folder, nonce: 'n' };
  const reader = readEvidence({ ...place, signal: new AbortController().signal }, () => undefined);
  await reader.beforeStage(stage);
  await work();
  await reader.afterStage(stage, 'pass');
  readings = (await reader.evidence()).readings;
}, 300_000);

afterAll(async () => {
  await environment?.down();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** Values by the metric with its labels. */
function valuesOf(source: string): Record<string, bigint | number> {
  const { samples, problem } = readings.get(source) ?? { samples: [], problem: 'it was not read' };
  expect([source, problem]).toEqual([source, undefined]);
  return Object.fromEntries(
    samples.map(({ metric, labels, value }) => [[metric, ...Object.values(labels)].join(' '), value]),
  );
}

const rowOf = (source: string): unknown => readings.get(source)?.documents?.[0]?.value;

describe('what services answer, over ports that are not published', () => {
  test('HTTP and Prometheus: what grew during the stage, asked of a server that listens on its loopback only', () => {
    expect(valuesOf('page')).toEqual({ 'hits app:8080': 3n });
    expect(valuesOf('exposed')).toEqual({
      'hits_total /hit': 3n,
      'took_seconds_bucket 0.1': 3n,
      'took_seconds_bucket +Inf': 3n,
      took_seconds_sum: expect.closeTo(150),
      took_seconds_count: 3n,
      users: 7,
    });
  });

  test('SQL: 64 bits exactly, decimals and times as texts', () => {
    expect(valuesOf('pg-types')).toEqual({ n: 3n });
    expect(rowOf('pg-types')).toEqual({
      n: 3n,
      large: 9007199254740993n,
      exact: '1.50',
      at: '2026-01-02 03:04:05+00',
      doc: { a: [1] },
      half: 0.5,
      none: null,
      yes: true,
      five: 5,
    });
    expect(valuesOf('pg-grown')).toEqual({ n: 2n });
    expect(rowOf('maria-types')).toEqual({
      n: 1n,
      large: 18446744073709551615n,
      exact: '1.50',
      at: '2026-01-02 03:04:05',
      half: 0.5,
      none: null,
      bytes: '\\x00ff',
    });
    expect(valuesOf('lite')).toEqual({ n: 4n });
    expect(rowOf('lite')).toEqual({ n: 4n, large: 9007199254740993n });
  });

  test('Redis', () => {
    expect(valuesOf('cache')).toEqual({ keys: 3n, counter: 9007199254740993n });
    expect(rowOf('cache')).toMatchObject({ hash: { x: '1' }, info: { redis_version: expect.stringMatching(/^\d/) } });
  });

  test("a task's own code", () => {
    expect(valuesOf('own')).toEqual({ grown: 3n, said: 42n });
  });
});

test('logs: the lines of the stage alone', () => {
  expect(valuesOf('lines')).toEqual({ 'took_ms 2': 2, 'took_ms 3': 2, 'took_ms 4': 2 });
  expect(readings.get('lines')?.documents?.[0]?.place).toMatchObject({ service: 'app', line: 5 });
  expect(readings.get('json-lines')?.samples).toHaveLength(3);
});

test('files of a container, and the output of a command', () => {
  expect(valuesOf('settings')).toEqual({ 'files app': 1n, 'bytes app settings.json': 23n });
  expect(readings.get('settings')?.documents).toEqual([
    {
      value: { flags: { fast: true } },
      place: { file: '/data/settings.json', line: 1, service: 'app' },
      lines: { '/flags': 1, '/flags/fast': 1 },
    },
  ]);
  expect(readings.get('output')?.samples.map(({ value }) => value)).toEqual([1n, 2n]);
});

test('the kernel and the engine: three requests over the loopback, and what they took', () => {
  const kernel = valuesOf('kernel');
  expect(kernel).toMatchObject({ 'accept_queue app tcp 8080': 0n, 'TcpExt_ListenOverflows app': 0n });
  expect(Number(kernel['Tcp_PassiveOpens app'])).toBeGreaterThanOrEqual(3);
  expect(Number(kernel['Tcp_PassiveOpens app'])).toBeLessThan(10);
  const memory = readings.get('stats')?.samples.filter(({ metric }) => metric === 'memory_bytes') ?? [];
  expect(memory.length).toBeGreaterThan(1);
  expect(memory.map(({ atMs }) => atMs)).toEqual(memory.map(({ atMs = 0 }) => atMs).sort((a, b) => a - b));
  expect(Number(valuesOf('stats')['cpu_ms app'])).toBeGreaterThan(10);
});

test.each([
  ['page-large', /^GET http:\/\/app:8080\/large: the answer is larger than 33554432 bytes$/],
  ['page-slow', /^GET http:\/\/app:8080\/slow: no answer within 0\.5 s$/],
  ['page-missing', /^GET http:\/\/app:8080\/nowhere: it answered 404: /],
  ['no-port', /^nothing answers at port 81 of app: Connection refused \(Name the port that it listens at/],
  ['pg-writes', /^postgres did not answer the query: cannot execute DELETE in a read-only transaction$/],
  ['pg-two', /cannot insert multiple commands into a prepared statement$/],
  ['pg-slow', /canceling statement due to statement timeout$/],
  ['pg-many', /it gives more than 1000000 rows/],
  ['maria-writes', /READ ONLY transaction/],
  ['maria-slow', /max_statement_time/],
  ['maria-wrong', /^mariadb did not answer the query: Access denied for user 'root'/],
  ['lite-slow', /^\/data\/app\.db did not answer the query: it took longer than 1 s$/],
  ['lite-missing', /^there is no \/data\/none\.db$/],
  ['cache-writes', /^redis did not answer: FLUSHALL is no command that only reads$/],
  ['cache-wrong', /^redis did not answer: WRONGPASS/],
  ['output-fails', /^the command in app did not succeed: exit code 3: no$/],
  ['own-stranger', /^its read failed: name redis in its services/],
  ['own-late', /^its read failed: it took longer than 0\.2 s$/],
])('%s could not be read, and says why', (source, message) => {
  expect(readings.get(source)).toMatchObject({ samples: [], problem: expect.stringMatching(message) });
});

test('no password is told anywhere', () => {
  const told = JSON.stringify([...readings.values()], (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  expect(told).not.toMatch(/pass-(post|maria|red|wrong)/);
});

test('much goes both ways at once, over several connections, and none is left', async () => {
  const forward = await environment.forward('app', 8081);
  if (!forward.ok) throw new Error(forward.problems[0].message);
  const sent = randomBytes(8 * 1024 * 1024);
  {
    await using way = forward.value;
    const echoed = async (): Promise<boolean> => {
      const socket = connect(way.port, '127.0.0.1');
      let bytes = 0;
      const back: Uint8Array[] = [];
      const whole = new Promise<void>((resolve, reject) => {
        socket.on('data', (chunk: Uint8Array) => {
          back.push(chunk);
          bytes += chunk.length;
          if (bytes >= sent.length) resolve();
        });
        socket.on('error', reject).on('close', () => reject(new Error(`closed after ${bytes} bytes`)));
      });
      socket.write(sent);
      await whole;
      return Buffer.concat(back).equals(sent);
    };
    expect(await Promise.all([echoed(), echoed(), echoed()])).toEqual([true, true, true]);
  }
  const relays = (): string =>
    execFileSync('docker', ['top', `${environment.project}-observer-network-app`, '-o', 'pid,args']).toString();
  await expect.poll(relays, { timeout: 10_000, interval: 200 }).not.toContain('perl');
}, 60_000);

test('a service that was started again, with a network of its own anew, is found again', async () => {
  execFileSync('docker', ['restart', '--time', '0', `${environment.project}-redis`]);
  const ways = async (): Promise<boolean> => {
    const way = await environment.forward('redis', 6379);
    if (way.ok) await way.value[Symbol.asyncDispose]();
    return way.ok;
  };
  await expect.poll(ways, { timeout: 20_000, interval: 200 }).toBe(true);
}, 30_000);
