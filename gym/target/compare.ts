import { countText } from '../judge/text.ts';
import { looks, type Pair, type RelativeTarget } from '../statistics/paired.ts';
import { seeded } from '../statistics/random.ts';
import { type HostNoise, judgeSession, plantedSlowdown, type Session, slowed } from '../statistics/session.ts';
import type { ArmName } from './arm.ts';
import type { Measured } from './measured.ts';

/** How a comparison is made; clock, noise and measuring are passed in. */
export interface CompareRequest {
  readonly target: RelativeTarget;
  readonly isLessBetter: boolean;
  /** `real`: a slowdown can be planted in what is measured. `arithmetical`: the pairs of the baseline with itself are scaled instead. */
  readonly plant: 'real' | 'arithmetical';
  readonly seed: number;
  readonly warmUps: number;
  readonly limitMs: number;
  /** Measures a build once, `plantedMs` slower where that is asked for. */
  readonly measure: (arm: ArmName, plantedMs?: number) => Promise<Measured>;
  readonly clockMs: () => number;
  /** What else used the machine since the comparison began. */
  readonly noise: () => Promise<HostNoise>;
  /** Called at each look, with whether it goes on. */
  readonly onLook: (session: Session, pairs: number, goesOn: boolean) => void;
}

/** Which build was measured, and the number. `slowed` is the baseline with the planted slowdown. */
export interface Measurement {
  readonly round: number;
  readonly side: Side;
  readonly value: number;
}
type Side = 'baseline' | 'candidate' | 'again' | 'slowed';

/** All that a comparison measured, and what it comes to. */
export interface Compared {
  readonly session: Session;
  readonly pairs: readonly Pair[];
  readonly calibration: readonly Pair[];
  readonly slowdown: readonly Pair[];
  /** In the order in which they were made. */
  readonly measurements: readonly Measurement[];
  /** Why it ended before there was a decision; null: it did not. */
  readonly brokenOff: string | null;
}

const mostPairs = looks.at(-1) ?? 0;
/** Rounds that may be made again, where something passing was in the way. */
const mostAgain = 3;
const quietHost: HostNoise = { cpuPressure: null, steal: null, throttled: null };

/**
 * Compares two builds in rounds until it is decided. A round is a pair (baseline, candidate), one right after the other, in random order; and beside
 * it the baseline once more, alone or paired with the baseline slowed down. Who comes first is random at both places, so that the first
 * baseline and the second one are treated alike.
 *
 *     warm-up ──► round ──► look ──► decided, 32 pairs, out of time, or something could not be measured
 *                   ▲         │
 *                   └─────────┘ not decided
 */
export async function compareBuilds(request: CompareRequest): Promise<Compared> {
  const { target, isLessBetter, plant, seed, limitMs, clockMs } = request;
  const random = seeded(seed);
  const startedMs = clockMs();
  const rounds: Round[] = [];
  const measurements: Measurement[] = [];
  let again = 0;
  let looked = 0;
  const state = (host: HostNoise): Omit<Compared, 'brokenOff'> => {
    const [pairs, calibration] = [pairsOf(rounds, 'baseline', 'candidate'), pairsOf(rounds, 'baseline', 'again')];
    const slowdown =
      plant === 'real' ? pairsOf(rounds, 'again', 'slowed') : slowed(calibration, plantedSlowdown(target));
    const session = judgeSession({ target, pairs, calibration, slowdown, host });
    return { session, pairs, calibration, slowdown, measurements };
  };
  const end = async (brokenOff: string | null): Promise<Compared> => ({ ...state(await request.noise()), brokenOff });

  const warm = await warmUp(request);
  if (!warm.ok) return end(warm.because);
  for (;;) {
    const { session } = state(quietHost);
    const isNew = rounds.length > looked && looks.includes(rounds.length);
    if (isNew) {
      looked = rounds.length;
      const isDecided = isOver(session, looked);
      request.onLook(session, looked, !isDecided);
      if (isDecided) return end(null);
    }
    const soFarMs = clockMs() - startedMs;
    const nextMs = soFarMs / Math.max(1, rounds.length);
    if (soFarMs + nextMs > limitMs) return end(`out of time after ${countText(rounds.length, 'pair')}`);
    const round: Round = new Map();
    let failure: Exclude<Measured, { ok: true }> | undefined;
    for (const side of orderOf(plant, random.below)) {
      const measured = await measureSide(side, request, plant === 'real' ? plantedMsOf(rounds, warm.value, target) : 0);
      if (!measured.ok) {
        failure = measured;
        break;
      }
      measurements.push({ round: rounds.length, side, value: measured.value });
      round.set(side, isLessBetter ? measured.value : 1 / measured.value);
    }
    if (failure === undefined) rounds.push(round);
    else if (failure.outlook === 'stays' || again >= mostAgain) return end(failure.because);
    else again += 1;
  }
}

/** What was measured in a round, so that less is better. */
type Round = Map<Side, number>;

/** A decision that still waits for the planted slowdown to be decided is none. */
function isOver({ state, decision, slowdown }: Session, pairs: number): boolean {
  if (pairs >= mostPairs) return true;
  const waits = decision.state === 'pass' && slowdown.state === 'too-few';
  return state !== 'undecided' && !waits;
}

async function warmUp({ measure, warmUps, plant }: CompareRequest): Promise<Measured> {
  let last: Measured = { ok: true, value: 0 };
  // How much slower is to be planted has to be known before the first round.
  for (let run = 0; run < Math.max(warmUps, plant === 'real' ? 1 : 0); run += 1) {
    for (const arm of ['candidate', 'baseline'] as const) {
      last = await measure(arm);
      if (!last.ok) return { ...last, because: `the ${arm}: ${last.because}` };
    }
  }
  return last;
}

async function measureSide(side: Side, { measure }: CompareRequest, plantedMs: number): Promise<Measured> {
  const arm = side === 'candidate' ? 'candidate' : 'baseline';
  const measured = side === 'slowed' ? await measure(arm, plantedMs) : await measure(arm);
  return measured.ok ? measured : { ...measured, because: `the ${arm}: ${measured.because}` };
}

/** The sides of a round in the order in which they are measured; those of a pair stay together. */
function orderOf(plant: CompareRequest['plant'], below: (limit: number) => number): Side[] {
  const either = <Item>(items: readonly [Item, Item]): Item[] =>
    below(2) === 0 ? [items[0], items[1]] : [items[1], items[0]];
  const pair = either<Side>(['baseline', 'candidate']);
  const beside: Side[] = plant === 'real' ? either<Side>(['again', 'slowed']) : ['again'];
  return either([pair, beside]).flat();
}

/** By so much the planted slowdown makes a command longer: a share of what the baseline takes in the middle. */
function plantedMsOf(rounds: readonly Round[], warmMs: number, target: RelativeTarget): number {
  const times = rounds.flatMap((round) => round.get('baseline') ?? []).sort((a, b) => a - b);
  return plantedSlowdown(target) * (times[Math.floor(times.length / 2)] ?? warmMs);
}

function pairsOf(rounds: readonly Round[], first: Side, second: Side): Pair[] {
  return rounds.map((round) => ({
    baseline: round.get(first) ?? Number.NaN,
    candidate: round.get(second) ?? Number.NaN,
  }));
}
