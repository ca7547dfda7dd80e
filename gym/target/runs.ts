import { amountText, countText, percentText } from '../judge/text.ts';
import { lowerRank, samplesForQuantile, upperRank } from '../statistics/quantile.ts';
import { type Judgement, unknown, vacuous } from '../task/judgement.ts';
import { isExactMeasure, isLessBetter, type Target } from '../task/target.ts';
import type { MeasureArm, Outcome } from './measured.ts';
import { quantileText, unitOf } from './words.ts';

/** A bound on a quantile of the runs of a build. `null`: there is none yet, it is only measured. */
export interface RunLimit {
  readonly limit: number | null;
  /** Whether the limit itself holds. */
  readonly isInclusive: boolean;
  /** By which share a number that is meant to be always the same may differ from itself; 0: not at all. */
  readonly drift: number;
  readonly quantile: number;
  readonly confidence: number;
  readonly runs?: number | undefined;
}

/** Measures a build again and again and judges a quantile of the numbers, whatever their distribution, by their order statistics. */
export async function judgeRuns(
  target: Target,
  limit: RunLimit,
  measureArm: MeasureArm,
  limitMs: number,
): Promise<Outcome> {
  const { measure } = target;
  const isExact = isExactMeasure(measure);
  const wanted = isExact ? 2 : (limit.runs ?? leastRuns(target, limit.quantile, limit.confidence));
  const startedMs = performance.now();
  const values: number[] = [];
  let stopped: string | undefined;
  for (let run = isExact ? 0 : -measure.warmUps; run < wanted && stopped === undefined; run += 1) {
    const measured = await measureArm('candidate');
    if (!measured.ok) stopped = measured.because;
    else if (run >= 0) values.push(measured.value);
    if (performance.now() - startedMs > limitMs) stopped ??= `out of time after ${countText(values.length, 'run')}`;
  }
  const kept = { values, wanted };
  if (stopped !== undefined && values.length < wanted) return { judgement: unknown(stopped), kept };
  if (isExact && driftOf(values) > limit.drift) {
    return { judgement: unknown(`it is not the same each time: ${values.join(' and ')}; measure it with noise`), kept };
  }
  const judgement = isExact ? judgeNumber(values, target, limit) : judgeQuantile(values, target, limit);
  const value = sortedQuantile(values, limit.quantile);
  return { judgement, ...(value !== undefined && { value }), kept };
}

/** With fewer runs nothing could be shown. Where more is better, the quantile is counted from the top. */
function leastRuns({ measure }: Target, quantile: number, confidence: number): number {
  return samplesForQuantile(isLessBetter(measure) ? quantile : 1 - quantile, confidence);
}

function sortedQuantile(values: readonly number[], quantile: number): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(quantile * values.length) - 1)];
}

function driftOf(values: readonly number[]): number {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return high === low ? 0 : (high - low) / high;
}

function judgeNumber(values: readonly number[], target: Target, limit: RunLimit): Judgement {
  if (limit.limit === null) return unknown('there is no limit yet');
  const ends = { low: Math.min(...values), high: Math.max(...values) };
  return judged(
    target,
    limit.limit,
    limit.isInclusive,
    ends,
    amountText(values[0] ?? Number.NaN, unitOf(target.measure)),
  );
}

/** Judges a quantile of independent numbers: between which two of them it is, in order, with the confidence at each end. */
export function judgeQuantile(values: readonly number[], target: Target, limit: RunLimit): Judgement {
  const { quantile, confidence } = limit;
  if (values.length === 0) return vacuous('nothing was measured');
  if (limit.limit === null) return unknown('there is no limit yet');
  const sorted = values.toSorted((a, b) => a - b);
  const at = (rank: number | null) => (rank === null ? null : (sorted[rank - 1] ?? null));
  const low = at(lowerRank(values.length, quantile, confidence));
  const high = at(upperRank(values.length, quantile, confidence));
  const unit = unitOf(target.measure);
  const text = (value: number | null) => (value === null ? 'anything' : amountText(value, unit));
  const n = countText(values.length, 'run');
  const said = `${quantileText(quantile)} is between ${text(low)} and ${text(high)} (${percentText(confidence)} each, ${n})`;
  return judged(target, limit.limit, limit.isInclusive, { low, high }, said);
}

function judged(
  { measure }: Target,
  limit: number,
  isInclusive: boolean,
  { low, high }: { readonly low: number | null; readonly high: number | null },
  said: string,
): Judgement {
  const less = isLessBetter(measure);
  const [worst, best] = less ? [high, low] : [low, high];
  const unit = unitOf(measure);
  // How far on the good side, above 0.
  const roomOf = (value: number) => (less ? limit - value : value - limit);
  const holds = (value: number) => roomOf(value) > 0 || (isInclusive && roomOf(value) === 0);
  const because = `${said}; the limit is ${amountText(limit, unit)}`;
  if (worst !== null && holds(worst)) {
    return { ...{ state: 'pass', because, margin: roomOf(worst), distance: 0, unit }, parts: [], evidence: [] };
  }
  if (best === null || holds(best)) return unknown(`${because}: too few runs, or too close to tell`);
  const margin = roomOf(best);
  // At the limit itself it does not hold, by as little as there can be.
  const distance = Math.max(-margin / limit, Number.EPSILON);
  const parts = [{ part: 'best', observed: String(best), expected: String(limit), off: String(best - limit) }];
  return { ...{ state: 'fail', because, margin, distance, unit }, parts, evidence: [] };
}
