import { join } from 'node:path';
import type { Environment } from '../environment/environment.ts';
import type { Emit } from '../events/event.ts';
import { type EventLog, openEventLog } from '../events/log.ts';
import { failed, ok, type Result } from '../events/problem.ts';
import { observedBy } from '../evidence/kinds.ts';
import { listText } from '../judge/text.ts';
import { type Verdict, verdictSchemaName } from '../judge/verdict.ts';
import { endRun, verdictName } from '../store/run-files.ts';
import { type HeldOut, heldOutCheck, heldOutFiles, partsOf } from '../task/held-out.ts';
import type { Task } from '../task/schema.ts';
import { canaryCheck } from '../task/target.ts';
import { ownBaseline } from '../workspace/judging.ts';
import { matchesAny } from '../workspace/paths.ts';
import { type SnapshotPlace, takePlace } from '../workspace/place.ts';
import { judgeOwnText } from './again-text.ts';
import { baselineCommit, baselineNeed, removeBaselineFiles } from './baseline.ts';
import { bringUp } from './bring-up.ts';
import { conclude, partly, withCached } from './conclude.ts';
import { type Findings, note, phase, type Way } from './findings.ts';
import { workspaceChanges } from './guards.ts';
import { removeAside, removeFiles, setAside } from './held-out.ts';
import { runAndJudge } from './in-environment.ts';
import { keepIfWhole } from './keep-whole.ts';
import { asInWorkspace } from './places.ts';
import { definitionHash } from './proof.ts';
import { checkSnapshot, type Protected, takeProtected } from './protecting.ts';
import type { VerifyRequest } from './request.ts';
import { changeSince, lastVerdict } from './since.ts';
import { asStageResult, keepFailedCases } from './stage-result.ts';

/**
 * Walks the way of a verification once. Always gives a verdict and writes it to `verdict.json`; nothing of the
 * environment is left, however it ends.
 *
 *     snapshot -> up -> stages (with their evidence) -> [baseline, targets] -> judge -> down -> verdict
 *         '--------'------'--- a problem or an abort --------'-------------------^
 */
export async function verify(asked: VerifyRequest): Promise<Verdict> {
  const { visible, ...parts } = partsOf(asked.task);
  const heldOut = asked.part === undefined && asked.isCanary !== true ? parts.heldOut : undefined;
  const request = { ...asked, task: visible };
  const startedAt = Date.now();
  const runDirectory = request.store.makeRunDirectory(request.run);
  const log = openEventLog(join(runDirectory, 'events.ndjson'), request.run, request.listeners);
  const findings: Findings = {
    ...{
      taken: null,
      definition: '',
      commit: undefined,
      changes: undefined,
      unguarded: undefined,
      canary: undefined,
      plan: undefined,
    },
    proposals: acceptedOf(request),
    ...{ outcomes: [], checks: [], problems: [] },
  };
  begin(request, log.emit, startedAt, heldOut);
  const place = takePlace(request.store, request.workspace);
  try {
    try {
      await walk(request, place, { directory: place.directory, runDirectory, emit: log.emit }, findings, heldOut);
    } finally {
      removeBaselineFiles(runDirectory);
      removeAside(request.run);
      // In a proof they were in sight, and the snapshot stays in the checkout.
      removeFiles(place.directory, asked.task.heldOut?.files ?? []);
    }
    const verdict = end(request, log, { findings, startedAt, runDirectory });
    keepIfWhole(request, findings, { verdict, directory: place.directory });
    return verdict;
  } finally {
    place.release();
  }
}

function acceptedOf({ proposals = [] }: VerifyRequest): NonNullable<Verdict['proposals']> {
  return proposals.flatMap(({ id, state, files, reason }) =>
    state === 'accepted' ? [{ id, state, files: files.map(({ path }) => path), reason }] : [],
  );
}

async function walk(
  request: VerifyRequest,
  place: SnapshotPlace,
  way: Way,
  findings: Findings,
  heldOut?: HeldOut,
): Promise<void> {
  if (request.note !== undefined) way.emit({ type: 'noted', text: request.note });
  const taken = await phase('snapshot', way.emit, () => prepare(request, place, way));
  if (!taken.ok) return note(findings, way.emit, taken.problems);
  findings.taken = taken.value;
  findings.definition = definitionHash(request.task, taken.value.protection, way.directory);
  await setAside(request.run, way.directory, heldOutFiles(request.task));
  if (baselineNeed(request, heldOut?.task) !== 'nothing') {
    findings.commit = await baselineCommit(request);
    // A ref that was asked for has to be there; without a default only what needs it is unknown.
    const { compareWith } = request;
    if (!findings.commit.ok && compareWith !== undefined && compareWith !== ownBaseline)
      return note(findings, way.emit, findings.commit.problems);
  }
  findings.changes = await workspaceChanges(request, way.directory, findings.commit);
  await runAndJudge(request, way, findings, () => upToJudge(request, way), heldOut);
}

async function prepare(
  request: VerifyRequest,
  place: SnapshotPlace,
  { directory, emit }: Way,
): Promise<Result<Protected>> {
  const { fault, task } = request;
  const taken = await takeProtected(request, place);
  if (!taken.ok) return taken;
  const checked = checkSnapshot(request, directory);
  if (!checked.ok) return checked;
  const applied = fault === undefined ? ok(undefined) : await fault.apply(directory);
  if (!applied.ok) return applied;
  const { moves } = taken.value;
  const told = moves.map(({ from, to }) => `${from} -> ${to}`);
  if (told.length > 0)
    emit({ type: 'noted', text: `tests were moved, each case has to be there still: ${listText(told)}` });
  // That an agent's worktree is without what is held out is no news, and the names are none of its business.
  const restored = taken.value.snapshot.restored.filter((path) => !matchesAny(path, heldOutFiles(task)));
  const snapshot = { ...taken.value.snapshot, restored };
  emit({ type: 'snapshot.taken', ...snapshot });
  return ok({ ...taken.value, snapshot });
}

async function upToJudge(request: VerifyRequest, { directory, runDirectory, emit }: Way): Promise<Result<Environment>> {
  const { task, workspace } = request;
  const logDirectory = join(runDirectory, 'logs');
  const observed = observedBy(task);
  const environment = await bringUp(request, { directory, projectSuffix: '', logDirectory, observed, emit });
  return environment.ok
    ? environment
    : failed(...asInWorkspace(environment.problems, directory, [workspace, task.root]));
}

function checkNames({ stages, invariants, targets }: Task, isCanary: boolean): string[] {
  const judged = isCanary ? [{ name: canaryCheck }] : [...invariants, ...targets];
  return [...stages, ...judged].map(({ name }) => name);
}

function begin(
  { task, workspace, run, loop, fault, history, isCanary = false }: VerifyRequest,
  emit: Emit,
  startedAt: number,
  heldOut?: HeldOut,
): void {
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
    checks: [...checkNames(task, isCanary), ...(heldOut === undefined || isCanary ? [] : [heldOutCheck])],
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
  for (const outcome of findings.outcomes) keepFailedCases(outcome, runDirectory);
  const verdict: Verdict = {
    schema: verdictSchemaName,
    run,
    task: task.name,
    ...withCached(partly(conclude(stages, findings, { signal, strict: request.strict ?? false }), request), stages),
    startedAt,
    durationMs,
    workspace: {
      root: workspace,
      hash: findings.taken?.snapshot.hash ?? '',
      definition: findings.definition,
      ...(request.baseline !== undefined && { baseline: request.baseline.name }),
      ...(request.baseline !== undefined && loop === undefined && { judgeOwn: judgeOwnText(request) }),
      restored: [...(findings.taken?.snapshot.restored ?? [])],
      ...((findings.taken?.moves.length ?? 0) > 0 && { moved: [...(findings.taken?.moves ?? [])] }),
      ...(findings.unguarded !== undefined && { unguarded: findings.unguarded }),
    },
    ...(fault !== undefined && { fault: fault.name }),
    ...(request.part !== undefined && { part: request.part }),
    ...(findings.canary !== undefined && { canary: findings.canary }),
    ...(findings.proposals.length > 0 && { proposals: findings.proposals }),
    stages,
    checks: findings.checks,
    problems: findings.problems,
    ...changeOf(request, findings),
  };
  const { state, distance, exitCode, headline } = verdict;
  const row = {
    run,
    kind: 'verify',
    task: task.name,
    state,
    distance,
    exitCode,
    headline,
    startedAt,
    durationMs,
  } as const;
  endRun(history, runDirectory, { ...row, loop: loop ?? null }, `${JSON.stringify(verdict, null, 1)}\n`);
  const verdictFile = join(runDirectory, verdictName);
  log.emit({ type: 'run.finished', state, exitCode, durationMs, verdictFile });
  log.close();
  return verdict;
}

/** What changed since the run before, where both judged the code as it is. */
function changeOf(request: VerifyRequest, { checks, outcomes }: Findings): Pick<Verdict, 'change'> {
  const { fault, isCanary, part } = request;
  const isPlain = fault === undefined && isCanary !== true && part === undefined && checks.length > 0;
  const before = isPlain ? lastVerdict(request) : undefined;
  if (before === undefined) return {};
  return { change: changeSince(before, { checks, outcomes }, request.store.runDirectory) };
}
