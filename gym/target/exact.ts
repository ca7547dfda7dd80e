import { amountText, percentText } from '../judge/text.ts';
import { type Judgement, unknown } from '../task/judgement.ts';
import { type Against, isLessBetter, type Target } from '../task/target.ts';
import type { ArmName } from './arm.ts';
import type { MeasureArm, Outcome } from './measured.ts';
import { driftShare, relativeTarget, unitOf } from './words.ts';

/**
 * Judges a number that is always the same by one pair, and another one that shows that it is: where a build differs from itself by more than a tenth
 * of what is allowed, or at all where nothing is, it is `unknown`.
 */
export async function judgeExactly(
  target: Target,
  against: Extract<Against, { kind: 'baseline' }>,
  measureArm: MeasureArm,
): Promise<Outcome> {
  const values: Record<ArmName, number[]> = { baseline: [], candidate: [] };
  const tools = new Set<string | undefined>();
  for (const arm of ['baseline', 'candidate', 'candidate', 'baseline'] as const) {
    const measured = await measureArm(arm);
    if (!measured.ok) return { judgement: unknown(`the ${arm}: ${measured.because}`), kept: { values } };
    values[arm].push(measured.value);
    tools.add(measured.how);
  }
  const kept = { values, tool: [...tools].join(' and ') };
  if (tools.size > 1) return { judgement: unknown(`the builds were counted by different tools: ${kept.tool}`), kept };
  const [value = Number.NaN] = values.candidate;
  return { judgement: compareExactly(values, target, against), value, kept };
}

/** Compares two readings of each build. */
export function compareExactly(
  values: Readonly<Record<ArmName, readonly number[]>>,
  { measure }: Target,
  against: Extract<Against, { kind: 'baseline' }>,
): Judgement {
  const unit = unitOf(measure);
  const goal = relativeTarget(against);
  const limit = goal.kind === 'no-worse' ? 1 + goal.delta : goal.ratio;
  for (const [arm, [one = 0, other = 0]] of Object.entries(values)) {
    const drift = Math.abs(one - other) / Math.max(one, other, Number.MIN_VALUE);
    if (drift > driftShare * Math.abs(limit - 1))
      return unknown(
        `it is not the same each time: the ${arm} gave ${amountText(one, unit)} and ${amountText(other, unit)}; measure it with noise`,
      );
  }
  const [baseline = 0] = values.baseline;
  const [candidate = 0] = values.candidate;
  const [good, bad] = isLessBetter(measure) ? [baseline, candidate] : [candidate, baseline];
  const most = good * limit;
  const passes = bad <= most;
  const ratio = bad === good ? 1 : bad / good;
  const size = Number.isFinite(ratio)
    ? ` (${percentText(Math.abs(candidate / baseline - 1))} ${candidate < baseline ? 'less' : 'more'})`
    : '';
  return {
    state: passes ? 'pass' : 'fail',
    because: `${amountText(candidate, unit)}; the baseline's build gives ${amountText(baseline, unit)}${candidate === baseline ? '' : size}`,
    margin: Number.isFinite(ratio) ? limit - ratio : -Number.MAX_VALUE,
    distance: passes ? 0 : Number.isFinite(ratio) ? ratio / limit - 1 : Number.MAX_VALUE,
    unit: 'ratio',
    parts: [
      { part: 'candidate', observed: String(candidate), expected: String(baseline), off: String(candidate - baseline) },
    ],
    evidence: [],
  };
}
