import type { Invariant } from '../task/invariant.ts';
import type { CheckResult } from '../task/judgement.ts';
import type { Evidence } from '../task/measurement.ts';
import { countText, listText, shareText, verbFor } from './text.ts';
import { isGreen, runDistance, type StageResult, type Verdict, worst, worstFirst } from './verdict.ts';

/** Judges every invariant on what was recorded. `again` is the command that judges them again. */
export function judgeInvariants(invariants: readonly Invariant[], evidence: Evidence, again: string): CheckResult[] {
  return invariants.map((invariant) => {
    const judged = invariant.judge(evidence);
    const read = invariant.sources.flatMap((source) => {
      const file = evidence.readings.get(source)?.file;
      return file === undefined ? [] : [{ what: source, place: { file } }];
    });
    return {
      name: invariant.name,
      kind: invariant.kind,
      claim: invariant.claim,
      severity: invariant.severity,
      risk: [...invariant.risk],
      ...(invariant.owner !== undefined && { owner: invariant.owner }),
      again,
      ...judged,
      evidence: [...judged.evidence, ...read],
    };
  });
}

/** What a stage claims, which reports cases or has an exit code alone. */
export function stageClaim(stage: string, hasCases: boolean): string {
  return hasCases ? `every case of ${stage} passes` : `${stage} ends with exit code 0`;
}

/** The case set of a stage as a check: every case passes, and at least one ran. */
export function stageCheck(stage: StageResult, again: string): CheckResult {
  const executed = stage.cases === null ? 1 : stage.cases.passed + stage.cases.failed;
  const failed = stage.state === 'fail' ? Math.max(1, stage.cases?.failed ?? 1) : 0;
  const judged = stage.state === 'pass' || stage.state === 'fail';
  return {
    name: stage.stage,
    kind: 'cases',
    claim: stageClaim(stage.stage, stage.cases !== null),
    severity: 'gate',
    risk: [],
    again,
    state: stage.state,
    because: stage.because,
    margin: judged ? 0 - failed : null,
    distance: judged ? failed / Math.max(1, executed) : null,
    unit: judged ? 'count' : null,
    parts: [],
    evidence: stage.log === null ? [] : [{ what: `log of ${stage.stage}`, place: { file: stage.log } }],
  };
}

/** State, distance and headline of a run from its stages and checks. Only gates decide. */
export function sumUp(
  stages: readonly StageResult[],
  checks: readonly CheckResult[],
): Pick<Verdict, 'state' | 'distance' | 'headline'> {
  const gates = checks.filter(({ severity }) => severity === 'gate');
  const state = worst(gates.map((check) => check.state));
  const remaining = stages.filter((stage) => !isGreen(stage.state)).length;
  const distance = isGreen(state) ? 0 : runDistance(remaining, gates);
  return { state, distance, headline: headlineOf(state, stages, checks) };
}

function headlineOf(state: Verdict['state'], stages: readonly StageResult[], checks: readonly CheckResult[]): string {
  const gates = checks.filter(({ severity }) => severity === 'gate');
  const [worstOne] = worstFirst(gates);
  if (worstOne === undefined) return 'nothing was judged';
  if (!isGreen(state)) return `${worstOne.name}: ${worstOne.because}`;
  const cases = stages.reduce((sum, stage) => sum + (stage.cases?.passed ?? 0), 0);
  const targets = checks.filter((check) => check.kind === 'target').length;
  const guards = checks.filter((check) => check.kind === 'guard').length;
  const invariants = checks.filter((check) => check.kind !== 'cases').length - targets - guards;
  const ran = `${countText(cases, 'case')} in ${countText(stages.length, 'stage')}`;
  const measured = targets === 0 ? '' : `, ${countText(targets, 'target')}`;
  const guarded = guards === 0 ? '' : `, ${countText(guards, 'guard')}`;
  const holding = checks.filter((check) => isGreen(check.state)).length;
  const waived = checks.filter((check) => check.state === 'waived').map(({ name }) => name);
  const warned = checks.filter((check) => check.severity === 'warn' && !isGreen(check.state)).map(({ name }) => name);
  const unproven = checks.filter((check) => check.proof === 'unproven');
  const gateCount = gates.filter(({ kind }) => kind !== 'guard').length;
  const notProven = unproven.length === gateCount ? 'every gate' : listText(unproven.map(({ name }) => name));
  const others = [
    ...told('waived', waived),
    ...told('does not hold, but only warns', warned),
    ...told('UNPROVEN', unproven.length === 0 ? [] : [notProven]),
  ].join('');
  return `${shareText(holding, checks.length, 'check')} ${verbFor(holding, 'holds', 'hold')}: ${ran}, ${countText(invariants, 'invariant')}${measured}${guarded}${others}`;
}

function told(what: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`; ${what}: ${listText(names)}`];
}
