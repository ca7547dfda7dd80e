import type { Death, Environment } from '../environment/environment.ts';
import { type Problem, problemsText, type Result } from '../events/problem.ts';
import type { EvidenceReader } from '../evidence/evidence.ts';
import { rewrittenResults } from '../harness/rewritten.ts';
import { crashedStage } from '../harness/stage.ts';
import { judgeInvariants, stageCheck, sumUp } from '../judge/judge.ts';
import { isGreen } from '../judge/verdict.ts';
import { waive } from '../judge/waive.ts';
import { heldOutStore } from '../store/key.ts';
import { readProofs } from '../store/proofs.ts';
import type { HeldOut } from '../task/held-out.ts';
import type { CheckResult } from '../task/judgement.ts';
import type { Evidence } from '../task/measurement.ts';
import { againText } from './again-text.ts';
import { type BaselineBuild, baselineNeed, bringUpBaseline } from './baseline.ts';
import { allGreen, type Findings, note, phase, type Way } from './findings.ts';
import { judgeWorkspace } from './guards.ts';
import { type HeldOutPlace, judgeHeldOut, notYet } from './held-out.ts';
import { checkMoved } from './moved.ts';
import { canaryOf, canaryResult, judgePerformance } from './performance.ts';
import { asInWorkspace } from './places.ts';
import { withProof } from './proof.ts';
import { tryProposed } from './proposed.ts';
import { modelIn } from './protecting.ts';
import type { VerifyRequest } from './request.ts';
import { keepSteps, type Plan } from './reuse.ts';
import { lastVerdict, withSince } from './since.ts';
import { asStageResult } from './stage-result.ts';

/** What the steps of a run share. */
interface Walked {
  readonly environment: Environment;
  readonly request: VerifyRequest;
  readonly way: Way;
  readonly findings: Findings;
}

/** What a run is judged by, once its stages have ended. */
export interface Ended extends Omit<Walked, 'environment'> {
  readonly plan: Plan;
  readonly nonce: string;
  readonly reader: EvidenceReader;
  readonly heldOut: HeldOut | undefined;
}

/** Reads the evidence of stages that have ended, brings the baseline's build up where something is held against it, and judges all of it. */
export async function judgeIn(
  environment: Environment,
  { plan, nonce, reader, heldOut, ...walked }: Ended,
): Promise<void> {
  const { request, way, findings } = walked;
  const { signal, task, run, store } = request;
  const { emit, runDirectory, directory } = way;
  if (signal.aborted) return;
  const evidence = request.isCanary === true ? undefined : await phase('evidence', emit, () => reader.evidence());
  await blameLastStage(environment, findings);
  const ran = { stages: task.stages, outcomes: findings.outcomes, environment, hostDirectory: directory };
  note(findings, emit, await rewrittenResults(ran));
  const baseline = await bringUpBeside(request, way, findings, heldOut);
  try {
    const beside = baseline?.ok ? baseline.value.evidence : undefined;
    const all = evidence && { ...evidence, ...(beside !== undefined && { baseline: beside }) };
    await judgeAll({ environment, ...walked, baseline }, all);
    if (heldOut !== undefined && all !== undefined && !signal.aborted) {
      const builds = { environment, directory, baseline, commit: findings.commit, isGreen: true };
      const place = { request, environment, builds, evidence: all, nonce, again: againText(request) };
      await addHeldOut(heldOut, place, way, findings);
    }
  } finally {
    if (baseline?.ok) {
      const down = await baseline.value.environment.down();
      if (!down.ok) for (const { message } of down.problems) emit({ type: 'noted', text: `left behind: ${message}` });
    }
  }
  await noteLosses(environment, request, way, findings);
  // What some of the stages come to with it would tell little.
  const isWhole = request.fault === undefined && request.isCanary !== true && request.part === undefined;
  if (isWhole && !signal.aborted && findings.taken !== null)
    findings.proposals.push(...(await tryProposed(request, { ...way, protection: findings.taken.protection })));
  const { outcomes, checks, problems } = findings;
  if (evidence === undefined || problems.length > 0 || signal.aborted) return;
  keepSteps(plan, { task, run, store, runDirectory, nonce, outcomes, checks, evidence });
}

/**
 * A service that ends by itself may be seen to only when the stage that needed it has passed. That stage fails all the same: else the verdict
 * would depend on the moment.
 */
async function blameLastStage(environment: Environment, { outcomes }: Findings): Promise<void> {
  const last = outcomes.at(-1);
  if (last === undefined || last.cached !== undefined || !isGreen(last.state)) return;
  const crashed = await crashedStage(last, environment);
  if (crashed !== undefined) outcomes.splice(-1, 1, crashed);
}

/** Judges what is held out where all else holds, and adds the one check that stands for it. */
async function addHeldOut(heldOut: HeldOut, place: HeldOutPlace, { emit }: Way, findings: Findings): Promise<void> {
  const { request, again } = place;
  const isGreenSoFar = isGreen(sumUp([], findings.checks).state) && findings.problems.length === 0;
  const check = isGreenSoFar ? await judgeHeldOut(heldOut, place) : notYet(again);
  const names = heldOut.task.heldOut?.checks ?? [];
  const proven = readProofs(heldOutStore(request.store), request.task.name);
  const isProven = proven?.definition === findings.definition && names.every((name) => proven.checks[name]?.length);
  const [added = check] = withSince([check], request.run, lastVerdict(request));
  findings.checks.push({ ...added, proof: isProven ? 'proven' : 'unproven' });
  const { name, kind, severity, state, because, distance } = added;
  emit({ type: 'check.judged', check: name, kind, severity, state, because, distance });
}

/** The baseline's build, where something is held against it and this build is worth it; `undefined`: it is not needed. */
async function bringUpBeside(
  request: VerifyRequest,
  { emit, directory, runDirectory }: Way,
  findings: Findings,
  heldOut: HeldOut | undefined,
): Promise<Result<BaselineBuild> | undefined> {
  const { commit, taken } = findings;
  const isNeeded = baselineNeed(request, heldOut?.task) === 'build';
  if (commit === undefined || taken === null || !isNeeded || !allGreen(findings)) return undefined;
  const built = commit.ok
    ? await phase('baseline', emit, () =>
        bringUpBaseline(request, { commit: commit.value, ...taken, snapshot: directory, runDirectory, emit }),
      )
    : commit;
  if (!built.ok) emit({ type: 'noted', text: `no build of the baseline: ${problemsText(built.problems)}` });
  return built;
}

async function judgeAll(
  { request, way, findings, ...rest }: Walked & { readonly baseline: Result<BaselineBuild> | undefined },
  evidence: Evidence | undefined,
): Promise<void> {
  const { task, signal, run } = request;
  const { emit, runDirectory, directory } = way;
  const again = againText(request);
  const isGreenSoFar = allGreen(findings);
  const builds = { ...rest, directory, commit: findings.commit, isGreen: isGreenSoFar };
  const place = { run, runDirectory, emit, signal };
  const moves = findings.taken?.moves ?? [];
  const { outcomes, changes } = findings;
  const tree = changes?.ok === true ? changes.value.tree : '';
  const moved =
    isGreenSoFar && moves.length > 0
      ? [await phase('baseline', emit, () => checkMoved(request, way, { moves, outcomes, tree }, again))]
      : [];
  const measured: CheckResult[] = [];
  if (request.isCanary === true) {
    findings.canary = await phase('canary', emit, () => canaryOf(task, builds, place));
    measured.push(canaryResult(findings.canary, again));
  } else if (task.targets.length > 0) {
    measured.push(...(await phase('targets', emit, () => judgePerformance(request, builds, place, again))));
  }
  if (signal.aborted) return;
  await phase('judge', emit, async () => {
    const stages = findings.outcomes.map((outcome) => stageCheck(asStageResult(outcome, runDirectory), again));
    const invariants = evidence === undefined ? [] : judgeInvariants(task.invariants, evidence, again);
    const guards = judgeWorkspace(request, findings.changes, findings.outcomes, { runDirectory, again });
    findings.unguarded = guards.unguarded;
    const judged = [...stages, ...moved, ...invariants, ...measured, ...guards.checks];
    const before = lastVerdict(request);
    const waived = withSince(waive(judged, task.waivers, new Date()), run, before);
    const proofs = readProofs(request.store, task.name);
    const isPlain = request.fault === undefined && request.isCanary !== true;
    findings.checks.push(...(isPlain ? withProof(waived, proofs, findings.definition) : waived));
    for (const { name, kind, severity, state, because, distance } of findings.checks) {
      emit({ type: 'check.judged', check: name, kind, severity, state, because, distance });
    }
  });
}

const lasting = 'Where it is needed after that, give it a command that lasts, such as sleep infinity.';

/** What was lost on the way: a verdict must not stand on it in silence. */
async function noteLosses(
  environment: Environment,
  { task, environmentVariables }: VerifyRequest,
  { emit, directory }: Way,
  findings: Findings,
): Promise<void> {
  if (!(await environment.engineAnswers())) {
    const message = 'the Docker engine stopped answering during the run';
    note(findings, emit, [{ kind: 'environment', message, remedy: 'Start it again, then run gym verify again.' }]);
    return;
  }
  const [death, ...others] = environment.deaths();
  if (death === undefined) return;
  const model = modelIn(task, directory, environmentVariables);
  const problemOf = ({ service, how, exitCode }: Death): Problem => {
    const message = `${service} ended during the run: ${how}, exit code ${exitCode}`;
    const { file, line } = (model.ok && model.value.services.get(service)) || {};
    const place = { service, ...(file !== undefined && { file, line }) };
    return { kind: 'evidence', message, place, ...(how === 'exited' && exitCode === 0 && { remedy: lasting }) };
  };
  note(findings, emit, asInWorkspace([problemOf(death), ...others.map(problemOf)], directory, [task.root]));
}
