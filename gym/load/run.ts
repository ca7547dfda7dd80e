import type { LoadClient } from './client.ts';
import { httpClient } from './http.ts';
import { OwnDoing } from './own-doing.ts';
import type { LoadPlan } from './plan.ts';
import { Report } from './report.ts';
import type { LoadLine } from './results.ts';
import { type Schedule, scheduleOf } from './schedule.ts';
import type { Ending } from './tally.ts';
import { tcpClient } from './tcp.ts';

/**
 * Makes a load: open loop, so that a server that is slow gets no fewer arrivals for it, and each latency counts from the
 * moment at which the arrival was intended (Tene, "How NOT to measure latency"; wrk2). Gives its lines as they come.
 */
export async function runLoad(plan: LoadPlan, say: (line: LoadLine) => void): Promise<void> {
  const schedule = scheduleOf(plan);
  const client = plan.target.protocol === 'http' ? httpClient(plan.target, plan) : tcpClient(plan.target);
  const report = new Report(plan, schedule, say);
  const own = new OwnDoing(plan);
  try {
    await new Promise<void>((resolve) => new Generator({ plan, schedule, client, report, own }, resolve).pump());
  } finally {
    own.stop();
    await client.close();
  }
  report.close(own.told(report.counted()));
}

interface Parts {
  readonly plan: LoadPlan;
  readonly schedule: Schedule;
  readonly client: LoadClient;
  readonly report: Report;
  readonly own: OwnDoing;
}

/** An arrival that was sent and has not ended. */
interface UnderWay {
  readonly sentMs: number;
  readonly lateMs: number;
  breakOff: () => void;
}

/**
 * Sends the arrivals of a schedule, in its order.
 *
 *     intended ──► sent ──► answered, or failed
 *        │           └─ no answer within the time-out ──► timeout; its place is free when its connection is
 *        └─ no place is free within the time-out ──► dropped
 */
class Generator {
  readonly #parts: Parts;
  readonly #onEnd: () => void;
  readonly #startedAt = performance.now();
  /** The first arrival that was neither sent nor dropped. */
  #next = 0;
  /** In the order in which they were sent. */
  readonly #underWay = new Map<number, UnderWay>();
  /** Arrivals that hold a connection, with those that timed out and still do. */
  #held = 0;
  /** When there was room again after all places were held. */
  #roomSinceMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: Parts, onEnd: () => void) {
    this.#parts = parts;
    this.#onEnd = onEnd;
  }

  /** Does what is due, and comes back when more is. */
  pump(): void {
    const { plan, schedule } = this.#parts;
    const { intendedMs } = schedule;
    clearTimeout(this.#timer);
    this.#timeOut();
    while (this.#next < intendedMs.length) {
      const nowMs = this.#nowMs();
      const intended = intendedMs[this.#next] ?? 0;
      if (intended > nowMs) break;
      if (nowMs - intended >= plan.timeoutMs) this.#drop(intended, nowMs);
      else if (this.#held < plan.maxInFlight) this.#send(intended, nowMs);
      else break;
    }
    const dueMs = this.#dueMs();
    if (dueMs === undefined) this.#onEnd();
    else this.#timer = setTimeout(() => this.pump(), Math.max(0, Math.ceil(dueMs - this.#nowMs())));
  }

  #nowMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** When something is to be done without an answer having come; `undefined`: all has ended. */
  #dueMs(): number | undefined {
    const { plan, schedule } = this.#parts;
    const next = schedule.intendedMs[this.#next];
    const sendMs = next === undefined ? undefined : this.#held < plan.maxInFlight ? next : next + plan.timeoutMs;
    const oldest = this.#underWay.values().next().value;
    const expiryMs = oldest === undefined ? undefined : oldest.sentMs + plan.timeoutMs;
    if (sendMs === undefined || expiryMs === undefined) return sendMs ?? expiryMs;
    return Math.min(sendMs, expiryMs);
  }

  #drop(intended: number, nowMs: number): void {
    if (this.#held < this.#parts.plan.maxInFlight) this.#noteOwnLateness(intended, nowMs);
    this.#parts.report.end(this.#next, 'dropped', 0, undefined);
    this.#next += 1;
  }

  /** How long the next arrival was due and had room, and the generator did not come to it. */
  #noteOwnLateness(intended: number, nowMs: number): void {
    if (this.#parts.report.isCounted(this.#next)) this.#parts.own.came(nowMs - Math.max(intended, this.#roomSinceMs));
  }

  #send(intended: number, nowMs: number): void {
    const { plan, schedule, client, report } = this.#parts;
    this.#noteOwnLateness(intended, nowMs);
    const arrival = this.#next;
    this.#next += 1;
    this.#held += 1;
    const sent: UnderWay = { sentMs: nowMs, lateMs: nowMs - intended, breakOff: () => undefined };
    // Before it is sent: a client may find at once that it cannot be.
    this.#underWay.set(arrival, sent);
    sent.breakOff = client.send(schedule.requests[arrival] ?? 0, (failure) => {
      const endMs = this.#nowMs();
      const ending: Ending = endMs - nowMs >= plan.timeoutMs ? 'timeout' : (failure ?? 'answered');
      // It may have timed out before; then only its place is given back.
      if (this.#underWay.delete(arrival)) report.end(arrival, ending, sent.lateMs, endMs - intended);
      this.#giveBack();
    });
  }

  #giveBack(): void {
    const wasFull = this.#held === this.#parts.plan.maxInFlight;
    this.#held -= 1;
    if (wasFull) this.#roomSinceMs = this.#nowMs();
    // Not at once: a client may call back from within `send`.
    if (wasFull || this.#underWay.size === 0) queueMicrotask(() => this.pump());
  }

  /** Ends what is under way for too long. */
  #timeOut(): void {
    const latestMs = this.#nowMs() - this.#parts.plan.timeoutMs;
    for (const [arrival, { sentMs, lateMs, breakOff }] of this.#underWay) {
      if (sentMs > latestMs) return;
      this.#underWay.delete(arrival);
      this.#parts.report.end(arrival, 'timeout', lateMs, undefined);
      breakOff();
    }
  }
}
