import { z } from 'zod';
import { loadPlan } from '../load/plan.ts';
import { DefinitionError } from './definition-error.ts';
import { forAuthors } from './issues.ts';
import { sampleInput } from './measurement.ts';

const stageName = z.string().min(1);

/** A JSON document that a stage writes; its samples are taken from it by the task. */
const jsonSource = z.strictObject({
  kind: z.literal('json'),
  /** The stage that writes it. */
  stage: stageName,
  /** Relative to the folder that the stage runs in, as the path of a stage's results. */
  path: z.string().min(1),
  parse: z.function({ input: [z.unknown()], output: z.array(sampleInput) }),
});

/**
 * Kernel counters of a network interface, read from outside the service, before and after a stage: what counts is the
 * difference. Gives, with label `service`, tx_bytes, tx_packets, rx_bytes, rx_packets, and tx_payload_bytes and
 * rx_payload_bytes, from which the headers have been taken off packet by packet.
 */
const networkSource = z.strictObject({
  kind: z.literal('network'),
  stage: stageName,
  services: z.array(z.string()).min(1),
  /** Network of the Compose file whose interface is read. */
  network: z.string(),
  /** Bytes that are header in each packet; 66 for TCP with timestamps over IPv4 and Ethernet: 20 + 12 + 20 + 14. */
  headerBytes: z.number().int().nonnegative().default(66),
});

/** Sizes of the files in a volume after a stage, as the file system tells them. Gives bytes with labels `volume` and `path`. */
const filesSource = z.strictObject({
  kind: z.literal('files'),
  stage: stageName,
  volumes: z.array(z.string()).min(1),
  /** Glob within the volume; all files by default. */
  pattern: z.string().default('**'),
});

/**
 * A load that gym makes after a stage that passed, from a container of its own, and what came of it. Gives by `request`: latency_ms, one sample for
 * each arrival, from its intended start (up to 100,000 of them, chosen by chance where there are more); arrivals, sent, answered,
 * late, dropped, and errors by `kind`; and window_latency_ms by `second` and `quantile`.
 */
const loadSource = z.strictObject({
  kind: z.literal('load'),
  /** The stage after which it is made, once the stage's other sources have been read. */
  stage: stageName,
  /** Network of the Compose file that it comes from. */
  network: z.string().default('default'),
  plan: loadPlan,
});

/** Where measurements come from. A witness is a source that the code under test does not control. */
export const sourceSchema = z.discriminatedUnion('kind', [jsonSource, networkSource, filesSource, loadSource]);
export type Source = z.output<typeof sourceSchema>;
export type NetworkSource = Extract<Source, { kind: 'network' }>;
export type LoadSource = Extract<Source, { kind: 'load' }>;

/**
 * A JSON document written by a stage. `schema` says what it holds, `samples` which measurements are in it; a document
 * that does not fit makes the checks that need it `unknown`.
 */
export function json<Schema extends z.ZodType>(spec: {
  stage: string;
  path: string;
  schema: Schema;
  samples: (document: z.output<Schema>) => z.input<typeof sampleInput>[];
}): Source {
  const { schema, samples, ...rest } = spec;
  return made('json', { kind: 'json', ...rest, parse: (document: unknown) => samples(schema.parse(document)) }, json);
}

/** Kernel counters of services' interfaces on one network: a witness of what really went over the wire. */
export function networkCounters(spec: Omit<z.input<typeof networkSource>, 'kind'>): Source {
  return made('networkCounters', { kind: 'network', ...spec }, networkCounters);
}

/** Sizes of the files in volumes: a witness of what was really written. */
export function volumeFiles(spec: Omit<z.input<typeof filesSource>, 'kind'>): Source {
  return made('volumeFiles', { kind: 'files', ...spec }, volumeFiles);
}

/** A load in an open loop, made on the environment's network: latencies as those see them who come when they come. */
export function load(spec: Omit<z.input<typeof loadSource>, 'kind'>): Source {
  return made('load', { kind: 'load', ...spec }, load);
}

function made(what: string, spec: z.input<typeof sourceSchema>, maker: (...args: never[]) => unknown): Source {
  const parsed = sourceSchema.safeParse(spec, forAuthors);
  if (!parsed.success) throw new DefinitionError(what, parsed.error.issues, maker);
  return parsed.data;
}
