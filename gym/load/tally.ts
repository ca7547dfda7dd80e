import { type LatencyHistogram, latencyHistogram } from './histogram.ts';
import type { LatencyQuantiles, LoadCounts, LoadFailure } from './results.ts';

/** How an arrival ended. */
export type Ending = 'answered' | 'dropped' | LoadFailure;

/** Counts and latencies of some arrivals. */
export class Tally {
  #arrivals = 0;
  #answered = 0;
  #late = 0;
  #dropped = 0;
  readonly #errors = new Map<LoadFailure, number>();
  readonly #latencies: LatencyHistogram;

  /** `highestMs`: what no latency exceeds. */
  constructor(highestMs: number) {
    this.#latencies = latencyHistogram(highestMs);
  }

  /** Adds an arrival that has ended; `latencyMs`: what it took from its intended start, where that says anything. */
  add(ending: Ending, isLate: boolean, latencyMs: number | undefined): void {
    this.#arrivals += 1;
    if (isLate) this.#late += 1;
    if (ending === 'answered') this.#answered += 1;
    else if (ending === 'dropped') this.#dropped += 1;
    else this.#errors.set(ending, (this.#errors.get(ending) ?? 0) + 1);
    if (latencyMs !== undefined) this.#latencies.record(latencyMs);
  }

  counts(): LoadCounts {
    return {
      arrivals: this.#arrivals,
      sent: this.#arrivals - this.#dropped,
      answered: this.#answered,
      late: this.#late,
      dropped: this.#dropped,
      errors: Object.fromEntries(this.#errors),
    };
  }

  quantiles(): LatencyQuantiles | null {
    return quantilesOf(this.#latencies);
  }
}

/** The quantiles that are told of a histogram; `null`: it is empty. */
export function quantilesOf(histogram: LatencyHistogram): LatencyQuantiles | null {
  if (histogram.count === 0) return null;
  const at = (share: number): number => histogram.quantile(share) ?? 0;
  return {
    n: histogram.count,
    p50: at(0.5),
    p90: at(0.9),
    p95: at(0.95),
    p99: at(0.99),
    p999: at(0.999),
    max: at(1),
  };
}
