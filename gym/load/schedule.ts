import { arrivalsOf, type LoadPhase, type LoadPlan } from './plan.ts';

/** When each arrival is to start, and which request it is. Fixed before the load begins; the same plan gives the same. */
export interface Schedule {
  /** Milliseconds from the load's beginning, ascending. */
  readonly intendedMs: Float64Array;
  /** Places in the target's list of requests. */
  readonly requests: Uint8Array;
}

/** The schedule of a plan. */
export function scheduleOf(plan: LoadPlan): Schedule {
  const random = randomOf(plan.seed);
  const intended: number[] = [];
  let startMs = 0;
  // Where the last phase left off: its rest of the distance to the next arrival. A plan's first is at once, or as chance has it.
  const step = plan.arrivals === 'constant' ? () => 1 : () => -Math.log(1 - random());
  let ahead = plan.arrivals === 'constant' ? 0 : step();
  for (const phase of plan.phases) {
    const total = arrivalsOf(phase);
    for (; ahead < total; ahead += step()) intended.push(startMs + timeOf(phase, ahead));
    ahead -= total;
    startMs += phase.seconds * 1000;
  }
  const choose = chooser(
    plan.target.requests.map(({ weight }) => weight),
    random,
  );
  return { intendedMs: Float64Array.from(intended), requests: Uint8Array.from(intended, choose) };
}

/**
 * When so many arrivals of a phase have come, in milliseconds from its start: the inverse of the rate's integral
 * (Lewis and Shedler 1979, time-scale transformation). With r(t) = r0 + 2at it is the root of a t^2 + r0 t = arrivals.
 */
function timeOf({ seconds, perSecond, toPerSecond = perSecond }: LoadPhase, arrivals: number): number {
  const a = (toPerSecond - perSecond) / (2 * seconds);
  const root = Math.sqrt(Math.max(0, perSecond ** 2 + 4 * a * arrivals));
  return arrivals === 0 ? 0 : ((2 * arrivals) / (perSecond + root)) * 1000;
}

/** Chooses a place in a list by the weights. */
function chooser(weights: readonly number[], random: () => number): () => number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return () => {
    let left = random() * total;
    const place = weights.findIndex((weight) => {
      left -= weight;
      return left < 0;
    });
    return place < 0 ? weights.length - 1 : place;
  };
}

/** Numbers from 0 up to 1, the same ones for a seed: mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
