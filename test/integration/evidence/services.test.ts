import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Environment } from '../../../gym/environment/environment.ts';
import { up } from '../../../gym/environment/up.ts';
import { readEvidence } from '../../../gym/evidence/evidence.ts';
import { observedBy } from '../../../gym/evidence/kinds.ts';
import type { Reading } from '../../../gym/task/measurement.ts';
import { type Task, taskSchema } from '../../../gym/task/schema.ts';
import {
  containerStats,
  defineSource,
  exec,
  http,
  kernelCounters,
  logLines,
  mysql,
  postgres,
  prometheus,
  redis,
  serviceFiles,
  sqlite,
} from '../../../gym/task/source.ts';
import { serviceImages } from '../../support/service-images.ts';

/** A web server that counts, keeps a SQLite database open and writes a log. No port of any service is published. */
const server = `
const { createServer } = require('node:http');
const { DatabaseSync } = require('node:sqlite');
const { mkdirSync, writeFileSync } = require('node:fs');
mkdirSync('/data/logs', { recursive: true });
writeFileSync('/data/settings.json', '{"flags":{"fast":true}}');
const database = new DatabaseSync('/data/app.db');
database.exec('PRAGMA journal_mode = WAL; CREATE TABLE hits (at INTEGER, size INTEGER)');
const insert = database.prepare('INSERT INTO hits VALUES (?, ?)');
let hits = 0;
createServer((request, response) => {
  if (request.url === '/hit') {
    hits += 1;
    insert.run(hits, 9007199254740993n);
    console.log(JSON.stringify({ level: 'info', hit: hits, tookMs: 1.5 }));
    console.log('hit ' + hits + ' took 2ms');
  }
  if (request.url === '/metrics') return response.end([
    '# TYPE hits_total counter', 'hits_total{path="/hit"} ' + hits,
    '# TYPE took_seconds histogram', 'took_seconds_bucket{le="0.1"} ' + hits, 'took_seconds_bucket{le="+Inf"} ' + hits,
    'took_seconds_sum ' + hits * 0.05, 'took_seconds_count ' + hits, '# TYPE users gauge', 'users 7', ''].join('\\n'));
  if (request.url === '/large') return response.end('x'.repeat(40e6));
  if (request.url === '/slow') return;
  response.statusCode = request.url === '/hit' || request.url === '/stats' ? 200 : 404;
  response.end(JSON.stringify({ hits, host: request.headers.host }));
}).listen(8080, '127.0.0.1');
require('node:net').createServer((socket) => socket.pipe(socket)).listen(8081);
console.log('listening');
`;
const compose = `
services:
  app:
    image: node:24-bookworm-slim
    init: true
    command: [node, --no-warnings, -e, ${JSON.stringify(server)}]
    volumes: [data:/data]
    healthcheck: { test: [CMD, node, -e, "fetch('http://127.0.0.1:8080/stats').catch(() => process.exit(1))"], retries: 100 }
  postgres:
    image: postgres:15
    environment: { POSTGRES_PASSWORD: 'pass-post', POSTGRES_DB: shop }
    healthcheck: { test: pg_isready -h 127.0.0.1 -U postgres, retries: 300 }
  mariadb:
    image: mariadb:10.11
    environment: { MARIADB_ROOT_PASSWORD: 'pass-maria', MARIADB_DATABASE: shop }
    healthcheck: { test: 'mariadb-admin ping -h 127.0.0.1 -uroot -ppass-maria', retries: 300 }
  redis:
    image: redis:7
    command: [redis-server, --requirepass, pass-red]
    healthcheck: { test: 'redis-cli -a pass-red ping | grep PONG', retries: 300 }
volumes: { data: {} }
`.replaceAll('$', '$$$$');

const count = (metric: string, value: bigint | number | string) => [
  { metric, value: BigInt(value), unit: 'count' as const },
];
const stage = 'e2e';
const anything = z.unknown();
const nothing = (): [] => [];

const app = { stage, service: 'app', port: 8080 };
const postgresServer = { stage, service: 'postgres', user: 'postgres', password: 'pass-post', database: 'shop' };
const mariadbServer = { stage, service: 'mariadb', user: 'root', password: 'pass-maria', database: 'shop' };
const redisServer = { stage, service: 'redis', password: 'pass-red' };
const one = z.object({ n: z.bigint() });
const oneCount = ({ n }: z.output<typeof one>) => count('n', n);

const measurements = {
  page: http({
    ...app,
    path: '/stats',
    schema: z.object({ hits: z.number(), host: z.string() }),
    samples: ({ hits, host }) => [{ metric: 'hits', labels: { host }, value: hits, unit: 'count' }],
    counters: ['hits'],
  }),
  'page-large': http({ ...app, path: '/large', schema: anything, samples: nothing }),
  'page-slow': http({ ...app, path: '/slow', schema: anything, samples: nothing, timeoutSeconds: 0.5 }),
  'page-missing': http({ ...app, path: '/nowhere', schema: anything, samples: nothing }),
  'no-port': http({ ...app, port: 81, path: '/', schema: anything, samples: nothing }),
  exposed: prometheus({ ...app, counters: 'difference' }),
  'pg-types': postgres({
    ...postgresServer,
    query: `SELECT count(*) AS n, 9007199254740993 AS large, 1.50 AS exact, timestamptz '2026-01-02 03:04:05Z' AS at,
      '{"a":[1]}'::jsonb AS doc, 0.5::float8 AS half, NULL AS none, true AS yes, 5 AS five FROM orders`,
    schema: one,
    samples: oneCount,
  }),
  'pg-grown': postgres({
    ...postgresServer,
    query: 'SELECT count(*) AS n FROM orders',
    schema: one,
    samples: oneCount,
    counters: ['n'],
  }),
  'pg-writes': postgres({ ...postgresServer, query: 'DELETE FROM orders', schema: one, samples: oneCount }),
  'pg-two': postgres({ ...postgresServer, query: 'COMMIT; DELETE FROM orders', schema: one, samples: oneCount }),
  'pg-slow': postgres({
    ...postgresServer,
    query: 'SELECT pg_sleep(30)',
    schema: one,
    samples: oneCount,
    timeoutSeconds: 0.5,
  }),
  'pg-many': postgres({
    ...postgresServer,
    query: 'SELECT generate_series(1, 3000000)',
    schema: anything,
    samples: nothing,
  }),
  'maria-types': mysql({
    ...mariadbServer,
    query: `SELECT count(*) AS n, CAST(18446744073709551615 AS UNSIGNED) AS large, 1.50 AS exact,
      TIMESTAMP'2026-01-02 03:04:05' AS at, 0.5e0 AS half, NULL AS none, x'00ff' AS bytes FROM orders`,
    schema: one,
    samples: oneCount,
  }),
  'maria-writes': mysql({ ...mariadbServer, query: 'DELETE FROM orders', schema: one, samples: oneCount }),
  'maria-slow': mysql({
    ...mariadbServer,
    query: 'SELECT sleep(30)',
    schema: one,
    samples: oneCount,
    timeoutSeconds: 0.5,
  }),
  'maria-wrong': mysql({ ...mariadbServer, password: 'pass-wrong', query: 'SELECT 1', schema: one, samples: oneCount }),
  lite: sqlite({
    stage,
    service: 'app',
    file: '/data/app.db',
    query: 'SELECT count(*) AS n, max(size) AS large FROM hits',
    schema: one,
    samples: oneCount,
  }),
  'lite-slow': sqlite({
    stage,
    service: 'app',
    file: '/data/app.db',
    query: 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n',
    schema: one,
    samples: oneCount,
    timeoutSeconds: 1,
  }),
  'lite-missing': sqlite({
    stage,
    service: 'app',
    file: '/data/none.db',
    query: 'SELECT 1',
    schema: one,
    samples: oneCount,
  }),
  cache: redis({
    ...redisServer,
    commands: { size: ['DBSIZE'], text: ['GET', 'counter'], hash: ['HGETALL', 'h'], info: ['INFO', 'server'] },
    schema: z.object({
      size: z.bigint(),
      text: z.string(),
      hash: z.record(z.string(), z.string()),
      info: z.object({ redis_version: z.string() }),
    }),
    samples: ({ size, text }) => [...count('keys', size), ...count('counter', text)],
  }),
  'cache-writes': redis({ ...redisServer, commands: { del: ['FLUSHALL'] }, schema: anything, samples: nothing }),
  'cache-wrong': redis({
    ...redisServer,
    password: 'pass-wrong',
    commands: { ping: ['PING'] },
    schema: anything,
    samples: nothing,
  }),
  lines: logLines({
    stage,
    service: 'app',
    pattern: /^hit (?<hit>\d+) took (?<ms>\d+)ms$/,
    schema: z.object({ hit: z.coerce.number(), ms: z.coerce.number() }),
    samples: ({ hit, ms }) => [{ metric: 'took_ms', labels: { hit: String(hit) }, value: ms, unit: 'ms' }],
  }),
  'json-lines': logLines({
    stage,
    service: 'app',
    schema: z.object({ tookMs: z.number() }),
    samples: ({ tookMs }) => [{ metric: 'took_ms', value: tookMs, unit: 'ms' }],
  }),
  settings: serviceFiles({ stage, service: 'app', folder: '/data', pattern: '*.json', format: 'json' }),
  output: exec({
    stage,
    service: 'app',
    command: 'printf "a,b\\n1,x\\n2,y\\n"',
    format: 'csv',
    schema: z.object({ a: z.coerce.number() }),
    samples: ({ a }) => count('a', a),
  }),
  'output-fails': exec({ stage, service: 'app', command: 'echo no >&2; exit 3', schema: z.string(), samples: nothing }),
  own: defineSource({
    stage,
    services: ['app'],
    begin: async ({ fetch }) => hitsIn(await fetch('app', 8080, '/stats')),
    read: async ({ fetch, exec: run }, before) => ({
      samples: [
        ...count('grown', hitsIn(await fetch('app', 8080, '/stats')) - before),
        ...count('said', (await run('app', ['echo', '42'])).trim()),
      ],
    }),
  }),
  'own-stranger': defineSource({
    stage,
    read: async ({ connect }) => ({ samples: count('port', await connect('redis', 6379)) }),
  }),
  'own-late': defineSource({ stage, timeoutSeconds: 0.2, read: () => new Promise(() => undefined) }),
};
const witnesses = {
  kernel: kernelCounters({ stage, services: ['app'] }),
  stats: containerStats({ stage, services: ['app'], intervalMs: 200 }),
};
const hitsIn = (text: string): number => z.object({ hits: z.number() }).parse(JSON.parse(text)).hits;

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
    { value: { flags: { fast: true } }, place: { file: '/data/settings.json', line: 1, service: 'app' } },
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
