import { seriesText, sourceOf } from '../judge/quantity.ts';
import { selectSamples } from '../judge/select.ts';
import { shifted } from '../judge/tamper.ts';
import type { Invariant, Looked } from '../task/invariant.ts';
import type { Evidence, Unit } from '../task/measurement.ts';

/** The least change of one sample that a check notices, up or down. */
export interface Dose {
  readonly looked: string;
  readonly unit: Unit;
  /** In `unit`; null: not even 16 times the sample's own size is noticed. */
  readonly up: number | null;
  readonly down: number | null;
}

/** So many halvings: a millionth of the first dose that was noticed. */
const halvings = 20;

/**
 * For each number that a check looks at, the smallest amount by which its largest sample has to be off to be noticed: doubled from 1 (or from
 * a millionth of the value) until the check fails, then halved in between. Of whole numbers it is exact.
 */
export function smallestDoses(invariant: Invariant, evidence: Evidence): Dose[] {
  return invariant.looksAt.flatMap((looked): Dose[] => {
    const sample = largestSample(looked, evidence);
    if (sample === undefined || sample.unit === 'hash') return [];
    const isWhole = typeof sample.value === 'bigint';
    const size = Math.abs(Number(sample.value));
    const notices = (amount: number): boolean => {
      const changed = shifted(evidence, looked, amount);
      return changed !== null && invariant.judge(changed).state === 'fail';
    };
    const least = (sign: 1 | -1): number | null =>
      leastNoticed(
        (amount) => notices(sign * amount),
        isWhole ? 1 : Math.max(size, 1) / 1e6,
        Math.max(size, 1) * 16,
        isWhole,
      );
    return [{ looked: seriesText(looked), unit: sample.unit, up: least(1), down: least(-1) }];
  });
}

/** Noticed doses are taken to be all those above the least. */
function leastNoticed(
  notices: (amount: number) => boolean,
  first: number,
  most: number,
  isWhole: boolean,
): number | null {
  let high = first;
  while (!notices(high)) {
    high *= 2;
    if (high > most) return null;
  }
  let low = high === first ? 0 : high / 2;
  for (let step = 0; step < (isWhole ? 64 : halvings); step += 1) {
    const middle = isWhole ? Math.floor((low + high) / 2) : (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (notices(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function largestSample(looked: Looked, evidence: Evidence) {
  const source = sourceOf({ metric: looked.metric });
  const reading = evidence.readings.get(source);
  if (reading === undefined) return undefined;
  const samples = selectSamples(reading, looked.metric.slice(source.length + 1), looked.where);
  const [first] = samples;
  return samples.reduce((most, each) => (most === undefined || each.value > most.value ? each : most), first);
}
