import { z } from 'zod';
import type { Place } from '../events/problem.ts';

/** Units of what is measured. `hash` values can only be compared for equality. */
export const unit = z.enum(['bytes', 'count', 'ms', 'ratio', 'hash']);
export type Unit = z.infer<typeof unit>;

/** One measured value. Bytes, counts and hashes are integers and kept as bigint, so that sums stay exact. */
export interface Sample {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: bigint | number;
  readonly unit: Unit;
  /** How many observations it stands for; one where it is not told. */
  readonly n?: number;
  /** When it was measured, in milliseconds since 1970; what is judged in the order of time needs it. */
  readonly atMs?: number;
}

/** A sample as a task's code writes it: integers may be plain numbers up to 2^53. */
export const sampleInput = z
  .object({
    metric: z.string().min(1),
    labels: z.record(z.string(), z.coerce.string()).default({}),
    value: z.union([z.bigint(), z.number()]),
    unit,
    n: z.number().int().positive().optional(),
    atMs: z.number().optional(),
  })
  .transform(({ n, atMs, ...rest }, context): Sample => {
    const input = { ...rest, ...(n !== undefined && { n }), ...(atMs !== undefined && { atMs }) };
    // One kind of number a unit: mixed, a share of a bigint would be rounded to whole milliseconds.
    if (input.unit === 'ms' || input.unit === 'ratio') return { ...input, value: Number(input.value) };
    if (typeof input.value === 'bigint') return input;
    if (Number.isSafeInteger(input.value)) return { ...input, value: BigInt(input.value) };
    context.addIssue({
      code: 'custom',
      message: `${input.metric} is ${input.value}, but ${input.unit} must be whole numbers below 2^53 (use a bigint above)`,
    });
    return z.NEVER;
  });
export type SampleInput = z.input<typeof sampleInput>;

/** One record as it was found, before anything was measured in it: a JSON line, a row, a file of the workspace. */
export interface Document {
  readonly value: unknown;
  /** The file, relative to the workspace or the run's folder, and the line that it begins at. */
  readonly place: Place;
  /** Line of each key and list entry in the file, by its JSON Pointer (RFC 6901), where they are known. */
  readonly lines?: Readonly<Record<string, number>> | undefined;
}

/** What one source gave: samples, or the reason why there are none. */
export interface Reading {
  readonly source: string;
  /** Whether the source is independent of the code under test. */
  readonly witness: boolean;
  readonly samples: readonly Sample[];
  /** The records that the samples were taken from, where the source keeps them. */
  readonly documents?: readonly Document[];
  /** The nonce of the run in which it was made; another one than the evidence's is stale. */
  readonly nonce?: string;
  /** Between which moments it was measured, in milliseconds since 1970. */
  readonly window?: { readonly fromMs: number; readonly toMs: number };
  /** Why the source could not be read. Its checks are then `unknown`. */
  readonly problem?: string;
  /** The file in which the raw reading was kept, relative to the run's folder. */
  readonly file?: string;
}

/** A service's log during the run. */
export interface ServiceLog {
  readonly service: string;
  /** Absolute path of the log's file. */
  readonly file: string;
  /** Why the log is not to be trusted or missing. */
  readonly problem?: string;
}

/** All that a judgement may look at. */
export interface Evidence {
  readonly readings: ReadonlyMap<string, Reading>;
  readonly logs: ReadonlyMap<string, ServiceLog>;
  /** Why the run did not come to its end, if it did not: then what is missing in a log says nothing. */
  readonly cutShort?: string;
  /** Random, and another one in every run: what was made in it says so. */
  readonly nonce?: string;
  /** The same of the baseline's build, where the run had one beside it. */
  readonly baseline?: Evidence;
}

/** A source's reading, or in one sentence why nothing can be judged by it: there is none, it could not be read, or it is of another run. */
export function readingOf(source: string, evidence: Evidence): Reading | { readonly because: string } {
  const reading = evidence.readings.get(source);
  if (reading === undefined) return { because: `nothing was read from ${source}` };
  if (reading.problem !== undefined) return { because: `${source}: ${reading.problem}` };
  const isStale = reading.nonce !== undefined && evidence.nonce !== undefined && reading.nonce !== evidence.nonce;
  return isStale ? { because: `${source} is stale: it was made in another run` } : reading;
}
