import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ok } from '../../../gym/events/problem.ts';
import { csv, defineSource, exec, http, logLines, ndjson, sqlite } from '../../../gym/task/source.ts';
import { temporaryFolder } from '../harness/support.ts';
import { readingOf, readingsOf } from './reading.ts';

const order = z.object({ id: z.string(), bytes: z.coerce.bigint() });
const bytes = ({ id, bytes: value }: z.output<typeof order>) => [
  { metric: 'bytes', labels: { id }, value, unit: 'bytes' as const },
];

describe('records of a stage', () => {
  test('samples come from each of them, and the records are kept with their lines', async () => {
    const reading = await readingOf(csv({ stage: 'e2e', path: 'orders.csv', schema: order, samples: bytes }), {
      during: (folder) => writeFileSync(join(folder, 'orders.csv'), 'id,bytes\na,9007199254740993\n'),
    });
    expect(reading).toMatchObject({
      samples: [{ metric: 'bytes', value: 9007199254740993n, labels: { id: 'a' } }],
      documents: [{ value: { id: 'a', bytes: '9007199254740993' }, place: { file: 'orders.csv', line: 2 } }],
    });
  });

  test('the one that does not fit is named', async () => {
    const reading = await readingOf(ndjson({ stage: 'e2e', path: 'o.ndjson', schema: order, samples: bytes }), {
      during: (folder) => writeFileSync(join(folder, 'o.ndjson'), '{"id":"a","bytes":1}\n{"id":2,"bytes":1}\n'),
    });
    expect(reading.problem).toMatch(
      /^o\.ndjson:2 cannot be used: id: Invalid input: expected string, received number$/,
    );
  });

  test('samples that do not fit are told as the mistake of the task that they are', async () => {
    const samples = () => JSON.parse('[{ "metric": "eaten", "value": 1, "unit": "apples" }]');
    const reading = await readingOf(ndjson({ stage: 'e2e', path: 'o.ndjson', schema: order, samples }), {
      during: (folder) => writeFileSync(join(folder, 'o.ndjson'), '{"id":"a","bytes":1}\n'),
    });
    expect(reading.problem).toMatch(
      /^o\.ndjson:1: what the samples of the task give for it does not fit: 0\.unit: Invalid option: expected one of "bytes"/,
    );
  });

  test('one of another run makes all of them stale', async () => {
    const lines = ['of-this-run', 'of-another', 'of-this-run'].map((gym_nonce) => JSON.stringify({ gym_nonce }));
    const reading = await readingOf(ndjson({ stage: 'e2e', path: 'o.ndjson' }), {
      during: (folder) => writeFileSync(join(folder, 'o.ndjson'), lines.join('\n')),
    });
    expect(reading.nonce).toBe('of-another');
  });
});

describe('when sources are read', () => {
  const told: string[] = [];
  const teller = (name: string, stage?: string) =>
    defineSource({
      ...(stage !== undefined && { stage }),
      begin: () => told.push(`begin ${name}`),
      read: () => {
        told.push(`read ${name}`);
        return { samples: [] };
      },
    });

  test('after their stage, or when all have ended; what a stage that did not pass left means nothing', async () => {
    told.length = 0;
    const sources = { all: teller('all'), e2e: teller('e2e', 'e2e') };
    await readingsOf(sources, { during: () => void told.push('stage') });
    expect(told).toEqual(['begin all', 'begin e2e', 'stage', 'read e2e', 'read all']);
    const readings = await readingsOf(sources, { during: () => 'unknown' });
    expect([...readings.values()].map(({ problem }) => problem)).toEqual([
      'the stage e2e did not pass (unknown)',
      'the stage e2e did not pass (unknown)',
    ]);
  });

  test('nobody waits for an answer that is not wanted any more', async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const port = z.object({ port: z.number() }).parse(server.address()).port;
    const close = async (): Promise<void> => server.closeAllConnections();
    const environment = { forward: async () => ok({ port, [Symbol.asyncDispose]: close }) };
    const source = http({ stage: 'e2e', service: 'app', port: 80, path: '/', schema: z.unknown(), samples: () => [] });
    const stop = new AbortController();
    server.on('request', () => stop.abort());
    expect((await readingOf(source, { environment, signal: stop.signal })).problem).toMatch(/^GET http:\/\/app:80\/: /);
    server.close();
  });

  test('what gives no samples, or throws, or is broken off, could not be read', async () => {
    const problemOf = async (read: () => unknown, signal = new AbortController().signal) => {
      const source = defineSource({ read: async () => z.custom<{ samples: [] }>().parse(await read()) });
      return (await readingOf(source, { signal })).problem;
    };
    expect(await problemOf(() => ({ samples: [{ metric: 'a', value: 1.5, unit: 'count' }] }))).toMatch(
      /^its read gave no samples: samples\.0: a is 1\.5, but count must be whole numbers/,
    );
    expect(await problemOf(() => undefined)).toMatch(/^its read gave no samples: /);
    expect(await problemOf(() => Promise.reject(new Error('no')))).toBe('its read failed: no');
    expect(await problemOf(() => new Promise(() => {}), AbortSignal.abort())).toMatch(/broken off$/);
  });
});

describe('logs', () => {
  const source = logLines({ stage: 'e2e', service: 'app', pattern: /^took (?<ms>\d+)$/g });
  const environment = (file: string, problem?: string) => ({ logFile: () => file, logProblem: () => problem });

  test('a line that was begun before the stage and ended in it counts', async () => {
    const file = join(temporaryFolder(), 'app.log');
    writeFileSync(file, 'took 1\ntoo');
    const reading = await readingOf(source, {
      environment: environment(file),
      during: () => appendFileSync(file, 'k 2\nother\ntook 3\r\n'),
    });
    expect(reading.documents).toEqual([
      { value: { ms: '2' }, place: { file, line: 2, service: 'app' } },
      { value: { ms: '3' }, place: { file, line: 4, service: 'app' } },
    ]);
  });

  test('one that was begun anew, or has a problem, is not believed', async () => {
    const file = join(temporaryFolder(), 'app.log');
    writeFileSync(file, 'took 1\n');
    const turned = await readingOf(source, {
      environment: environment(file),
      during: () => {
        renameSync(file, `${file}.1`);
        writeFileSync(file, 'took 2\n');
      },
    });
    expect(turned.problem).toBe('the log of app: it was begun anew during the stage');
    const broken = await readingOf(source, { environment: environment(file, 'the disk is full') });
    expect(broken.problem).toBe('the log of app: the disk is full');
  });
});

describe('SQLite in the workspace', () => {
  const count = z.object({ n: z.bigint() });
  const counted = ({ n }: z.output<typeof count>) => [{ metric: 'n', value: n, unit: 'count' as const }];
  const asking = (query: string) => sqlite({ file: 'app.db', query, schema: count, samples: counted });

  function fill(folder: string): void {
    const database = new DatabaseSync(join(folder, 'app.db'));
    database.exec("CREATE TABLE t (i INTEGER, b BLOB, f REAL); INSERT INTO t VALUES (1, x'00ff', 9e999)");
    database.close();
  }

  test('rows, with what JSON has no words for', async () => {
    const reading = await readingOf(asking('SELECT count(*) AS n, b, f FROM t'), { during: fill });
    expect(reading).toMatchObject({
      samples: [{ metric: 'n', value: 1n }],
      documents: [{ value: { n: 1n, b: '\\x00ff', f: Infinity }, place: { file: 'app.db', line: 1 } }],
    });
  });

  test.each([
    ['SELECT missing FROM t', /^app\.db did not answer the query: no such column: missing$/],
    ['DELETE FROM t', /^app\.db did not answer the query: attempt to write a readonly database$/],
  ])('%s has a reason', async (query, message) => {
    expect((await readingOf(asking(query), { during: fill })).problem).toMatch(message);
  });
});

test('a counter of a command is what it grew by, and what is said besides is told', async () => {
  let count = 40;
  const environment = {
    exec: async (_: string, request: { onOutput: (chunk: Uint8Array, stream: 'stdout') => void }) => {
      request.onOutput(Buffer.from(` ${count} \n`), 'stdout');
      return { kind: 'exited', exitCode: 0, durationMs: 1 } as const;
    },
  };
  const source = exec({
    stage: 'e2e',
    service: 'app',
    command: ['count'],
    schema: z.coerce.number(),
    samples: (value) => [{ metric: 'jobs', value, unit: 'count' }],
    counters: ['jobs'],
  });
  const during = (): void => {
    count += 2;
  };
  expect((await readingOf(source, { environment, during })).samples).toMatchObject([{ value: 2n }]);
});

test('what is asked before the stage and fails is a problem after it', async () => {
  let asked = 0;
  const environment = {
    exec: async () => {
      asked += 1;
      return asked === 1
        ? ({ kind: 'lost', because: 'it died', durationMs: 1 } as const)
        : ({ kind: 'exited', exitCode: 0, durationMs: 1 } as const);
    },
  };
  const source = exec({ stage: 'e2e', service: 'app', command: 'x', schema: z.string(), counters: ['jobs'] });
  expect((await readingOf(source, { environment })).problem).toBe('the command in app did not succeed: it died');
});
