import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import { readRecorded } from '../evidence/recorded.ts';
import { isGreen, problemExitCodes, type Verdict } from '../judge/verdict.ts';
import {
  type AgentProof,
  type Nearest,
  readAgentProofs,
  readProofs,
  writeAgentProofs,
  writeProofs,
} from '../store/proofs.ts';
import { newRunName } from '../store/store.ts';
import type { Evidence } from '../task/measurement.ts';
import type { Task } from '../task/schema.ts';
import { verify } from '../verify/verify.ts';
import { patchesOf } from '../workspace/patch.ts';
import { isExercise, tryAgents } from './agents.ts';
import { namedDisturbances } from './disturbances.ts';
import { type Dose, smallestDoses } from './dose.ts';
import { runKey } from './key.ts';
import { type Matrix, proofsOf } from './matrix.ts';
import { taskMutants } from './mutants.ts';
import { namedPatches } from './patches.ts';
import { type ProveRequest, verification } from './request.ts';
import { together, tryAsked } from './runs.ts';
import { tamperAll, trustBoundary } from './tamperings.ts';

/** Whether each check can fail, and how that is known. */
export interface ProofReport {
  readonly task: string;
  readonly matrix: Matrix;
  /** By check. */
  readonly doses: ReadonlyMap<string, readonly Dose[]>;
  /** By check: the sources that it believes when all of them are off in the same way. */
  readonly trusted: ReadonlyMap<string, readonly string[]>;
  /** By fault that no check noticed: the check that came nearest to it. */
  readonly nearest: ReadonlyMap<string, Nearest>;
  /** What came of agents that should be done and of those that should not; none where the task is no exercise, or only a part was asked for. */
  readonly agents: readonly AgentProof[];
  readonly cleanRun: string;
  readonly durationMs: number;
}

/**
 * Tries whether each check can fail:
 *
 *     clean run (recorded) ──► tampering, all of it ──► what is still unproven ──► runs under faults, cheapest cover first
 *          │ not green                                                                     │
 *          ▼                                                                               ▼
 *       a problem: nothing can be proven                                     record, by which verdicts say UNPROVEN
 *
 * Runs are kept by the hash of the workspace and the fault, so one that was cut off goes on, and what did not change is not run again.
 */
export async function prove(request: ProveRequest): Promise<Result<ProofReport>> {
  const startedAt = performance.now();
  const { task, records, scope } = request;
  const clean = await cleanRun(request);
  if (!isGreen(clean.state)) return failed(notClean(request, clean));
  request.onProgress({ kind: 'clean', run: clean.run });
  const evidence = readRecorded(records.runDirectory(clean.run));
  if (evidence === undefined) return failed(notClean(request, clean));

  const checks = clean.checks
    // No fault concerns a guard: gym's own tests show that it can fail.
    .filter(({ name, kind }) => kind !== 'guard' && (scope.kind !== 'check' || name === scope.check))
    .map(({ name, kind, severity, state }) => ({ name, kind, severity, state }));
  // What does not hold without a fault (it only warns, or is waived) is not made to fail by one.
  const holding = new Set(checks.filter(({ state }) => state === 'pass').map(({ name }) => name));
  const asked = task.invariants.filter(({ name }) => holding.has(name));
  const beganTampering = performance.now();
  const tampered = scope.kind === 'fault' ? { faults: [], cells: [] } : tamperedBy(asked, evidence);
  request.onProgress({
    kind: 'tampered',
    faults: tampered.faults.length,
    durationMs: performance.now() - beganTampering,
  });
  const first: Matrix = { checks, ...tampered };

  const runnable = [
    ...namedPatches(task),
    ...namedDisturbances(task, request.environmentVariables),
    ...(scope.kind === 'full' ? await taskMutants(task) : []),
  ];
  const runs = await tryAsked(request, runnable, first, clean);
  if (!runs.ok) return runs;
  const tried = together(first, runs.value);
  if (request.signal.aborted) return failed(stopped);
  record(request, clean, tried);
  const agents = await agentsOf(request, clean);
  if (request.signal.aborted) return failed(stopped);
  if (!agents.ok) return agents;
  // One fault says nothing of the checks that it is not about.
  const matrix =
    scope.kind === 'fault'
      ? { ...tried, checks: tried.checks.filter(({ name }) => proofsOf(tried, name).length > 0) }
      : tried;
  return ok({
    task: task.name,
    matrix,
    doses: new Map(asked.map((each) => [each.name, smallestDoses(each, evidence)])),
    trusted: new Map(
      asked.flatMap((each): [string, string[]][] => {
        const trusted = trustBoundary(each, evidence);
        return trusted === undefined ? [] : [[each.name, trusted]];
      }),
    ),
    nearest: runs.value.nearest,
    agents: agents.value,
    cleanRun: clean.run,
    durationMs: performance.now() - startedAt,
  });
}

/** Without a fault. All of it runs, and is kept for the next `gym verify`; of a task that holds checks out nothing ever is. */
function cleanRun(request: ProveRequest): Promise<Verdict> {
  const keeps = request.task.heldOut === undefined ? ({ cache: 'refresh' } as const) : {};
  return verify({ ...verification(request), ...keeps, run: newRunName(new Date()) });
}

const stopped: Problem = { kind: 'usage', message: 'stopped by a person; what was tried is kept' };

function notClean({ task, records }: ProveRequest, verdict: Verdict): Problem {
  return {
    kind: verdict.exitCode === problemExitCodes.environment ? 'environment' : 'evidence',
    message: `nothing can be proven: without a fault the run ${verdict.run} comes to ${verdict.state}: ${verdict.headline}`,
    remedy: task.heldOut === undefined ? `gym show ${verdict.run}` : `See ${records.runDirectory(verdict.run)}`,
  };
}

function tamperedBy(invariants: Task['invariants'], evidence: Evidence): ReturnType<typeof tamperAll> {
  const scratch = mkdtempSync(join(tmpdir(), 'gym-prove-'));
  try {
    return tamperAll(invariants, evidence, scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Agents are tried where all of the task is asked for; what did not change is not tried again. */
async function agentsOf(request: ProveRequest, clean: Verdict): Promise<Result<AgentProof[]>> {
  const { task, store, scope } = request;
  if (!isExercise(task) || scope.kind === 'check' || scope.kind === 'fault') return ok([]);
  const files = ['start', 'solution'].flatMap((folder) => patchesOf(join(task.root, folder)));
  const key = runKey(request, clean, ...files.map((file) => readFileSync(file, 'utf8')));
  const kept = readAgentProofs(store, task.name, key);
  if (kept !== undefined) return ok(kept);
  request.onProgress({ kind: 'agents' });
  const tried = await tryAgents(request);
  // What came out wrong may have been the machine's doing: it is tried again.
  const isRight = tried.ok && tried.value.every(({ isAsItShouldBe }) => isAsItShouldBe);
  if (isRight && !request.signal.aborted) writeAgentProofs(store, task.name, key, tried.value);
  return tried;
}

/** Notes what is proven, with what was noted before for the same definition. The checkout has no word of what is held out. */
function record({ store, records, task }: ProveRequest, clean: Verdict, matrix: Matrix): void {
  const { definition } = clean.workspace;
  const last = readProofs(records, task.name);
  const before = last?.definition === definition ? last.checks : {};
  const checks = Object.fromEntries(
    clean.checks.map(({ name }) => [
      name,
      [...new Set([...(before[name] ?? []), ...proofsOf(matrix, name)])].slice(0, 50),
    ]),
  );
  const proofs = { schema: 'gym.proof/1', task: task.name, definition, checks, at: Date.now() } as const;
  writeProofs(records, proofs);
  if (task.heldOut === undefined) return;
  const heldOut = new Set(task.heldOut.checks);
  const inSight = Object.fromEntries(Object.entries(checks).filter(([name]) => !heldOut.has(name)));
  writeProofs(store, { ...proofs, checks: inSight });
}
