import { build } from 'hdr-histogram-js';

/** Latencies with three significant digits, in little memory. */
export interface LatencyHistogram {
  record(latencyMs: number): void;
  /** How many were recorded. */
  readonly count: number;
  /** The value in milliseconds that this share of all, from 0 to 1, does not exceed; null where there are none. */
  quantile(share: number): number | null;
}

/** An empty histogram for latencies from a microsecond up to `highestMs`; what is above counts as that. */
export function latencyHistogram(highestMs: number): LatencyHistogram {
  const highest = Math.max(2, Math.ceil(highestMs * 1000));
  const histogram = build({ highestTrackableValue: highest, numberOfSignificantValueDigits: 3, autoResize: false });
  return {
    record: (latencyMs) => histogram.recordValue(Math.min(highest, Math.max(0, Math.round(latencyMs * 1000)))),
    get count() {
      return histogram.totalCount;
    },
    // The library answers 0 where it holds nothing.
    quantile: (share) =>
      histogram.totalCount === 0 ? null : Math.min(highest, histogram.getValueAtPercentile(share * 100)) / 1000,
  };
}
