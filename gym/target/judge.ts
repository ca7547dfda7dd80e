import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { problemsText, type Result } from '../events/problem.ts';
import { writeAtomically } from '../store/store.ts';
import { type CheckResult, type Judgement, unknown } from '../task/judgement.ts';
import { isExactMeasure, type Target } from '../task/target.ts';
import { type Arms, oneAtATime, type Place, type Stand } from './arm.ts';
import { judgeExactly } from './exact.ts';
import { measureOnce } from './measure.ts';
import { type MeasureArm, notMeasured, type Outcome } from './measured.ts';
import { judgePairs } from './pairs.ts';
import { judgeLoosened, limitOfRatchet, noBestYet, type Ratchets } from './ratchet.ts';
import { judgeRuns } from './runs.ts';
import { claimOf } from './words.ts';

/** What the targets of one run are judged with. */
export interface TargetRun {
  readonly arms: Arms;
  readonly place: Place;
  /** Why there is no build of the baseline, where there is none. */
  readonly noBaseline: string;
  /** The best so far: of the build that is judged, and of the baseline. */
  readonly ratchet: Result<Ratchets>;
  /** Seconds for each target. */
  readonly limitSeconds: number;
  /** The command that judges this again. */
  readonly again: string;
}

/** Judges the targets, one after the other. What was measured is kept as `targets/NAME.json` in the run's folder. */
export async function judgeTargets(targets: readonly Target[], run: TargetRun): Promise<CheckResult[]> {
  const checks: CheckResult[] = [];
  for (const target of targets) {
    if (run.place.signal.aborted) return checks;
    run.place.emit({ type: 'noted', text: `target ${target.name}` });
    const outcome = await oneAtATime(run.arms, (stand) => judgeTarget(target, run, stand));
    checks.push(asCheck(target, outcome.judgement, run.again, keep(target, outcome, run.place)));
  }
  return checks;
}

/** Targets that are not measured, and why. */
export function unjudgedTargets(targets: readonly Target[], because: string, again: string): CheckResult[] {
  return targets.map((target) => asCheck(target, unknown(because), again));
}

async function judgeTarget(target: Target, run: TargetRun, stand: Stand): Promise<Outcome> {
  const { against, measure } = target;
  if (against.kind === 'baseline' && run.arms.baseline === undefined) return open(run.noBaseline);
  const measureArm = armMeasure(target, run, stand);
  const seed = seedOf(run.place.run, target.name);
  if (against.kind === 'baseline') {
    return isExactMeasure(measure)
      ? judgeExactly(target, against, measureArm)
      : judgePairs(target, against, { measureArm, seed, ...run });
  }
  if (against.kind === 'limit')
    return judgeRuns(target, { ...against, isInclusive: false, drift: 0 }, measureArm, run.limitSeconds * 1000);
  return judgeRatchet(target, run, measureArm);
}

async function judgeRatchet(
  target: Target,
  { ratchet, limitSeconds }: TargetRun,
  measureArm: MeasureArm,
): Promise<Outcome> {
  if (!ratchet.ok) return open(problemsText(ratchet.problems));
  const loosened = judgeLoosened(target, ratchet.value);
  if (loosened !== undefined) return { judgement: loosened, kept: {} };
  const best = ratchet.value.own.best[target.name];
  const outcome = await judgeRuns(target, limitOfRatchet(target, best), measureArm, limitSeconds * 1000);
  return best === undefined ? { ...outcome, judgement: unset(outcome, target) } : outcome;
}

function unset({ judgement, value }: Outcome, { name }: Target): Judgement {
  if (value === undefined) return judgement;
  return unknown(`${noBestYet}: gym ratchet writes ${name}, which is ${value} now, into ratchet.json`);
}

const open = (because: string): Outcome => ({ judgement: unknown(because), kept: {} });

function armMeasure({ measure }: Target, { arms, place }: TargetRun, stand: Stand): MeasureArm {
  return async (name, plantedMs) => {
    const arm = arms[name];
    if (arm === undefined) throw new Error(`no build of the ${name}`);
    const there = await stand.to(name);
    return there.ok ? measureOnce(measure, arm, place, plantedMs) : notMeasured(there.problems[0].message);
  };
}

/** Another order of the pairs in each run and for each target; the same ones where it is looked up again. */
function seedOf(run: string, target: string): number {
  return createHash('sha256').update(`${run}\0${target}`).digest().readInt32BE();
}

function keep(target: Target, { kept, value, judgement }: Outcome, { run, runDirectory }: Place): string {
  mkdirSync(join(runDirectory, 'targets'), { recursive: true });
  const file = join('targets', `${target.name}.json`);
  const { state, because } = judgement;
  const record = { schema: 'gym.target/1', run, target, state, because, value: value ?? null, ...kept };
  writeAtomically(join(runDirectory, file), `${JSON.stringify(record, null, 1)}\n`);
  return file;
}

function asCheck(target: Target, judgement: Judgement, again: string, file?: string): CheckResult {
  const { name, severity, risk, owner } = target;
  const read = file === undefined ? [] : [{ what: `what was measured for ${name}`, place: { file } }];
  return {
    ...{ name, kind: 'target', claim: target.claim ?? claimOf(target), severity, risk, again },
    ...(owner !== undefined && { owner }),
    ...judgement,
    evidence: [...judgement.evidence, ...read],
  };
}
