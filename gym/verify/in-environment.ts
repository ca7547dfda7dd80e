import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Environment } from '../environment/environment.ts';
import { noEnvironment } from '../environment/none.ts';
import type { Emit, Phase } from '../events/event.ts';
import { type Problem, problemsText, type Result } from '../events/problem.ts';
import { type EvidenceReader, readEvidence } from '../evidence/evidence.ts';
import { rewrittenResults } from '../harness/rewritten.ts';
import { emitFinished, runStage, type StageOutcome, skippedStage } from '../harness/stage.ts';
import { judgeInvariants, stageCheck, sumUp } from '../judge/judge.ts';
import { isGreen, type Verdict } from '../judge/verdict.ts';
import { waive } from '../judge/waive.ts';
import { readProofs } from '../store/proofs.ts';
import type { CanaryEnd } from '../target/canary.ts';
import type { HeldOut } from '../task/held-out.ts';
import type { CheckResult } from '../task/judgement.ts';
import type { Evidence } from '../task/measurement.ts';
import type { Stage } from '../task/schema.ts';
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
import { keepSteps, makePlan, noPlan, type Plan, reusedOf } from './reuse.ts';
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
  /** `undefined`: the run did not come so far. */
  plan: Plan | undefined;
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

/** What the steps of a run share. */
interface Walked {
  readonly environment: Environment;
  readonly request: VerifyRequest;
  readonly way: Way;
  readonly findings: Findings;
}

/**
 * Runs the stages that are not taken from an earlier run, reads their evidence, measures the targets, and judges all of it; or, for a canary, tries
 * the build beside the baseline's once the stages have passed. The environment comes up before the first stage that needs it.
 *
 *     stages that need none ---> up -> all others -> evidence -> [baseline, targets] -> judge -> keep -> down
 *          '--- all is known, or one did not pass ----^
 */
export async function runAndJudge(
  request: VerifyRequest,
  way: Way,
  findings: Findings,
  bringUp: () => Promise<Result<Environment>>,
  heldOut?: HeldOut,
): Promise<void> {
  const { emit } = way;
  const nonce = randomUUID();
  // What is held out needs the environment in any case, and is never cached.
  const plan = heldOut === undefined ? await planOf(request, way, nonce) : noPlan(request.task);
  findings.plan = plan;
  const runner = stageRunner(request, way, findings, { plan, nonce });
  const { first, others } = apart(request, plan);
  const ended = { request, way, findings, plan, nonce, reader: runner.reader, heldOut };
  if (first.length > 0) await phase('stages', emit, () => runner.run(first));
  if (request.signal.aborted) return;
  const isNeeded = heldOut !== undefined || needsEnvironment(request, plan, others);
  if (!isNeeded || (!allGreen(findings) && request.keepGoing !== true)) {
    await phase('stages', emit, () => runner.runIn(noEnvironment, others));
    return judgeIn(noEnvironment, ended);
  }
  const brought = await phase('up', emit, bringUp);
  if (!brought.ok) return note(findings, emit, brought.problems);
  try {
    const disturbance = request.fault?.during;
    const environment = disturbance === undefined ? brought.value : expecting(brought.value, disturbance);
    await phase('stages', emit, () => runner.runIn(environment, others));
    await judgeIn(environment, ended);
  } finally {
    const down = await phase('down', emit, () => brought.value.down());
    // All that is judged has been read by now, so this changes no verdict.
    if (!down.ok) for (const { message } of down.problems) emit({ type: 'noted', text: `left behind: ${message}` });
  }
}

async function planOf(request: VerifyRequest, { directory, runDirectory, emit }: Way, nonce: string): Promise<Plan> {
  const { task, cache, environmentVariables, store } = request;
  if (cache === undefined || request.fault !== undefined || request.isCanary === true) return noPlan(task);
  const onNote = (text: string): void => emit({ type: 'noted', text });
  return makePlan({ task, cache, environmentVariables, store, directory, runDirectory, nonce, onNote });
}

/** The stages before the first one that has to find the environment up, and the others. */
function apart({ task, fault }: VerifyRequest, plan: Plan): { first: readonly Stage[]; others: readonly Stage[] } {
  if (fault?.during !== undefined) return { first: [], others: task.stages };
  const known = new Set(reusedOf(plan).flatMap(({ outcomes }) => outcomes.map(({ stage }) => stage)));
  const needing = task.stages.findIndex(
    ({ name, pure, service }) => !known.has(name) && (!pure || service !== undefined),
  );
  return needing < 0
    ? { first: task.stages, others: [] }
    : { first: task.stages.slice(0, needing), others: task.stages.slice(needing) };
}

/** Whether something is still to be done in the environment: a stage, or what is read when all have ended. */
function needsEnvironment({ isCanary }: VerifyRequest, { steps }: Plan, others: readonly Stage[]): boolean {
  return others.length > 0 || isCanary === true || steps.some(({ step, reused }) => step.isSequence && !reused);
}

/** What runs the stages of one run, wherever they run. */
interface StageRunner {
  readonly reader: EvidenceReader;
  /** Before the environment is up. */
  run(stages: readonly Stage[]): Promise<void>;
  /** In the environment, or in none where it is sure that it will not come up. */
  runIn(environment: Environment, stages: readonly Stage[]): Promise<void>;
}

function stageRunner(
  request: VerifyRequest,
  { directory, runDirectory, emit }: Way,
  findings: Findings,
  { plan, nonce }: { readonly plan: Plan; readonly nonce: string },
): StageRunner {
  const { task, signal, run, isCanary = false, keepGoing = false } = request;
  const reused = reusedOf(plan);
  const known = new Map(reused.flatMap(({ outcomes }) => outcomes.map((outcome) => [outcome.stage, outcome])));
  let environment = noEnvironment;
  const place = {
    ...{ task, hostDirectory: directory, runDirectory, nonce, signal },
    get environment() {
      return environment;
    },
  };
  const readings = reused.flatMap((each) => each.readings);
  const reader = readEvidence(place, emit, { readings, logs: reused.flatMap((each) => each.logs) });
  const runOne = async (stage: Stage): Promise<void> => {
    const logFile = join(runDirectory, 'stages', `${stage.name}.log`);
    const context = { environment, hostDirectory: directory, logFile, emit, signal, run, nonce };
    const where = { stage: stage.name, project: environment.project, emit };
    const problems = await disturbed(request.fault?.during, where, async () => {
      if (!isCanary) await (stage.pure ? reader.beforePure(stage.name) : reader.beforeStage(stage.name));
      const outcome = await runStage(stage, context);
      findings.outcomes.push(outcome);
      if (!isCanary && !signal.aborted) await reader.afterStage(stage.name, outcome.state);
    });
    note(findings, emit, problems);
  };
  const runAll = async (stages: readonly Stage[]): Promise<void> => {
    for (const stage of stages) {
      const before = findings.outcomes.find(({ state }) => !isGreen(state));
      const outcome = known.get(stage.name);
      if (outcome !== undefined) {
        emitFinished(outcome, emit);
        findings.outcomes.push(outcome);
      } else if (before !== undefined && !keepGoing) findings.outcomes.push(skippedStage(stage, before, emit));
      else await runOne(stage);
      if (signal.aborted) return;
    }
  };
  return {
    reader,
    run: runAll,
    async runIn(where, stages) {
      environment = where;
      // Else the first of them does.
      const isFirst = where === noEnvironment || stages.every(({ pure, name }) => pure || known.has(name));
      if (!isCanary && isFirst) await reader.beforePure(undefined);
      await runAll(stages);
    },
  };
}

/** What a run is judged by, once its stages have ended. */
interface Ended extends Omit<Walked, 'environment'> {
  readonly plan: Plan;
  readonly nonce: string;
  readonly reader: EvidenceReader;
  readonly heldOut: HeldOut | undefined;
}

async function judgeIn(environment: Environment, { plan, nonce, reader, heldOut, ...walked }: Ended): Promise<void> {
  const { request, way, findings } = walked;
  const { signal, task, run, store } = request;
  const { emit, runDirectory, directory } = way;
  if (signal.aborted) return;
  const evidence = request.isCanary === true ? undefined : await phase('evidence', emit, () => reader.evidence());
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
  await noteLosses(environment, way, findings);
  const isPlain = request.fault === undefined && request.isCanary !== true && !signal.aborted;
  if (isPlain && findings.taken !== null)
    findings.proposals.push(...(await tryProposed(request, findings.taken.protection, way)));
  const { outcomes, checks, problems } = findings;
  if (evidence === undefined || problems.length > 0 || signal.aborted) return;
  keepSteps(plan, { task, run, store, runDirectory, nonce, outcomes, checks, evidence });
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

const allGreen = ({ outcomes }: Findings): boolean => outcomes.every(({ state }) => isGreen(state));

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
