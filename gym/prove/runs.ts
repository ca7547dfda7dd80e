import { failed, ok, type Result } from '../events/problem.ts';
import type { Verdict } from '../judge/verdict.ts';
import { type Nearest, readFaultRun, type StoredFaultRun, writeFaultRun } from '../store/proofs.ts';
import { newRunName } from '../store/store.ts';
import type { Task } from '../task/schema.ts';
import { verify } from '../verify/verify.ts';
import { runKey } from './key.ts';
import { type Cell, heldGatesUnproven, type Matrix, type ProvingFault } from './matrix.ts';
import { nearestCheck } from './nearest.ts';
import { cellsOf, cheapestCover, isConclusive, type RunnableFault } from './patches.ts';
import { type ProveRequest, verification } from './request.ts';

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
      return ok(cheapestCover(patches, heldGatesUnproven(matrix)));
    case 'check':
      return ok(patches.filter(({ caughtBy }) => caughtBy.length === 0 || caughtBy.includes(scope.check)));
    case 'fault': {
      const named = patches.filter(({ name }) => name === scope.fault);
      if (named.length > 0) return ok(named);
      return failed({ kind: 'usage', message: `${task.name} has no fault ${scope.fault}` });
    }
  }
}

/** What the runs under faults said. */
export interface Tried {
  readonly faults: ProvingFault[];
  readonly cells: Cell[];
  readonly nearest: Map<string, Nearest>;
}

/** A matrix with what was tried besides. */
export function together({ checks, faults, cells }: Matrix, tried: Tried): Matrix {
  return { checks, faults: [...faults, ...tried.faults], cells: [...cells, ...tried.cells] };
}

/** Tries what is asked for. A check may not notice what it was said to: then what else may prove it is tried. */
export async function tryAsked(
  request: ProveRequest,
  runnable: readonly RunnableFault[],
  first: Matrix,
  clean: Verdict,
): Promise<Result<Tried>> {
  const tried: Tried = { faults: [], cells: [], nearest: new Map() };
  let left = runnable;
  for (;;) {
    const next = chosen(request, left, together(first, tried));
    if (!next.ok) return next;
    await tryAll(request, next.value, clean, tried);
    left = left.filter((fault) => !next.value.includes(fault));
    if (request.scope.kind !== 'unproven' || next.value.length === 0 || request.signal.aborted) return ok(tried);
  }
}

/** So many at a time; each is kept as soon as it has ended. */
async function tryAll(
  request: ProveRequest,
  faults: readonly RunnableFault[],
  clean: Verdict,
  tried: Tried,
): Promise<void> {
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
  const { records, task } = request;
  const key = runKey(request, clean, fault.hash);
  const kept = readFaultRun(records, task.name, key);
  if (kept === undefined) request.onProgress({ kind: 'begun', fault: fault.name });
  const found = kept ?? (await runUnder(request, fault, clean));
  if (found === undefined) return undefined;
  if (kept === undefined && isConclusive(found)) writeFaultRun(records, task.name, key, found);
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
  const lost = verdict.problems.find(
    ({ kind }) => (kind !== 'evidence' && kind !== 'crash') || fault.tier === 'environment',
  );
  const nearest = nearestCheck(clean.checks, verdict.checks);
  if (lost === undefined)
    return { fault: fault.name, cells: cellsOf(fault.name, verdict, clean), ...(nearest !== undefined && { nearest }) };
  // A patch that does not apply, or with which nothing comes up, has shown nothing of any check.
  const because = lost.message.split('\n')[0] ?? '';
  const cells = clean.checks.map(({ name }) => ({
    check: name,
    outcome: 'not-activated' as const,
    because,
  }));
  return { fault: fault.name, cells };
}
