import type { Histogram } from 'hdr-histogram-js';

/** Latencies by the million in little memory: each is kept to three digits, so that what is read is at most 0.1 % too high. */
export interface LatencyHistogram {
  /** Adds a value: 0 or more, in a unit so small that its fraction does not matter (microseconds). Anything else is a bug. */
  record(value: number): void;
  /**
   * Adds a value of a closed loop that meant to measure every `expectedInterval`: what it could not measure while it waited is added too
   * (coordinated omission, corrected as by Gil Tene's HdrHistogram). What an open loop measured needs no correction.
   */
  recordCorrected(value: number, expectedInterval: number): void;
  /** How many values there are. */
  readonly count: number;
  /** The least value that this share of all is at or below; null where there are none. */
  quantile(share: number): number | null;
  /** The value of this rank in ascending order, counted from 1; null where there is none. For bounds: `upperRank`. */
  atRank(rank: number): number | null;
  /** Null where there are no values. */
  readonly max: number | null;
  /** Null where there are no values. */
  readonly mean: number | null;
}

/** An empty histogram. The library answers 0 for one, as if everything had been fast, and takes 40 ms to load. */
export async function latencyHistogram(): Promise<LatencyHistogram> {
  const { build } = await import('hdr-histogram-js');
  // Counts of 64 bits do not overflow.
  const histogram = build({ bitBucketSize: 64, numberOfSignificantValueDigits: 3 });
  const known = (read: () => number) => (histogram.totalCount === 0 ? null : read());
  return {
    record: (value) => histogram.recordValue(valid(value)),
    recordCorrected: (value, expectedInterval) =>
      histogram.recordValueWithExpectedInterval(valid(value), expectedInterval),
    get count() {
      return histogram.totalCount;
    },
    quantile: (share) => known(() => histogram.getValueAtPercentile(100 * share)),
    atRank: (rank) => valueAtRank(histogram, rank),
    get max() {
      return known(() => histogram.maxValue);
    },
    get mean() {
      return known(() => histogram.mean);
    },
  };
}

function valid(value: number): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new RangeError(`${value} is not a latency`);
}

/** Half a rank lower, so that no rounding of the percentile leads to the next rank. */
function valueAtRank(histogram: Histogram, rank: number): number | null {
  const n = histogram.totalCount;
  return rank < 1 || rank > n ? null : histogram.getValueAtPercentile((100 * (rank - 0.5)) / n);
}
