import { z } from 'zod';

/** How an arrival that was sent can fail. */
export const loadFailure = z.enum([
  /** Nobody listens there. */
  'refused',
  /** The connection ended before the answer did. */
  'reset',
  /** No answer within the plan's time-out after it was sent. */
  'timeout',
  /** Another status than expected. */
  'status',
  /** An answer that is none of the protocol, or does not begin as expected. */
  'unexpected',
  /** No way to the host, or no host of that name. */
  'unreachable',
  'other',
]);
export type LoadFailure = z.infer<typeof loadFailure>;

const count = z.number().int().nonnegative();

/** What became of arrivals. Each is counted once: arrivals = answered + dropped + the sum of errors; sent = arrivals - dropped. */
export const loadCounts = z.object({
  arrivals: count,
  sent: count,
  answered: count,
  /** Sent later than the plan's `lateAfterMs` after the intended start, for whatever reason. */
  late: count,
  /** Never sent: as many as may be were under way until the time-out. */
  dropped: count,
  errors: z.partialRecord(loadFailure, count),
});
export type LoadCounts = z.infer<typeof loadCounts>;

/** Quantiles of latencies from the intended start. Arrivals that were dropped or timed out count as the longest that any can take. */
export const latencyQuantiles = z.object({
  n: z.number().int().positive(),
  p50: z.number(),
  p90: z.number(),
  p95: z.number(),
  p99: z.number(),
  p999: z.number(),
  max: z.number(),
});
export type LatencyQuantiles = z.infer<typeof latencyQuantiles>;

/** Whether the generator itself did its part. */
const generator = z.object({
  /** Arrivals that were late although there was room for them: the generator was busy or did not get the processor. */
  late: count,
  /** By how much it sent after it could have. */
  latenessMs: latencyQuantiles.nullable(),
  /** The longest time in which it did nothing at all. */
  longestStallMs: z.number(),
  /** Its own processor time. */
  cpuMs: z.number(),
  durationMs: z.number(),
  /** Whether so few were late by its own doing that the load was what the plan says. */
  keptUp: z.boolean(),
});

/** One line of what a load prints. The summary is the last one; without it the load did not come to its end. */
export const loadLine = z.discriminatedUnion('kind', [
  /** The arrivals that were intended within a second, once all of them have ended. The warm-up is in none. */
  z.object({
    kind: z.literal('window'),
    fromMs: z.number(),
    toMs: z.number(),
    counts: loadCounts,
    latencyMs: latencyQuantiles.nullable(),
  }),
  /** Latencies of a request in milliseconds, in order of the intended start; as many lines as it takes. */
  z.object({ kind: z.literal('latencies'), request: z.string(), values: z.array(z.number()) }),
  z.object({
    kind: z.literal('summary'),
    /** When it began, in milliseconds since 1970; all else is counted from then. */
    startedAtMs: z.number(),
    /** Arrivals that were sent and not counted. */
    warmUp: count,
    counts: loadCounts,
    latencyMs: latencyQuantiles.nullable(),
    requests: z.record(z.string(), loadCounts),
    generator,
  }),
]);
export type LoadLine = z.infer<typeof loadLine>;
export type LoadSummary = Extract<LoadLine, { kind: 'summary' }>;
