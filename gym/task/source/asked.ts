import { z } from 'zod';
import { unit } from '../measurement.ts';
import {
  counters,
  type FromDocument,
  type FromDocuments,
  made,
  parse,
  port,
  stageName,
  taking,
  timeoutSeconds,
} from './shared.ts';

const request = {
  stage: stageName.optional(),
  service: z.string(),
  /** Port of the service, as it is inside its container; it need not be published. */
  port,
  path: z.string().startsWith('/', 'a path begins with /'),
  headers: z.record(z.string(), z.string()).default({}),
  timeoutSeconds,
};

/** A JSON document that a service answers with. */
export const httpSource = z.strictObject({ kind: z.literal('http'), ...request, counters, parse });

/** Prometheus' text format as a service answers with it: each line a sample, by its name, with its labels. */
export const prometheusSource = z.strictObject({
  kind: z.literal('prometheus'),
  ...request,
  path: request.path.default('/metrics'),
  /** `total`: since the service began. `difference`: what counters, histograms and the sums of summaries grew by while the stage ran. */
  counters: z.enum(['total', 'difference']).default('total'),
  /** Names of metrics to keep, as globs; all by default. */
  metrics: z.array(z.string()).min(1).default(['*']),
  /** Units by the metric's name, where the name does not tell: see `prometheus`. */
  units: z.record(z.string(), unit).default({}),
});
export type PrometheusSource = z.output<typeof prometheusSource>;
export type RequestSource = z.output<typeof httpSource> | PrometheusSource;

/** The output of a command in a service. */
export const execSource = z.strictObject({
  kind: z.literal('exec'),
  stage: stageName.optional(),
  service: z.string(),
  /** A list is run as it is; a string by `sh -c`. */
  command: z.union([z.string().min(1), z.array(z.string()).min(1)]),
  user: z.string().optional(),
  format: z.enum(['json', 'ndjson', 'csv', 'text']).default('text'),
  timeoutSeconds,
  counters,
  parse,
});
export type ExecSource = z.output<typeof execSource>;

/** What Redis answers to some commands, by names of the task's own. */
export const redisSource = z.strictObject({
  kind: z.literal('redis'),
  stage: stageName.optional(),
  service: z.string(),
  port: port.default(6379),
  user: z.string().optional(),
  password: z.string().optional(),
  database: z.number().int().nonnegative().default(0),
  commands: z.record(z.string(), z.array(z.string()).min(1)),
  timeoutSeconds,
  counters,
  parse,
});
export type RedisSource = z.output<typeof redisSource>;

type Spec<Source extends z.ZodType> = Omit<z.input<Source>, 'kind' | 'parse'>;

/**
 * A GET request to a service, answered in JSON. It comes from inside the service's own network, so that no port has to be published
 * and no interface counts it. `counters` names metrics of which the growth during the stage counts; they are then asked for before it too.
 */
export function http<Schema extends z.ZodType>(
  spec: Spec<typeof httpSource> & FromDocument<Schema>,
): z.output<typeof httpSource> {
  const { schema, samples, ...rest } = spec;
  return made('http', httpSource, { kind: 'http', ...rest, parse: taking({ schema, samples }) }, http);
}

/**
 * What a service exposes for Prometheus: text format 0.0.4 with counters, gauges, histograms and summaries. What ends in `_seconds` is
 * given in `ms`, what ends in `_bytes` in `bytes`, counters and counts in `count`, other numbers as `ratio`; a whole number is exact.
 */
export function prometheus(spec: Omit<z.input<typeof prometheusSource>, 'kind'>): PrometheusSource {
  return made('prometheus', prometheusSource, { kind: 'prometheus', ...spec }, prometheus);
}

/** A command in a service: its standard output is a text (without the spaces around it), or JSON, NDJSON or CSV. */
export function exec<Schema extends z.ZodType>(spec: Spec<typeof execSource> & FromDocuments<Schema>): ExecSource {
  const { schema, samples, ...rest } = spec;
  const from = { ...(schema !== undefined && { schema }), ...(samples !== undefined && { samples }) };
  return made('exec', execSource, { kind: 'exec', ...rest, parse: taking(from) }, exec);
}

/** Answers of Redis or Valkey: whole numbers are bigints, INFO gives its fields, HGETALL an object. Commands that write are refused. */
export function redis<Schema extends z.ZodType>(spec: Spec<typeof redisSource> & FromDocument<Schema>): RedisSource {
  const { schema, samples, ...rest } = spec;
  return made('redis', redisSource, { kind: 'redis', ...rest, parse: taking({ schema, samples }) }, redis);
}
