import { z } from 'zod';
import { type FromDocuments, made, parse, stageName, taking } from './shared.ts';

/** How records are written: one JSON document, one a line, or a table with a header. */
export const recordFormat = z.enum(['json', 'ndjson', 'csv']);
export type RecordFormat = z.output<typeof recordFormat>;

/** Records that a stage writes into a file; samples are taken from each of them. */
export const outputSource = z.strictObject({
  kind: z.literal('output'),
  format: recordFormat,
  /** The stage that writes it. */
  stage: stageName,
  /** Relative to the folder that the stage runs in, as the path of a stage's results. */
  path: z.string().min(1),
  parse,
});
export type OutputSource = z.output<typeof outputSource>;

/** Where a stage writes its records, and what is taken from each. */
export interface OutputSpec<Schema extends z.ZodType> extends FromDocuments<Schema> {
  stage: string;
  path: string;
}

/**
 * A JSON document written by a stage. `schema` says what it holds, `samples` which measurements are in it; a document
 * that does not fit makes the checks that need it `unknown`.
 */
export function json<Schema extends z.ZodType>(spec: OutputSpec<Schema>): OutputSource {
  return output('json', spec, json);
}

/** A file with a JSON document in each line: `schema` and `samples` are those of one of them. Empty lines are skipped. */
export function ndjson<Schema extends z.ZodType>(spec: OutputSpec<Schema>): OutputSource {
  return output('ndjson', spec, ndjson);
}

/** A table with a header (RFC 4180): `schema` and `samples` are those of a row, an object of texts by the header's names. */
export function csv<Schema extends z.ZodType>(spec: OutputSpec<Schema>): OutputSource {
  return output('csv', spec, csv);
}

function output<Schema extends z.ZodType>(
  format: RecordFormat,
  spec: OutputSpec<Schema>,
  maker: (...args: never[]) => unknown,
): OutputSource {
  const { schema: _, samples: __, ...rest } = spec;
  return made(format, outputSource, { kind: 'output', format, ...rest, parse: taking(spec) }, maker);
}
