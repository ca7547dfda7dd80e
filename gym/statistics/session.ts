import type { Interval } from './interval.ts';
import {
  type Comparison,
  compare,
  type Decision,
  decide,
  logRatios,
  type Pair,
  type RelativeTarget,
} from './paired.ts';

/** What the baseline against itself says of the measuring. `biased`: its interval leaves 1 out, so the sides are not treated alike. */
export type Calibration =
  | { readonly state: 'straddles-one' | 'biased'; readonly comparison: Comparison; readonly interval: Interval }
  | { readonly state: 'too-few'; readonly pairs: number };

/** Whether a slowdown that was planted was seen. `slowdown` is its share: 0.1 is 10 %. */
export interface SlowdownCheck {
  readonly slowdown: number;
  readonly state: 'caught' | 'missed' | 'too-few';
  readonly pairs: number;
}

/** What else used the machine meanwhile, each a share of the time from 0 to 1; null where the kernel does not tell. */
export interface HostNoise {
  /** Some task waited for a CPU (pressure stall information). */
  readonly cpuPressure: number | null;
  /** The hypervisor ran something else. */
  readonly steal: number | null;
  /** Containers were held back by their CPU limit. */
  readonly throttled: number | null;
}

/** What a measuring session measured. */
export interface SessionInput {
  readonly target: RelativeTarget;
  /** Baseline against candidate, in the order in which they were measured. */
  readonly pairs: readonly Pair[];
  /** Baseline against baseline; at least 8. */
  readonly calibration: readonly Pair[];
  /** Baseline against a baseline that is made slower by the share `plantedSlowdown`; at least 8. */
  readonly slowdown: readonly Pair[];
  readonly host: HostNoise;
}

/** How a measuring session went, for a verdict. */
export interface Session {
  readonly target: RelativeTarget;
  /** What the pairs alone come to. */
  readonly decision: Decision;
  readonly calibration: Calibration;
  readonly slowdown: SlowdownCheck;
  /** The standard deviation of the log ratio of a pair, estimated so that single outliers do not count; null without pairs. */
  readonly spread: number | null;
  readonly host: HostNoise;
  /** What it comes to: `unknown` where the baseline differs from itself, and instead of `pass` where a planted slowdown was missed. */
  readonly state: 'pass' | 'fail' | 'unknown' | 'undecided';
  /** Why it is `unknown` or `undecided`; else null. */
  readonly because: string | null;
}

/** Whether baseline against baseline straddles 1. It does not by chance in at most 1 % of all sessions. */
export function calibrate(pairs: readonly Pair[]): Calibration {
  const comparison = compare(logRatios(pairs));
  if (comparison === null || comparison.interval === null) return { state: 'too-few', pairs: pairs.length };
  const { interval } = comparison;
  return { state: interval.low <= 1 && interval.high >= 1 ? 'straddles-one' : 'biased', comparison, interval };
}

/** What must be caught, as a share: twice what a candidate may be slower, or twice the improvement that is asked for. */
export function plantedSlowdown(target: RelativeTarget): number {
  return 2 * allowedDelta(target);
}

const allowedDelta = (target: RelativeTarget): number =>
  target.kind === 'no-worse' ? target.delta : 1 / target.ratio - 1;

/** The pairs as if the candidate had been slower by this share: for where a slowdown cannot be planted in what is measured. */
export function slowed(pairs: readonly Pair[], slowdown: number): Pair[] {
  return pairs.map(({ baseline, candidate }) => ({ baseline, candidate: candidate * (1 + slowdown) }));
}

/** Whether the method fails the pairs in which `plantedSlowdown` was planted. */
export function checkSlowdown(pairs: readonly Pair[], target: RelativeTarget): SlowdownCheck {
  const { state } = decide(logRatios(pairs), { kind: 'no-worse', delta: allowedDelta(target) });
  const caught = state === 'fail' ? 'caught' : 'missed';
  const tooFew = state === 'undecided' || state === 'invalid';
  return { slowdown: plantedSlowdown(target), state: tooFew ? 'too-few' : caught, pairs: pairs.length };
}

/** Judges what a session has measured so far: the decision of its pairs, if its calibration allows to trust it. */
export function judgeSession({ target, pairs, calibration, slowdown, host }: SessionInput): Session {
  const ratios = logRatios(pairs);
  const decision = decide(ratios, target);
  const parts = {
    target,
    decision,
    calibration: calibrate(calibration),
    slowdown: checkSlowdown(slowdown, target),
    spread: spreadOf(ratios),
    host,
  };
  return { ...parts, ...outcome(parts) };
}

function outcome({
  decision,
  calibration,
  slowdown,
}: Pick<Session, 'decision' | 'calibration' | 'slowdown'>): Pick<Session, 'state' | 'because'> {
  if (decision.state === 'invalid') return unknown(`pair ${decision.pair + 1} was not measured`);
  if (decision.state === 'undecided') return { state: 'undecided', because: `goes on to ${decision.nextLook} pairs` };
  if (calibration.state === 'too-few') return unknown('too few pairs of the baseline against itself');
  if (calibration.state === 'biased') {
    return unknown(`the baseline against itself is ${rangeText(calibration.interval)}: the measuring favours one side`);
  }
  if (decision.state === 'unknown') {
    const { comparison, pairsNeeded: count } = decision;
    const needed = count === null ? 'no number of pairs would decide it' : `about ${count} pairs would decide it`;
    return unknown(`too close to tell after ${comparison.pairs} pairs; ${needed}`);
  }
  // Who cannot see a slowdown can still trust the one that was seen.
  if (decision.state === 'pass' && slowdown.state !== 'caught') {
    return unknown(`a planted slowdown of ${percent(slowdown.slowdown)} was not seen in ${slowdown.pairs} pairs`);
  }
  return { state: decision.state, because: null };
}

const unknown = (because: string) => ({ state: 'unknown', because }) as const;

/** 1.4826 times the median distance from the median: for normal noise the standard deviation. */
function spreadOf(ratios: readonly number[]): number | null {
  if (ratios.length === 0 || !ratios.every(Number.isFinite)) return null;
  const middle = median(ratios);
  return 1.4826 * median(ratios.map((ratio) => Math.abs(ratio - middle)));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(half)] ?? Number.NaN) + (sorted[Math.ceil(half)] ?? Number.NaN)) / 2;
}

/** The session in a few lines, for a verdict. */
export function sessionText(session: Session): string[] {
  const { decision, calibration, slowdown, spread, host, because } = session;
  const comparison = decision.state === 'invalid' ? null : decision.comparison;
  return [
    ...(comparison === null ? [] : [`candidate/baseline ${comparisonText(comparison)}`]),
    ...(because === null ? [] : [because]),
    calibration.state === 'too-few'
      ? `baseline against itself: ${calibration.pairs} pairs are too few`
      : `baseline against itself: ${comparisonText(calibration.comparison)}`,
    `planted slowdown of ${percent(slowdown.slowdown)}: ${slowdown.state === 'too-few' ? 'too few pairs' : slowdown.state}`,
    `noise: ${spread === null ? 'unknown' : percent(spread)} a pair; ${hostText(host)}`,
  ];
}

function comparisonText({ pairs, ratio, interval }: Comparison): string {
  const range = interval === null ? '' : `, ${rangeText(interval)} at ${percent(interval.confidence)}`;
  return `${ratio.toFixed(3)}${range}, ${pairs} pairs`;
}

const rangeText = ({ low, high }: Interval): string => `${low.toFixed(3)} to ${high.toFixed(3)}`;
const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`;

function hostText({ cpuPressure, steal, throttled }: HostNoise): string {
  const part = (name: string, share: number | null) => `${name} ${share === null ? 'not told' : percent(share)}`;
  return [part('waiting for a CPU', cpuPressure), part('stolen', steal), part('throttled', throttled)].join(', ');
}
