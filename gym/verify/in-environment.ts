import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Environment } from '../environment/environment.ts';
import type { Emit, Phase } from '../events/event.ts';
import { type Problem, problemsText, type Result } from '../events/problem.ts';
import { type EvidenceReader, readEvidence } from '../evidence/evidence.ts';
import { rewrittenResults } from '../harness/rewritten.ts';
import { runStage, type StageOutcome, skippedStage } from '../harness/stage.ts';
import { judgeInvariants, stageCheck, sumUp } from '../judge/judge.ts';
import { isGreen, type Verdict } from '../judge/verdict.ts';
import { waive } from '../judge/waive.ts';
import { readProofs } from '../store/proofs.ts';
import type { CanaryEnd } from '../target/canary.ts';
import type { HeldOut } from '../task/held-out.ts';
import type { CheckResult } from '../task/judgement.ts';
import type { Evidence } from '../task/measurement.ts';
import type { Changes } from '../workspace/changes.ts';
import type { Commit } from '../workspace/commit.ts';
import { ownBaseline } from '../workspace/judging.ts';
import { type BaselineBuild, baselineNeed, bringUpBaseline } from './baseline.ts';
import { disturbed, expecting } from './disturb.ts';
import { judgeWorkspace } from './guards.ts';
import { type HeldOutPlace, judgeHeldOut, notYet } from './held-out.ts';
import { checkMoved } from './moved.ts';
import { canaryOf, canaryResult, judgePerformance } from './performance.ts';
import { withProof } from './proof.ts';
import { tryProposed } from './proposed.ts';
import type { Protected } from './protecting.ts';
import type { VerifyRequest } from './request.ts';
import { lastVerdict, withSince } from './since.ts';
import { asStageResult } from './stage-result.ts';

/** What a verification has found out so far; the verdict is made of it wherever the way ends. */
export interface Findings {
  taken: Protected | null;
  definition: string;
  /** Where the baseline is, or why there is none; `undefined`: nobody needs it. */
  commit: Result<Commit> | undefined;
  proposals: NonNullable<Verdict['proposals']>;
  /** How the snapshot differs from it; `undefined`: nobody needs it. */
  changes: Result<Changes> | undefined;
  /** Guards that could not be judged, and why. */
  unguarded: string | undefined;
  canary: CanaryEnd | undefined;
  outcomes: StageOutcome[];
  checks: CheckResult[];
  problems: Problem[];
}

/** Where a run is, and who hears of it. */
export interface Way {
  /** Where the snapshot is. */
  readonly directory: string;
  readonly runDirectory: string;
  readonly emit: Emit;
}

/**
 * Runs the stages in an environment that is up, reads their evidence, measures the targets, and judges all of it; or, for a canary, tries the build beside
 * the baseline's once the stages have passed.
 */
export async function judgeIn(
  brought: Environment,
  request: VerifyRequest,
  way: Way,
  findings: Findings,
  heldOut?: HeldOut,
): Promise<void> {
  const { signal } = request;
  const disturbance = request.fault?.during;
  const environment = disturbance === undefined ? brought : expecting(brought, disturbance);
  const nonce = randomUUID();
  const { directory, runDirectory, emit } = way;
  const reader = readEvidence(
    { task: request.task, environment, hostDirectory: directory, runDirectory, nonce, signal },
    emit,
  );
  await phase('stages', emit, () => runStages({ environment, request, way, findings, nonce, reader }));
  if (signal.aborted) return;
  const evidence = request.isCanary === true ? undefined : await phase('evidence', emit, () => reader.evidence());
  const { stages } = request.task;
  note(
    findings,
    emit,
    await rewrittenResults({ stages, outcomes: findings.outcomes, environment, hostDirectory: directory }),
  );
  const baseline = await bringUpBeside(request, way, findings, heldOut);
  try {
    const beside = baseline?.ok ? baseline.value.evidence : undefined;
    const all = evidence && { ...evidence, ...(beside !== undefined && { baseline: beside }) };
    await judgeAll({ environment, request, way, findings, baseline }, all);
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
  await noteLosses(environment, way, findings);
  const isPlain = request.fault === undefined && request.isCanary !== true && !signal.aborted;
  if (isPlain && findings.taken !== null)
    findings.proposals.push(...(await tryProposed(request, findings.taken.protection, way)));
}

/** Judges what is held out where all else holds, and adds the one check that stands for it. */
async function addHeldOut(heldOut: HeldOut, place: HeldOutPlace, { emit }: Way, findings: Findings): Promise<void> {
  const { request, again } = place;
  const isGreenSoFar = isGreen(sumUp([], findings.checks).state) && findings.problems.length === 0;
  const check = isGreenSoFar ? await judgeHeldOut(heldOut, place) : notYet(again);
  const names = heldOut.task.heldOut?.checks ?? [];
  const proven = readProofs(request.store, request.task.name);
  const isProven = proven?.definition === findings.definition && names.every((name) => proven.checks[name]?.length);
  const [added = check] = withSince([check], request.run, lastVerdict(request));
  findings.checks.push({ ...added, proof: isProven ? 'proven' : 'unproven' });
  const { name, kind, severity, state, because, distance } = added;
  emit({ type: 'check.judged', check: name, kind, severity, state, because, distance });
}

/** What the steps of a run share. */
interface Walked {
  readonly environment: Environment;
  readonly request: VerifyRequest;
  readonly way: Way;
  readonly findings: Findings;
}

async function runStages({
  environment,
  request,
  way,
  findings,
  nonce,
  reader,
}: Walked & { readonly nonce: string; readonly reader: EvidenceReader }): Promise<void> {
  const { task, signal, isCanary = false } = request;
  const { emit, runDirectory, directory } = way;
  for (const stage of task.stages) {
    const before = findings.outcomes.find(({ state }) => !isGreen(state));
    if (before !== undefined) {
      findings.outcomes.push(skippedStage(stage, before, emit));
      continue;
    }
    const logFile = join(runDirectory, 'stages', `${stage.name}.log`);
    const context = { environment, hostDirectory: directory, logFile, emit, signal, run: request.run, nonce };
    const where = { stage: stage.name, project: environment.project, emit };
    const problems = await disturbed(request.fault?.during, where, async () => {
      if (!isCanary) await reader.beforeStage(stage.name);
      const outcome = await runStage(stage, context);
      findings.outcomes.push(outcome);
      if (!isCanary && !signal.aborted) await reader.afterStage(stage.name, outcome.state);
    });
    note(findings, emit, problems);
    if (signal.aborted) return;
  }
}

const allGreen = ({ outcomes }: Findings): boolean => outcomes.every(({ state }) => isGreen(state));

/** The baseline's build, where something is held against it and this build is worth it; `undefined`: it is not needed. */
async function bringUpBeside(
  request: VerifyRequest,
  { emit, directory, runDirectory }: Way,
  findings: Findings,
  heldOut?: HeldOut,
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
  const { outcomes } = findings;
  const moved =
    isGreenSoFar && moves.length > 0
      ? [await phase('baseline', emit, () => checkMoved(request, way, { moves, outcomes }, again))]
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

/** The command that judges the same again. */
function againText({ called, task, fault, compareWith, isCanary }: VerifyRequest): string {
  const words = ['gym', 'verify', shellWord(called ?? task.name)];
  if (isCanary === true) words.push('--canary');
  if (typeof compareWith === 'string') words.push('--baseline', shellWord(compareWith));
  if (fault !== undefined) words.push('--fault', shellWord(fault.name));
  return words.join(' ');
}

/** The command that judges the workspace by its own protected files. */
export function judgeOwnText(request: VerifyRequest): string {
  return againText({ ...request, compareWith: ownBaseline });
}

/** A word as a shell takes it. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** What was lost on the way: a verdict must not stand on it in silence. */
async function noteLosses(environment: Environment, { emit }: Way, findings: Findings): Promise<void> {
  if (!(await environment.engineAnswers())) {
    const message = 'the Docker engine stopped answering during the run';
    note(findings, emit, [{ kind: 'environment', message, remedy: 'Start it again, then run gym verify again.' }]);
    return;
  }
  const deaths = environment.deaths().map(({ service, how, exitCode }): Problem => {
    const message = `${service} ended during the run: ${how}, exit code ${exitCode}`;
    return { kind: 'evidence', message, place: { service } };
  });
  note(findings, emit, deaths);
}

/** Runs a step of the way between its two events. */
export async function phase<Value>(name: Phase, emit: Emit, work: () => Promise<Value>): Promise<Value> {
  const started = performance.now();
  emit({ type: 'phase.started', phase: name });
  const value = await work();
  emit({ type: 'phase.finished', phase: name, durationMs: performance.now() - started });
  return value;
}

/** Notes problems, which the verdict tells. */
export function note(findings: Findings, emit: Emit, problems: readonly Problem[]): void {
  findings.problems.push(...problems);
  for (const problem of problems) emit({ type: 'problem.found', problem });
}
