import { z } from 'zod';

/** Units of what is measured. `hash` values can only be compared for equality. */
export const unit = z.enum(['bytes', 'count', 'ms', 'ratio', 'hash']);
export type Unit = z.infer<typeof unit>;

/** One measured value. Bytes, counts and hashes are integers and kept as bigint, so that sums stay exact. */
export interface Sample {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: bigint | number;
  readonly unit: Unit;
}

/** A sample as a task's code writes it: integers may be plain numbers up to 2^53. */
export const sampleInput = z
  .object({
    metric: z.string().min(1),
    labels: z.record(z.string(), z.coerce.string()).default({}),
    value: z.union([z.bigint(), z.number()]),
    unit,
  })
  .transform((input, context): Sample => {
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

/** What one source gave: samples, or the reason why there are none. */
export interface Reading {
  readonly source: string;
  /** Whether the source is independent of the code under test. */
  readonly witness: boolean;
  readonly samples: readonly Sample[];
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
}
