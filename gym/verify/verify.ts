import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../environment/environment.ts';
import { up } from '../environment/up.ts';
import type { Emit, Phase } from '../events/event.ts';
import { type EventLog, openEventLog } from '../events/log.ts';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import { readEvidence } from '../evidence/evidence.ts';
import { observedBy } from '../evidence/kinds.ts';
import { runStage, type StageOutcome, skippedStage } from '../harness/stage.ts';
import { judgeInvariants, stageCheck, sumUp } from '../judge/judge.ts';
import { exitCodeOf, isGreen, problemExitCodes, type Verdict, verdictSchemaName, worst } from '../judge/verdict.ts';
import { waive } from '../judge/waive.ts';
import { readProofs } from '../store/proofs.ts';
import { checkoutOf, writeAtomically } from '../store/store.ts';
import type { CheckResult } from '../task/judgement.ts';
import { type Snapshot, takeSnapshot } from '../workspace/snapshot.ts';
import { disturbed, expecting } from './disturb.ts';
import { asInWorkspace } from './places.ts';
import { definitionHash, strictly, withProof } from './proof.ts';
import type { VerifyRequest } from './request.ts';
import { lastVerdict, withSince } from './since.ts';
import { asStageResult } from './stage-result.ts';
import { snapshotVariables } from './variables.ts';

/** What a verification has found out so far; the verdict is made of it wherever the way ends. */
interface Findings {
  snapshot: Snapshot | null;
  definition: string;
  outcomes: StageOutcome[];
  checks: CheckResult[];
  problems: Problem[];
}

/**
 * Walks the way of a verification once. Always gives a verdict and writes it to `verdict.json`; nothing of the
 * environment is left, however it ends.
 *
 *     snapshot -> up -> stages (with their evidence) -> judge -> down -> verdict
 *         '--------'------'--- a problem or an abort ------------^
 */
export async function verify(request: VerifyRequest): Promise<Verdict> {
  const startedAt = Date.now();
  const runDirectory = request.store.makeRunDirectory(request.run);
  const log = openEventLog(join(runDirectory, 'events.ndjson'), request.run, request.listeners);
  const findings: Findings = { snapshot: null, definition: '', outcomes: [], checks: [], problems: [] };
  begin(request, log.emit, startedAt);
  const directory = join(runDirectory, 'workspace');
  try {
    await walk(request, { directory, runDirectory, emit: log.emit }, findings);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return end(request, log, { findings, startedAt, runDirectory });
}

interface Way {
  /** Where the snapshot is. */
  readonly directory: string;
  readonly runDirectory: string;
  readonly emit: Emit;
}

async function walk(request: VerifyRequest, way: Way, findings: Findings): Promise<void> {
  const snapshot = await phase('snapshot', way.emit, () => prepare(request, way));
  if (!snapshot.ok) return note(findings, way.emit, snapshot.problems);
  findings.snapshot = snapshot.value;
  findings.definition = definitionHash(request.task, way.directory);
  const environment = await phase('up', way.emit, () => bringUp(request, way));
  if (!environment.ok) return note(findings, way.emit, environment.problems);
  try {
    await judgeIn(environment.value, request, way, findings);
  } finally {
    const down = await phase('down', way.emit, () => environment.value.down());
    // All that is judged has been read by now, so this changes no verdict.
    if (!down.ok) for (const { message } of down.problems) way.emit({ type: 'noted', text: `left behind: ${message}` });
  }
}

async function prepare(
  { task, workspace, baseline, fault }: VerifyRequest,
  { directory, emit }: Way,
): Promise<Result<Snapshot>> {
  const snapshot = await takeSnapshot({
    workspace,
    baseline: baseline ?? workspace,
    protectedGlobs: task.protected,
    directory,
  });
  if (!snapshot.ok) return snapshot;
  const applied = fault === undefined ? ok(undefined) : await fault.apply(directory);
  if (!applied.ok) return applied;
  emit({ type: 'snapshot.taken', ...snapshot.value, restored: [...snapshot.value.restored] });
  return snapshot;
}

async function bringUp(request: VerifyRequest, { directory, runDirectory, emit }: Way): Promise<Result<Environment>> {
  const { task, run, workspace, signal, environmentVariables } = request;
  const environment = await up({
    composeFiles: task.compose.map((file) => join(directory, file)),
    project: `gym-${task.name}-${run}`,
    task: task.name,
    run,
    lease: 'process',
    checkout: checkoutOf(task.root),
    variables: snapshotVariables(task, directory, environmentVariables),
    ambient: environmentVariables,
    logDirectory: join(runDirectory, 'logs'),
    observed: observedBy(task),
    emit,
    signal,
    deadlineMs: task.limits.upSeconds * 1000,
  });
  return environment.ok
    ? environment
    : failed(...asInWorkspace(environment.problems, directory, [workspace, task.root]));
}

async function judgeIn(brought: Environment, request: VerifyRequest, way: Way, findings: Findings): Promise<void> {
  const { task, signal } = request;
  const disturbance = request.fault?.during;
  const environment = disturbance === undefined ? brought : expecting(brought, disturbance);
  const { emit, runDirectory, directory } = way;
  const nonce = randomUUID();
  const reader = readEvidence({ task, environment, hostDirectory: directory, runDirectory, nonce, signal }, emit);
  await phase('stages', emit, async () => {
    for (const stage of task.stages) {
      const before = findings.outcomes.find(({ state }) => !isGreen(state));
      if (before !== undefined) {
        findings.outcomes.push(skippedStage(stage, before, emit));
        continue;
      }
      const logFile = join(runDirectory, 'stages', `${stage.name}.log`);
      const context = { environment, hostDirectory: directory, logFile, emit, signal, run: request.run, nonce };
      const where = { stage: stage.name, project: environment.project, emit };
      const problems = await disturbed(disturbance, where, async () => {
        await reader.beforeStage(stage.name);
        const outcome = await runStage(stage, context);
        findings.outcomes.push(outcome);
        if (!signal.aborted) await reader.afterStage(stage.name, outcome.state);
      });
      note(findings, emit, problems);
      if (signal.aborted) return;
    }
  });
  if (signal.aborted) return;
  const evidence = await phase('evidence', emit, () => reader.evidence());
  await phase('judge', emit, async () => {
    const again = `gym verify ${shellWord(request.called ?? task.name)}${request.fault === undefined ? '' : ` --fault ${shellWord(request.fault.name)}`}`;
    const stages = findings.outcomes.map((outcome) => stageCheck(asStageResult(outcome, runDirectory), again));
    const judged = [...stages, ...judgeInvariants(task.invariants, evidence, again)];
    const before = lastVerdict(request);
    const waived = withSince(waive(judged, task.waivers, new Date()), request.run, before);
    const proofs = readProofs(request.store, task.name);
    findings.checks.push(...(request.fault === undefined ? withProof(waived, proofs, findings.definition) : waived));
    for (const { name, kind, severity, state, because, distance } of findings.checks) {
      emit({ type: 'check.judged', check: name, kind, severity, state, because, distance });
    }
  });
  await noteLosses(environment, way, findings);
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

async function phase<Value>(name: Phase, emit: Emit, work: () => Promise<Value>): Promise<Value> {
  const started = performance.now();
  emit({ type: 'phase.started', phase: name });
  const value = await work();
  emit({ type: 'phase.finished', phase: name, durationMs: performance.now() - started });
  return value;
}

function note(findings: Findings, emit: Emit, problems: readonly Problem[]): void {
  findings.problems.push(...problems);
  for (const problem of problems) emit({ type: 'problem.found', problem });
}

function begin({ task, workspace, run, loop, fault, history }: VerifyRequest, emit: Emit, startedAt: number): void {
  history.save({
    run,
    kind: 'verify',
    task: task.name,
    state: 'running',
    distance: null,
    exitCode: null,
    headline: '',
    startedAt,
    durationMs: null,
    loop: loop ?? null,
  });
  emit({
    type: 'run.started',
    task: task.name,
    taskFile: task.file,
    workspace,
    pid: process.pid,
    stages: task.stages.map(({ name }) => name),
    checks: [...task.stages, ...task.invariants].map(({ name }) => name),
    ...(fault !== undefined && { fault: fault.name }),
  });
}

interface Ending {
  readonly findings: Findings;
  readonly startedAt: number;
  readonly runDirectory: string;
}

function end(request: VerifyRequest, log: EventLog, { findings, startedAt, runDirectory }: Ending): Verdict {
  const { task, run, workspace, fault, loop, history, signal } = request;
  const durationMs = Date.now() - startedAt;
  const stages = findings.outcomes.map((outcome) => asStageResult(outcome, runDirectory));
  const verdict: Verdict = {
    schema: verdictSchemaName,
    run,
    task: task.name,
    ...conclude(stages, findings, { signal, strict: request.strict ?? false }),
    startedAt,
    durationMs,
    workspace: {
      root: workspace,
      hash: findings.snapshot?.hash ?? '',
      definition: findings.definition,
      restored: [...(findings.snapshot?.restored ?? [])],
    },
    ...(fault !== undefined && { fault: fault.name }),
    stages,
    checks: findings.checks,
    problems: findings.problems,
  };
  const verdictFile = join(runDirectory, 'verdict.json');
  writeAtomically(verdictFile, `${JSON.stringify(verdict, null, 1)}\n`);
  const { state, distance, exitCode, headline } = verdict;
  history.save({
    run,
    kind: 'verify',
    task: task.name,
    state,
    distance,
    exitCode,
    headline,
    startedAt,
    durationMs,
    loop: loop ?? null,
  });
  log.emit({ type: 'run.finished', state, exitCode, durationMs, verdictFile });
  log.close();
  return verdict;
}

type Conclusion = Pick<Verdict, 'state' | 'distance' | 'headline' | 'exitCode'>;

/**
 * A problem makes a pass unknown. A failure that was seen stays one, but for a problem of the environment: what was lost
 * with it may be why something failed, so that is unknown too.
 */
function conclude(
  stages: Verdict['stages'],
  { checks, problems }: Findings,
  { signal, strict }: { readonly signal: AbortSignal; readonly strict: boolean },
): Conclusion {
  if (signal.aborted)
    return { state: 'unknown', distance: null, headline: 'it was stopped before it could be judged', exitCode: 130 };
  const judged = strict ? strictly(sumUp(stages, checks), checks) : sumUp(stages, checks);
  const [worstProblem] = [...problems].sort((a, b) => problemExitCodes[b.kind] - problemExitCodes[a.kind]);
  if (worstProblem === undefined) return { ...judged, exitCode: exitCodeOf(judged.state) };
  const lost = worstProblem.kind === 'environment' || checks.length === 0;
  const state = lost ? 'unknown' : worst([judged.state, 'unknown']);
  return {
    state,
    distance: state === judged.state ? judged.distance : null,
    headline: state === judged.state ? judged.headline : (worstProblem.message.split('\n')[0] ?? ''),
    exitCode: lost ? problemExitCodes[worstProblem.kind] : exitCodeOf(state),
  };
}
