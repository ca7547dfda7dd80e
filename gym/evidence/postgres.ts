import type { Query } from 'pg';
import { ok, type Result } from '../events/problem.ts';
import type { PostgresSource } from '../task/source/sql.ts';
import type { BeginSource, EvidencePlace } from './reader.ts';
import { beginRows, notAnswered, type Row, Rows, tooManyRows } from './rows.ts';
import { openWay } from './way.ts';

/** Rows of PostgreSQL, before a stage only where counters are to be compared. */
export const beginPostgres: BeginSource<'postgres'> = async (source, place) =>
  beginRows(() => ask(place, source), { ...source, place: { service: source.service }, nonce: place.nonce });

const connectLimitMs = 10_000;

/** Type oids of `pg_type.dat`. What is not here stays as the server writes it: text, exact, without a time zone of this machine. */
const parsers: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [16, (text) => text === 't'],
  [20, BigInt],
  [21, Number],
  [23, Number],
  [26, Number],
  [114, (text) => JSON.parse(text)],
  [700, Number],
  [701, Number],
  [3802, (text) => JSON.parse(text)],
]);
const types = { getTypeParser: (oid: number) => parsers.get(oid) ?? ((text: string) => text) };

async function ask(place: EvidencePlace, source: PostgresSource): Promise<Result<Row[]>> {
  const { service, port, user, password, database, timeoutSeconds } = source;
  const forward = await openWay(place, service, port);
  if (!forward.ok) return forward;
  await using way = forward.value;
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    host: '127.0.0.1',
    port: way.port,
    user,
    // As a function: an empty one would be looked for in this machine's environment and files.
    password: () => password,
    database,
    ssl: false,
    application_name: 'gym',
    connectionTimeoutMillis: connectLimitMs,
  });
  // Told by the question that is under way.
  client.on('error', () => undefined);
  // Whatever is under way then fails, because the connection is lost.
  const limit = setTimeout(() => way[Symbol.asyncDispose](), timeoutSeconds * 1000 + connectLimitMs);
  try {
    await client.connect();
    await client.query('BEGIN READ ONLY');
    await client.query(`SET LOCAL statement_timeout = ${Math.ceil(timeoutSeconds * 1000)}`);
    // The extended protocol takes one statement: none can end the transaction and go on.
    const config = { text: source.query, types, queryMode: 'extended' };
    return ok(await rowsOf(client.query(new pg.Query<Row>(config))));
  } catch (thrown) {
    return notAnswered(`${service} did not answer the query`, thrown, { password, service });
  } finally {
    clearTimeout(limit);
    // The connection goes with the way to it; a server that does not say goodbye is not waited for.
    client.end().catch(() => undefined);
  }
}

function rowsOf(query: Query<Row>): Promise<Row[]> {
  const found = new Rows();
  return new Promise((resolve, reject) => {
    query.on('row', (row: Row) => {
      if (!found.add(row)) reject(tooManyRows());
    });
    query.on('error', reject);
    query.on('end', () => resolve(found.rows));
  });
}
