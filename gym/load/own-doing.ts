import { latencyHistogram } from './histogram.ts';
import { type LoadPlan, longestMs } from './plan.ts';
import type { LoadSummary } from './results.ts';
import { quantilesOf } from './tally.ts';

const beatMs = 20;
/** A share of arrivals that may be late by the generator's own doing: what is left still is the load of the plan. */
const bearableShare = 0.01;

/** Watches the generator itself: one that cannot keep up must not be taken for a slow server, nor for a load that was made. */
export class OwnDoing {
  readonly #startedAt = performance.now();
  readonly #cpuBefore = process.cpuUsage();
  readonly #lateness;
  readonly #lateAfterMs: number;
  readonly #beat: NodeJS.Timeout;
  #late = 0;
  #beatAt = performance.now();
  #longestStallMs = 0;

  constructor(plan: LoadPlan) {
    this.#lateAfterMs = plan.lateAfterMs;
    this.#lateness = latencyHistogram(longestMs(plan));
    this.#beat = setInterval(() => this.#listen(), beatMs);
  }

  /** It came to an arrival so long after that was due and there was room for it. */
  came(latenessMs: number): void {
    this.#lateness.record(latenessMs);
    if (latenessMs >= this.#lateAfterMs) this.#late += 1;
  }

  #listen(): void {
    const now = performance.now();
    this.#longestStallMs = Math.max(this.#longestStallMs, now - this.#beatAt - beatMs);
    this.#beatAt = now;
  }

  stop(): void {
    this.#listen();
    clearInterval(this.#beat);
  }

  /** What there is to tell, of a load of so many arrivals. */
  told(arrivals: number): LoadSummary['generator'] {
    const { user, system } = process.cpuUsage(this.#cpuBefore);
    return {
      late: this.#late,
      latenessMs: quantilesOf(this.#lateness),
      longestStallMs: this.#longestStallMs,
      cpuMs: (user + system) / 1000,
      durationMs: performance.now() - this.#startedAt,
      keptUp: this.#late <= arrivals * bearableShare,
    };
  }
}
