import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { failed, ok, type Result } from '../events/problem.ts';
import type { SqliteSource } from '../task/source/sql.ts';
import { fromExactJson } from './exact-json.ts';
import type { BeginSource, EvidencePlace } from './reader.ts';
import { beginRows, mostRows, notAnswered, type Row } from './rows.ts';

/** Rows of a SQLite database, before a stage only where counters are to be compared. */
export const beginSqlite: BeginSource<'sqlite'> = async (source, place) => {
  const { service, file } = source;
  const at = service === undefined ? { file } : { file, service };
  return beginRows(() => ask(source, place), { ...source, place: at, nonce: place.nonce });
};

const limitBytes = 256 * 1024 * 1024;
const outputBytes = 64 * 1024 * 1024;
const tries = 3;

/**
 * Asks in a process of its own, because a statement of SQLite cannot be broken off from outside. Arguments: the database, the query, and
 * how many rows at most. Prints a row a line.
 */
const program = `
const { DatabaseSync } = require('node:sqlite');
const [file, query, most] = process.argv.slice(1);
const database = new DatabaseSync(file);
database.exec('PRAGMA query_only = 1');
const statement = database.prepare(query);
statement.setReadBigInts(true);
const plain = (_, value) =>
  typeof value === 'bigint' ? { $bigint: String(value) }
  : typeof value === 'number' && !Number.isFinite(value) ? { $number: String(value) }
  : value;
let count = 0;
for (const row of statement.iterate()) {
  if (++count > Number(most)) { console.error('it gives more than ' + most + ' rows: let it count or sum'); process.exit(1); }
  for (const name in row) if (row[name] instanceof Uint8Array) row[name] = '\\\\x' + Buffer.from(row[name]).toString('hex');
  process.stdout.write(JSON.stringify(row, plain) + '\\n');
}
`;

async function ask(source: SqliteSource, place: EvidencePlace): Promise<Result<Row[]>> {
  const copy = await copyOf(source, place);
  if (!copy.ok) return copy;
  const folder = await mkdtemp(join(tmpdir(), 'gym-sqlite-'));
  try {
    const database = join(folder, 'copy.db');
    await writeFile(database, copy.value.main);
    if (copy.value.log !== undefined) await writeFile(`${database}-wal`, copy.value.log);
    const printed = await run([database, source.query, String(mostRows)], source.timeoutSeconds, place.signal);
    return ok(printed.split('\n').flatMap((line) => (line === '' ? [] : [row.parse(fromExactJson(line))])));
  } catch (thrown) {
    return notAnswered(`${source.file} did not answer the query`, thrown, { service: source.service ?? '' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const row = z.record(z.string(), z.unknown());

function run(words: readonly string[], timeoutSeconds: number, signal: AbortSignal): Promise<string> {
  const options = { timeout: timeoutSeconds * 1000, maxBuffer: outputBytes, killSignal: 'SIGKILL', signal } as const;
  const flags = ['--no-warnings', '-e', program, '--', ...words];
  return new Promise((resolvePrinted, reject) => {
    // A child of gym's own asks a copy; what the environment of this process says to Node.js is nothing to it.
    const env = { ...process.env, NODE_OPTIONS: '' };
    execFile(process.execPath, flags, { ...options, env }, (error, printed, complaint) => {
      if (error === null) return resolvePrinted(printed);
      if (error.killed === true && error.signal === 'SIGKILL')
        return reject(new Error(`it took longer than ${timeoutSeconds} s`));
      const [why] = /^(?:Error: )?it gives more.*|Error: .*/m.exec(complaint) ?? [error.message];
      reject(new Error(why.replace(/^Error: /, '')));
    });
  });
}

interface Copy {
  readonly main: Uint8Array;
  /** The write-ahead log, where there is one: what was written last is only there. */
  readonly log: Uint8Array | undefined;
}

/** The database and its log as they were at one moment: read again until the database did not change meanwhile. */
async function copyOf({ service, file }: SqliteSource, place: EvidencePlace): Promise<Result<Copy>> {
  const read = (path: string): Promise<Result<Uint8Array | undefined>> =>
    service === undefined
      ? readHost(resolve(place.hostDirectory, path))
      : place.environment.readFile(service, path, limitBytes);
  const at = service === undefined ? { file } : { file, service };
  for (let count = 0; count < tries; count += 1) {
    const main = await read(file);
    if (!main.ok) return main;
    if (main.value === undefined) return failed({ kind: 'evidence', message: `there is no ${file}`, place: at });
    const log = await read(`${file}-wal`);
    if (!log.ok) return log;
    const again = await read(file);
    if (!again.ok) return again;
    if (again.value !== undefined && Buffer.compare(main.value, again.value) === 0)
      return ok({ main: main.value, log: log.value });
  }
  return failed({ kind: 'evidence', message: `${file} is being written to: it could not be copied`, place: at });
}

async function readHost(path: string): Promise<Result<Uint8Array | undefined>> {
  try {
    return ok(await readFile(path));
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    const isMissing = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
    return isMissing ? ok(undefined) : failed({ kind: 'evidence', message: why });
  }
}
