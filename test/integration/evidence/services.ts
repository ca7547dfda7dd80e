import { z } from 'zod';
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
/** Databases, a cache, and the server, with no port published. */
export const compose = `
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
/** The stage that all of it is read around. */
export const stage = 'e2e';
const anything = z.unknown();
const nothing = (): [] => [];

const app = { stage, service: 'app', port: 8080 };
const postgresServer = { stage, service: 'postgres', user: 'postgres', password: 'pass-post', database: 'shop' };
const mariadbServer = { stage, service: 'mariadb', user: 'root', password: 'pass-maria', database: 'shop' };
const redisServer = { stage, service: 'redis', password: 'pass-red' };
const one = z.object({ n: z.bigint() });
const oneCount = ({ n }: z.output<typeof one>) => count('n', n);

/** What can be read of them, and what cannot. */
export const measurements = {
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
/** What the kernel and the engine say. */
export const witnesses = {
  kernel: kernelCounters({ stage, services: ['app'] }),
  stats: containerStats({ stage, services: ['app'], intervalMs: 200 }),
};
const hitsIn = (text: string): number => z.object({ hits: z.number() }).parse(JSON.parse(text)).hits;
