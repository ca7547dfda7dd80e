import { type Session, sessionText } from '../statistics/session.ts';
import type { Judgement } from '../task/judgement.ts';
import { type Against, isLessBetter, type Target } from '../task/target.ts';
import type { Arms, Place } from './arm.ts';
import { type Compared, compareBuilds } from './compare.ts';
import type { MeasureArm, Outcome } from './measured.ts';
import { noiseBetween, readNoise } from './noise.ts';
import { relativeTarget } from './words.ts';

interface Setting {
  readonly measureArm: MeasureArm;
  readonly seed: number;
  readonly arms: Arms;
  readonly place: Place;
  readonly limitSeconds: number;
}

/** Judges by pairs of both builds, looked at one by one until it is decided. */
export async function judgePairs(
  target: Target,
  against: Extract<Against, { kind: 'baseline' }>,
  { measureArm, seed, arms, place, limitSeconds }: Setting,
): Promise<Outcome> {
  const { measure } = target;
  const before = await readNoise(arms);
  const plant = measure.kind === 'command' && measure.gives === 'duration' ? 'real' : 'arithmetical';
  const compared = await compareBuilds({
    target: relativeTarget(against),
    isLessBetter: isLessBetter(measure),
    plant,
    seed,
    warmUps: measure.warmUps,
    limitMs: limitSeconds * 1000,
    measure: measureArm,
    clockMs: () => performance.now(),
    noise: async () => noiseBetween(before, await readNoise(arms)),
    onLook: (session, pairs, goesOn) => {
      const state = goesOn ? 'goes on' : session.state;
      place.emit({ type: 'noted', text: `target ${target.name}: ${pairs} pairs, ${lookText(session)}${state}` });
    },
  });
  const lines = textOf(compared, target, plant);
  return { judgement: judgementOf(compared, lines), kept: { seed, planted: plant, text: lines, ...compared } };
}

function lookText({ decision }: Session): string {
  if (decision.state === 'invalid' || decision.comparison === null) return '';
  const { ratio, interval } = decision.comparison;
  const range = interval === null ? '' : ` (${interval.low.toFixed(3)} to ${interval.high.toFixed(3)})`;
  return `${ratio.toFixed(3)}${range}: `;
}

function textOf({ session, brokenOff }: Compared, { measure }: Target, plant: 'real' | 'arithmetical'): string[] {
  const ratio = isLessBetter(measure) ? 'candidate/baseline' : 'baseline/candidate, as more is better';
  const how = plant === 'real' ? 'planted slowdown' : 'slowdown put into the numbers';
  const limit = session.target.kind === 'no-worse' ? 1 + session.target.delta : session.target.ratio;
  const lines = sessionText(session).map((line) =>
    /^candidate\/baseline/.test(line)
      ? `${line.replace('candidate/baseline', ratio)}, the limit is ${Number(limit.toFixed(4))}`
      : line.replace('planted slowdown', how),
  );
  return brokenOff === null ? lines : [brokenOff, ...lines];
}

/** What the pairs come to. A comparison that was broken off decides nothing. */
export function judgementOf({ session, brokenOff }: Compared, lines: readonly string[]): Judgement {
  const { decision, target } = session;
  const limit = target.kind === 'no-worse' ? 1 + target.delta : target.ratio;
  const comparison = decision.state === 'invalid' ? null : decision.comparison;
  const isOpen = brokenOff !== null || (session.state !== 'pass' && session.state !== 'fail');
  const ratio = comparison?.ratio ?? Number.NaN;
  const parts = Number.isFinite(ratio)
    ? [{ part: 'ratio', observed: ratio.toFixed(4), expected: limit.toFixed(4), off: (ratio - limit).toFixed(4) }]
    : [];
  if (isOpen) {
    return {
      ...{ state: 'unknown', because: lines.join('; '), margin: null, distance: null, unit: null },
      ...{ parts, evidence: [] },
    };
  }
  const passes = session.state === 'pass';
  return {
    state: passes ? 'pass' : 'fail',
    because: lines.join('; '),
    margin: limit - ratio,
    distance: passes ? 0 : ratio / limit - 1,
    unit: 'ratio',
    parts,
    evidence: [],
  };
}
