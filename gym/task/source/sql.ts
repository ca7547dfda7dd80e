import { z } from 'zod';
import { counters, type FromDocument, made, parse, port, stageName, taking, timeoutSeconds } from './shared.ts';

const asked = {
  stage: stageName.optional(),
  /** One statement that reads. */
  query: z.string().min(1),
  timeoutSeconds,
  counters,
  parse,
};
const server = {
  service: z.string(),
  user: z.string(),
  /** Never written down by gym. */
  password: z.string().default(''),
  database: z.string(),
};

/** Rows of PostgreSQL. */
export const postgresSource = z.strictObject({
  kind: z.literal('postgres'),
  ...asked,
  ...server,
  port: port.default(5432),
});
export type PostgresSource = z.output<typeof postgresSource>;

/** Rows of MySQL or MariaDB. */
export const mysqlSource = z.strictObject({ kind: z.literal('mysql'), ...asked, ...server, port: port.default(3306) });
export type MysqlSource = z.output<typeof mysqlSource>;

/** Rows of a SQLite database: a copy of its file is asked. */
export const sqliteSource = z.strictObject({
  kind: z.literal('sqlite'),
  ...asked,
  /** Where the file is; none: in the workspace. */
  service: z.string().optional(),
  /** Absolute path in the service's container (a volume of it is fine), or relative to the workspace. */
  file: z.string().min(1),
});
export type SqliteSource = z.output<typeof sqliteSource>;

type Spec<Source extends z.ZodType> = Omit<z.input<Source>, 'kind' | 'parse'>;

/**
 * Rows of a query in a read-only transaction of PostgreSQL; `schema` and `samples` are those of one row. `int8` (and so `count(*)`) is a
 * bigint, `numeric` and times are texts as the server writes them. The port need not be published.
 */
export function postgres<Schema extends z.ZodType>(
  spec: Spec<typeof postgresSource> & FromDocument<Schema>,
): PostgresSource {
  const { schema, samples, ...rest } = spec;
  return made('postgres', postgresSource, { kind: 'postgres', ...rest, parse: taking({ schema, samples }) }, postgres);
}

/** The same of MySQL or MariaDB: `bigint` columns (and so `count(*)`) are bigints, `decimal` and times are texts. */
export function mysql<Schema extends z.ZodType>(spec: Spec<typeof mysqlSource> & FromDocument<Schema>): MysqlSource {
  const { schema, samples, ...rest } = spec;
  return made('mysql', mysqlSource, { kind: 'mysql', ...rest, parse: taking({ schema, samples }) }, mysql);
}

/** Rows of a query to a copy of a SQLite database: every whole number is a bigint. */
export function sqlite<Schema extends z.ZodType>(spec: Spec<typeof sqliteSource> & FromDocument<Schema>): SqliteSource {
  const { schema, samples, ...rest } = spec;
  return made('sqlite', sqliteSource, { kind: 'sqlite', ...rest, parse: taking({ schema, samples }) }, sqlite);
}
