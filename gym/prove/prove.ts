import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Listener } from '../events/log.ts';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import { readRecorded } from '../evidence/recorded.ts';
import { isGreen, type Verdict } from '../judge/verdict.ts';
import type { History } from '../store/history.ts';
import {
  type AgentProof,
  type Nearest,
  readAgentProofs,
  readFaultRun,
  readProofs,
  type StoredFaultRun,
  writeAgentProofs,
  writeFaultRun,
  writeProofs,
} from '../store/proofs.ts';
import { newRunName, type Store } from '../store/store.ts';
import type { Evidence } from '../task/measurement.ts';
import type { Task } from '../task/schema.ts';
import type { VerifyRequest } from '../verify/request.ts';
import { verify } from '../verify/verify.ts';
import { patchesOf } from '../workspace/patch.ts';
import { isExercise, tryAgents } from './agents.ts';
import { namedDisturbances } from './disturbances.ts';
import { type Dose, smallestDoses } from './dose.ts';
import { type Cell, type Matrix, type ProvingFault, proofsOf, unprovenGates } from './matrix.ts';
import { taskMutants } from './mutants.ts';
import { nearestCheck } from './nearest.ts';
import { cellsOf, cheapestCover, namedPatches, type RunnableFault } from './patches.ts';
import { tamperAll, trustBoundary } from './tamperings.ts';

/** What is to be proven. */
export interface ProveRequest {
  readonly task: Task;
  readonly store: Store;
  readonly history: History;
  readonly environmentVariables: VerifyRequest['environmentVariables'];
  readonly signal: AbortSignal;
  /** gym's own: what it judges may change with it. */
  readonly version: string;
  readonly scope: ProveScope;
  /** Runs at the same time. */
  readonly parallel: number;
  readonly listeners: readonly Listener[];
  readonly onProgress: (progress: ProveProgress) => void;
}

/** Everything that was not tried yet for what is unproven; all there is; what concerns one check; or one fault. */
export type ProveScope =
  | { readonly kind: 'unproven' }
  | { readonly kind: 'full' }
  | { readonly kind: 'check'; readonly check: string }
  | { readonly kind: 'fault'; readonly fault: string };

/** What a person may want to see while it goes on. */
export type ProveProgress =
  | { readonly kind: 'clean'; readonly run: string; readonly isRecorded: boolean }
  | { readonly kind: 'tampered'; readonly faults: number; readonly durationMs: number }
  | { readonly kind: 'begun'; readonly fault: string }
  | { readonly kind: 'agents' }
  | {
      readonly kind: 'tried';
      readonly fault: string;
      readonly killedBy: readonly string[];
      readonly isCached: boolean;
    };

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
  const { task, store, scope } = request;
  const clean = await verify({ ...verification(request), run: newRunName(new Date()) });
  if (!isGreen(clean.state)) return failed(notClean(clean));
  request.onProgress({ kind: 'clean', run: clean.run, isRecorded: false });
  const evidence = readRecorded(store.runDirectory(clean.run));
  if (evidence === undefined) return failed(notClean(clean));

  const asked = task.invariants.filter(({ name }) => scope.kind !== 'check' || name === scope.check);
  const beganTampering = performance.now();
  const tampered = scope.kind === 'fault' ? { faults: [], cells: [] } : tamperedBy(asked, evidence);
  request.onProgress({
    kind: 'tampered',
    faults: tampered.faults.length,
    durationMs: performance.now() - beganTampering,
  });
  const checks = clean.checks.map(({ name, kind, severity }) => ({ name, kind, severity }));
  const first: Matrix = { checks, ...tampered };

  const runnable = [
    ...namedPatches(task),
    ...namedDisturbances(task, request.environmentVariables),
    ...(scope.kind === 'full' ? taskMutants(task) : []),
  ];
  const patches = chosen(request, runnable, first);
  if (!patches.ok) return patches;
  const runs = await tryAll(request, patches.value, clean);
  const matrix: Matrix = { checks, faults: [...first.faults, ...runs.faults], cells: [...first.cells, ...runs.cells] };
  if (request.signal.aborted) return failed({ kind: 'usage', message: 'stopped by a person; what was tried is kept' });
  record(request, clean, matrix);
  const agents = await agentsOf(request, clean);
  if (!agents.ok) return agents;
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
    nearest: runs.nearest,
    agents: agents.value,
    cleanRun: clean.run,
    durationMs: performance.now() - startedAt,
  });
}

function verification({ task, store, history, environmentVariables, signal, listeners }: ProveRequest) {
  return { task, workspace: task.root, store, history, environmentVariables, signal, listeners };
}

function notClean(verdict: Verdict): Problem {
  return {
    kind: 'evidence',
    message: `nothing can be proven: without a fault the run ${verdict.run} comes to ${verdict.state}: ${verdict.headline}`,
    remedy: `gym show ${verdict.run}`,
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

/** The faults to be tried, in the order in which they should be. */
function chosen(
  { scope, task }: ProveRequest,
  patches: readonly RunnableFault[],
  matrix: Matrix,
): Result<RunnableFault[]> {
  switch (scope.kind) {
    case 'full':
      return ok([...patches]);
    case 'unproven':
      return ok(cheapestCover(patches, unprovenGates(matrix)));
    case 'check':
      return ok(patches.filter(({ caughtBy }) => caughtBy.length === 0 || caughtBy.includes(scope.check)));
    case 'fault': {
      const named = patches.filter(({ name }) => name === scope.fault);
      if (named.length > 0) return ok(named);
      return failed({ kind: 'usage', message: `${task.name} has no fault ${scope.fault}` });
    }
  }
}

interface Tried {
  readonly faults: ProvingFault[];
  readonly cells: Cell[];
  readonly nearest: Map<string, Nearest>;
}

/** So many at a time; each is kept as soon as it has ended. */
async function tryAll(request: ProveRequest, faults: readonly RunnableFault[], clean: Verdict): Promise<Tried> {
  const tried: Tried = { faults: [], cells: [], nearest: new Map() };
  const waiting = [...faults];
  const work = async (): Promise<void> => {
    for (let fault = waiting.shift(); fault !== undefined; fault = waiting.shift()) {
      if (request.signal.aborted) return;
      const found = await tryOne(request, fault, clean);
      if (found === undefined) return;
      const { run: _, hash: __, ...told } = fault;
      tried.faults.push(told);
      tried.cells.push(...found.cells.map((cell) => withReason({ ...cell, fault: fault.name }, request.task)));
      if (found.nearest !== undefined) tried.nearest.set(fault.name, found.nearest);
    }
  };
  await Promise.all(Array.from({ length: request.parallel }, work));
  return tried;
}

/** A fault that need not be noticed is no survivor. */
function withReason(cell: Cell, { ignoredFaults }: Task): Cell {
  const reason = ignoredFaults[cell.fault];
  return reason === undefined || cell.outcome !== 'survived' ? cell : { ...cell, outcome: 'ignored', because: reason };
}

/** What each check said under a fault; `undefined`: the run was broken off. */
async function tryOne(
  request: ProveRequest,
  fault: RunnableFault,
  clean: Verdict,
): Promise<StoredFaultRun | undefined> {
  const { store, task, version } = request;
  const key = createHash('sha256').update([version, clean.workspace.hash, fault.hash].join('\0')).digest('hex');
  const kept = readFaultRun(store, task.name, key);
  if (kept === undefined) request.onProgress({ kind: 'begun', fault: fault.name });
  const found = kept ?? (await runUnder(request, fault, clean));
  if (found === undefined) return undefined;
  if (kept === undefined) writeFaultRun(store, task.name, key, found);
  const killedBy = found.cells.filter(({ outcome }) => outcome === 'killed').map(({ check }) => check);
  request.onProgress({ kind: 'tried', fault: fault.name, killedBy, isCached: kept !== undefined });
  return found;
}

async function runUnder(
  request: ProveRequest,
  fault: RunnableFault,
  clean: Verdict,
): Promise<StoredFaultRun | undefined> {
  const verdict = await verify({ ...verification(request), run: newRunName(new Date()), fault: fault.run });
  if (request.signal.aborted) return undefined;
  const lost = verdict.problems.find((problem) => problem.kind !== 'evidence' || fault.tier === 'environment');
  const nearest = nearestCheck(clean.checks, verdict.checks);
  if (lost === undefined)
    return { fault: fault.name, cells: cellsOf(fault.name, verdict), ...(nearest !== undefined && { nearest }) };
  // A patch that does not apply, or with which nothing comes up, has shown nothing of any check.
  const because = lost.message.split('\n')[0] ?? '';
  const cells = request.task.invariants.map(({ name }) => ({
    check: name,
    outcome: 'not-activated' as const,
    because,
  }));
  return { fault: fault.name, cells };
}

/** Agents are tried where all of the task is asked for; what did not change is not tried again. */
async function agentsOf(request: ProveRequest, clean: Verdict): Promise<Result<AgentProof[]>> {
  const { task, store, version, scope } = request;
  if (!isExercise(task) || scope.kind === 'check' || scope.kind === 'fault') return ok([]);
  const files = ['start', 'solution'].flatMap((folder) => patchesOf(join(task.root, folder)));
  const hash = createHash('sha256').update([version, clean.workspace.hash].join('\0'));
  for (const file of files) hash.update(readFileSync(file));
  const key = hash.digest('hex');
  const kept = readAgentProofs(store, task.name, key);
  if (kept !== undefined) return ok(kept);
  request.onProgress({ kind: 'agents' });
  const tried = await tryAgents(request);
  if (tried.ok && !request.signal.aborted) writeAgentProofs(store, task.name, key, tried.value);
  return tried;
}

/** Notes what is proven, with what was noted before for the same definition. */
function record({ store, task }: ProveRequest, clean: Verdict, matrix: Matrix): void {
  const { definition } = clean.workspace;
  const last = readProofs(store, task.name);
  const before = last?.definition === definition ? last.checks : {};
  const checks = Object.fromEntries(
    clean.checks.map(({ name }) => [
      name,
      [...new Set([...(before[name] ?? []), ...proofsOf(matrix, name)])].slice(0, 50),
    ]),
  );
  writeProofs(store, { schema: 'gym.proof/1', task: task.name, definition, checks, at: Date.now() });
}
