import { type LoadPlan, longestMs } from './plan.ts';
import type { LoadLine, LoadSummary } from './results.ts';
import type { Schedule } from './schedule.ts';
import { type Ending, Tally } from './tally.ts';

const windowMs = 1000;
/** Latencies in one line, so that no line gets long. */
const lineValues = 10_000;

interface Window {
  /** Arrivals that have not ended. */
  left: number;
  tally: Tally | undefined;
}

/** Counts how arrivals ended, and tells it: window by window, and in the end all of it. */
export class Report {
  readonly #plan: LoadPlan;
  readonly #schedule: Schedule;
  readonly #say: (line: LoadLine) => void;
  /** Milliseconds of each arrival; NaN: none that says anything. */
  readonly #latencies: Float64Array;
  readonly #total: Tally;
  readonly #requests: readonly Tally[];
  readonly #warmUp: number;
  readonly #startedAtMs = Date.now();
  /** Windows that are not told yet, by their number: with how many arrivals have not ended. */
  readonly #windows = new Map<number, Window>();

  constructor(plan: LoadPlan, schedule: Schedule, say: (line: LoadLine) => void) {
    this.#plan = plan;
    this.#schedule = schedule;
    this.#say = say;
    this.#latencies = new Float64Array(schedule.intendedMs.length).fill(Number.NaN);
    this.#total = new Tally(longestMs(plan));
    this.#requests = plan.target.requests.map(() => new Tally(longestMs(plan)));
    this.#warmUp = schedule.intendedMs.findIndex((ms) => ms >= plan.warmUpSeconds * 1000);
    if (this.#warmUp < 0) this.#warmUp = schedule.intendedMs.length;
    for (const ms of schedule.intendedMs.subarray(this.#warmUp)) {
      const window = this.#windows.get(Math.floor(ms / windowMs));
      if (window === undefined) this.#windows.set(Math.floor(ms / windowMs), { left: 1, tally: undefined });
      else window.left += 1;
    }
  }

  /** Whether an arrival counts: not in the warm-up. */
  isCounted(arrival: number): boolean {
    return arrival >= this.#warmUp;
  }

  /** How many arrivals count. */
  counted(): number {
    return this.#schedule.intendedMs.length - this.#warmUp;
  }

  /**
   * An arrival ended, so long after it was intended. How long it took to fail says nothing; but for one that was lost, which
   * counts as the longest that any can take: else a server would look the faster the more of them it loses.
   */
  end(arrival: number, ending: Ending, lateMs: number, tookMs: number | undefined): void {
    if (!this.isCounted(arrival)) return;
    const { lateAfterMs } = this.#plan;
    const isLost = ending === 'dropped' || ending === 'timeout';
    const latencyMs = isLost ? longestMs(this.#plan) : ending === 'answered' ? tookMs : undefined;
    if (latencyMs !== undefined) this.#latencies[arrival] = latencyMs;
    const isLate = ending !== 'dropped' && lateMs >= lateAfterMs;
    const number = Math.floor((this.#schedule.intendedMs[arrival] ?? 0) / windowMs);
    const window = this.#windows.get(number);
    if (window !== undefined) window.tally ??= new Tally(longestMs(this.#plan));
    for (const tally of [this.#total, this.#requests[this.#schedule.requests[arrival] ?? 0], window?.tally])
      tally?.add(ending, isLate, latencyMs);
    if (window === undefined) return;
    window.left -= 1;
    this.#tellWindows();
  }

  /** Windows are told in their order. */
  #tellWindows(): void {
    for (const [number, { tally, left }] of this.#windows) {
      if (left > 0 || tally === undefined) return;
      this.#windows.delete(number);
      const [fromMs, toMs] = [number * windowMs, (number + 1) * windowMs];
      this.#say({ kind: 'window', fromMs, toMs, counts: tally.counts(), latencyMs: tally.quantiles() });
    }
  }

  /** Tells what is left to tell. */
  close(generator: LoadSummary['generator']): void {
    const names = this.#plan.target.requests.map(({ name }) => name);
    for (const [place, name] of names.entries()) this.#tellLatencies(place, name);
    this.#say({
      kind: 'summary',
      startedAtMs: this.#startedAtMs,
      warmUp: this.#warmUp,
      counts: this.#total.counts(),
      latencyMs: this.#total.quantiles(),
      requests: Object.fromEntries(this.#requests.map((tally, place) => [names[place] ?? '', tally.counts()])),
      generator,
    });
  }

  #tellLatencies(place: number, request: string): void {
    const { requests } = this.#schedule;
    // Of one request, in whole microseconds: no clock here tells more.
    const mine = this.#latencies.filter((ms, arrival) => requests[arrival] === place && !Number.isNaN(ms));
    for (let from = 0; from < mine.length; from += lineValues) {
      const values = Array.from(mine.subarray(from, from + lineValues), (ms) => Math.round(ms * 1000) / 1000);
      this.#say({ kind: 'latencies', request, values });
    }
  }
}
