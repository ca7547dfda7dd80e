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
  readonly lateMs: number;
  breakOff: () => void;
}

/**
 * Sends the arrivals of a schedule, in its order.
 *
 *     intended ──► sent ──► answered, or failed
 *        │           └─ no answer by the time-out ──► timeout; its place is free when its connection is
 *        └─ no place is free until the time-out ──► dropped
 */
class Generator {
  readonly #parts: Parts;
  readonly #onEnd: () => void;
  readonly #startedAt = performance.now();
  /** The first arrival that was neither sent nor dropped. */
  #next = 0;
  /** No arrival before this one is under way. */
  #oldest = 0;
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
      if (nowMs - intended >= plan.timeoutMs) this.#drop();
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
    const oldest = this.#underWay.size === 0 ? undefined : schedule.intendedMs[this.#oldest];
    const sendMs = next === undefined ? undefined : this.#held < plan.maxInFlight ? next : next + plan.timeoutMs;
    const expiryMs = oldest === undefined ? undefined : oldest + plan.timeoutMs;
    if (sendMs === undefined || expiryMs === undefined) return sendMs ?? expiryMs;
    return Math.min(sendMs, expiryMs);
  }

  #drop(): void {
    this.#parts.report.end(this.#next, 'dropped', 0, undefined);
    this.#next += 1;
  }

  #send(intended: number, nowMs: number): void {
    const { plan, schedule, client, report, own } = this.#parts;
    const arrival = this.#next;
    this.#next += 1;
    this.#held += 1;
    if (report.isCounted(arrival)) own.sent(nowMs - Math.max(intended, this.#roomSinceMs));
    const sent: UnderWay = { lateMs: nowMs - intended, breakOff: () => undefined };
    // Before it is sent: a client may find at once that it cannot be.
    this.#underWay.set(arrival, sent);
    sent.breakOff = client.send(schedule.requests[arrival] ?? 0, (failure) => {
      const tookMs = this.#nowMs() - intended;
      const ending: Ending = tookMs >= plan.timeoutMs ? 'timeout' : (failure ?? 'answered');
      // It may have timed out before; then only its place is given back.
      if (this.#underWay.delete(arrival)) report.end(arrival, ending, sent.lateMs, tookMs);
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

  /** Ends what is under way for too long. Arrivals are in the order of their deadlines. */
  #timeOut(): void {
    const { plan, schedule, report } = this.#parts;
    const latestMs = this.#nowMs() - plan.timeoutMs;
    for (; this.#oldest < this.#next; this.#oldest += 1) {
      const sent = this.#underWay.get(this.#oldest);
      if (sent === undefined) continue;
      if ((schedule.intendedMs[this.#oldest] ?? 0) > latestMs) return;
      this.#underWay.delete(this.#oldest);
      report.end(this.#oldest, 'timeout', sent.lateMs, plan.timeoutMs);
      sent.breakOff();
    }
  }
}
