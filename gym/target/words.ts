import { amountText, percentText } from '../judge/text.ts';
import type { RelativeTarget } from '../statistics/paired.ts';
import type { Unit } from '../task/measurement.ts';
import { type Against, isLessBetter, type Measure, type Target } from '../task/target.ts';

type Baseline = Extract<Against, { kind: 'baseline' }>;

/** By how much of what is allowed a number that is meant to be always the same may differ from itself. */
export const driftShare = 0.1;

/** The unit of what is measured; right answers a second are counts. */
export function unitOf(measure: Measure): Unit {
  if (measure.kind === 'load') return measure.gives === 'throughput' ? 'count' : 'ms';
  if (measure.gives === 'printed') return measure.unit ?? 'count';
  return measure.gives === 'duration' ? 'ms' : 'count';
}

/** What is measured, in words. */
export function measureText(measure: Measure): string {
  if (measure.kind === 'load')
    return measure.gives === 'throughput' ? 'answers a second' : `${measure.gives} of the latencies`;
  const command = typeof measure.command === 'string' ? measure.command : measure.command.join(' ');
  const short = command.length > 60 ? `${command.slice(0, 59)}…` : command;
  const words = { duration: 'the time of', printed: 'what is printed by', instructions: 'the instructions of' };
  return `${words[measure.gives]} ${JSON.stringify(short)}`;
}

/** The limit of the ratio in which more is worse. */
export function relativeTarget({ noWorse, improve }: Baseline): RelativeTarget {
  return improve === undefined ? { kind: 'no-worse', delta: noWorse ?? 0 } : { kind: 'improve', ratio: improve };
}

/** What the target claims, in one sentence. */
export function claimOf({ measure, against }: Target): string {
  const what = measureText(measure);
  if (against.kind === 'limit') {
    const sure = `with ${percentText(against.confidence)} confidence`;
    const limit = `${isLessBetter(measure) ? 'below' : 'above'} ${amountText(against.limit, unitOf(measure))}`;
    return `${quantileText(against.quantile)} of ${what} is ${limit}, ${sure}`;
  }
  const than = against.kind === 'baseline' ? "the baseline's" : 'the best so far';
  if (against.kind === 'baseline' && against.improve !== undefined)
    return isLessBetter(measure)
      ? `${what}: at most ${percentText(against.improve)} of ${than}`
      : `${what}: at least ${percentText(1 / against.improve)} of ${than}`;
  const share = against.noWorse ?? 0;
  return `${what}: no worse than ${than}${share === 0 ? '' : `, by more than ${percentText(share)}`}`;
}

/** 0.5 is `the median`, 0.95 `p95`. */
export function quantileText(quantile: number): string {
  return quantile === 0.5 ? 'the median' : `p${Number((quantile * 100).toPrecision(12))}`;
}
