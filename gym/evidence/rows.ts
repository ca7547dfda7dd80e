import { failed, type Result } from '../events/problem.ts';
import type { Document } from '../task/measurement.ts';
import { beginDifference } from './difference.ts';
import type { Found, ReadSource } from './reader.ts';
import { type TakeSamples, take } from './take.ts';

/** Rows of one query at most. */
export const mostRows = 1_000_000;
/** Bytes of the texts in them at most, roughly. */
const mostBytes = 256 * 1024 * 1024;

/** A row as its columns' names have it. */
export type Row = Readonly<Record<string, unknown>>;

/** What is done with a query's rows. */
export interface Asking {
  readonly place: Document['place'];
  readonly parse: TakeSamples;
  readonly counters: readonly string[];
  readonly nonce: string;
}

/** Reads a source of rows, and compares its counters with those before the stage where it has any. */
export function beginRows(ask: () => Promise<Result<Row[]>>, asking: Asking): Promise<ReadSource> {
  const { counters, place, parse, nonce } = asking;
  const read = async (): Promise<Result<Found>> => {
    const rows = await ask();
    if (!rows.ok) return rows;
    return take(
      rows.value.map((value, index) => ({ value, place: { ...place, line: index + 1 } })),
      parse,
      nonce,
    );
  };
  if (counters.length === 0) return Promise.resolve(read);
  return beginDifference(read, ({ metric }) => counters.includes(metric));
}

/** Collects rows up to the limits. */
export class Rows {
  readonly rows: Row[] = [];
  #bytes = 0;

  /** Whether there is room for more. */
  add(row: Row): boolean {
    this.rows.push(row);
    for (const value of Object.values(row)) this.#bytes += typeof value === 'string' ? value.length : 8;
    return this.rows.length < mostRows && this.#bytes < mostBytes;
  }
}

/** What went wrong with a query, without the password: some drivers tell what they were given. */
export function notAnswered(who: string, thrown: unknown, { password = '', service = '' }): Result<never> {
  const text = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  const plain = password === '' ? text : text.replaceAll(password, '•••');
  return failed({
    kind: 'evidence',
    message: `${who}: ${plain.slice(0, 500)}`,
    ...(service !== '' && { place: { service } }),
  });
}

/** Thrown where a query gives more than is read. */
export function tooManyRows(): Error {
  return new Error(`it gives more than ${mostRows} rows or ${mostBytes} bytes: let it count or sum`);
}
