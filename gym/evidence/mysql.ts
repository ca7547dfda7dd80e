import type { Connection, Query, TypeCast } from 'mysql2';
import { ok, type Result } from '../events/problem.ts';
import type { MysqlSource } from '../task/source/sql.ts';
import type { BeginSource, EvidencePlace } from './reader.ts';
import { beginRows, notAnswered, type Row, Rows, tooManyRows } from './rows.ts';
import { openWay } from './way.ts';

/** Rows of MySQL or MariaDB, before a stage only where counters are to be compared. */
export const beginMysql: BeginSource<'mysql'> = async (source, place) =>
  beginRows(() => ask(place, source), { ...source, place: { service: source.service }, nonce: place.nonce });

const connectLimitMs = 10_000;

/** Whole numbers of 64 bits exactly, bytes as hexadecimal text; decimals and times are texts as the server writes them. */
const typeCast: TypeCast = (field, next) => {
  if (field.type === 'LONGLONG') {
    const text = field.string();
    return text === null ? null : BigInt(text);
  }
  const value = next();
  return Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : value;
};

async function ask(place: EvidencePlace, source: MysqlSource): Promise<Result<Row[]>> {
  const { service, port, user, password, database, timeoutSeconds, query } = source;
  const forward = await openWay(place, service, port);
  if (!forward.ok) return forward;
  await using way = forward.value;
  const { default: mysql } = await import('mysql2');
  const connection = mysql.createConnection({
    host: '127.0.0.1',
    port: way.port,
    user,
    password,
    database,
    dateStrings: true,
    connectTimeout: connectLimitMs,
    flags: ['-LOCAL_FILES'],
  });
  // Told by the question that is under way.
  connection.on('error', () => undefined);
  const limit = setTimeout(() => connection.destroy(), timeoutSeconds * 1000 + connectLimitMs);
  try {
    await prepare(connection, timeoutSeconds);
    return ok(await rowsOf(connection.query({ sql: query, typeCast })));
  } catch (thrown) {
    return notAnswered(`${service} did not answer the query`, thrown, { password, service });
  } finally {
    clearTimeout(limit);
    connection.destroy();
  }
}

/** Read-only, in a transaction, and within a time. MariaDB and MySQL have a limit each. */
async function prepare(connection: Connection, timeoutSeconds: number): Promise<void> {
  const client = connection.promise();
  const [versions] = await client.query('SELECT VERSION()');
  const isMariadb = JSON.stringify(versions).includes('MariaDB');
  const limit = isMariadb
    ? `max_statement_time = ${timeoutSeconds}`
    : `max_execution_time = ${Math.ceil(timeoutSeconds * 1000)}`;
  await client.query(`SET SESSION ${limit}`);
  await client.query('SET SESSION TRANSACTION READ ONLY');
  await client.query('START TRANSACTION READ ONLY');
}

function rowsOf(query: Query): Promise<Row[]> {
  const found = new Rows();
  return new Promise((resolve, reject) => {
    query.on('result', (row: Row) => {
      if (!found.add(row)) reject(tooManyRows());
    });
    query.on('error', reject);
    query.on('end', () => resolve(found.rows));
  });
}
