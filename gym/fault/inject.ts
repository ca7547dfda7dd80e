import { randomBytes } from 'node:crypto';
import { findLabelled } from '../environment/down.ts';
import { label } from '../environment/labels.ts';
import { startWatchdog } from '../environment/watchdog.ts';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import { thisOwner } from '../store/owner.ts';
import { type EnvironmentFault, type FaultEvidence, serviceOf } from '../task/environment-fault.ts';
import { known } from '../task/suggest.ts';
import { conflictOf } from './conflict.ts';
import { notesFile, type OpenFault, openFaults, writeNote } from './notes.ts';
import { helperOf } from './once.ts';
import { planPartition } from './partition.ts';
import type { Outcome, Plan, Planning } from './plan.ts';
import { planProcessFault } from './process-faults.ts';
import { type FaultTraffic, readTraffic } from './proxy-container.ts';
import { planClock, planCpu, planDisk, planMemory } from './resources.ts';
import { findSystem, openSystem, type System } from './system.ts';
import { planTraffic } from './traffic.ts';
import { undoAll } from './undo.ts';

/** Which environment is meant: its project, as `gym ps` and `Environment.project` say it. */
export interface FaultPlace {
  readonly ambient: Readonly<Record<string, string | undefined>>;
  readonly project: string;
}

/** How long a fault stays. */
export interface FaultLife {
  /** `process`: until this process ends, at most; `kept`: until it is cleared or its environment goes. */
  readonly held: 'process' | 'kept';
  /** Clears it. */
  readonly signal?: AbortSignal;
}

/** A fault that was injected. It is cleared at the end of an `await using`. */
export interface Injected extends AsyncDisposable {
  /** Names it for `clear`: "latency-db-3fa9". */
  readonly id: string;
  readonly fault: EnvironmentFault;
  /** Whether it took effect. One that did not is undone already. */
  readonly activated: boolean;
  readonly evidence: readonly FaultEvidence[];
  /** Undoes it; idempotent. Gives what was done, in words. */
  clear(): Promise<Result<readonly string[]>>;
}

/** A fault that is there. */
export interface ListedFault {
  readonly id: string;
  readonly fault: EnvironmentFault;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly held: 'process' | 'kept';
  /** `null`: it is just being injected, or the process that did was killed: the next sweep undoes it. */
  readonly evidence: readonly FaultEvidence[] | null;
  /** Services that were started anew since: what was done inside of them is gone. */
  readonly restarted: readonly string[];
  /** What went through its proxy; `null` where it has none. */
  readonly traffic: FaultTraffic | null;
}

/**
 * Injects a fault into an environment that is up. What undoes it is noted before anything is done. Problems: of kind `usage` where
 * the fault does not fit the environment, of kind `environment` where it is not possible here or failed; nothing of it is left then.
 */
export async function inject(
  place: FaultPlace,
  fault: EnvironmentFault,
  life: FaultLife = { held: 'process' },
): Promise<Result<Injected>> {
  const system = await openSystem(place.ambient, place.project);
  if (!system.ok) return system;
  const file = fileOf(system.value);
  const id = `${fault.kind}-${serviceOf(fault)}-${randomBytes(2).toString('hex')}`;
  const open = openFaults(file).filter((each) => isOf(system.value, each));
  const conflict = conflictOf(fault, open);
  if (conflict !== undefined) return failed(conflict);
  const plan = await planOf({ system: system.value, id, open }, fault);
  if (!plan.ok) return plan;
  const { undo, members } = plan.value;
  const startedAt = Object.fromEntries(members.map(({ id: container, info }) => [container, info.State.StartedAt]));
  const by = thisOwner();
  // Should this process be killed, it undoes what is half done, and what was to last no longer than the process.
  const watchdog = startWatchdog(place.ambient);
  writeNote(file, {
    v: 1,
    type: 'injecting',
    id,
    at: Date.now(),
    by,
    held: life.held,
    fault,
    undo: [...undo],
    startedAt,
  });
  const outcome = await act(plan.value, life.signal);
  const stays = outcome.ok && outcome.value.activated && undo.length > 0;
  if (!stays) {
    const undone = await clearThere(place, file, [id]);
    if (undone.ok) watchdog.end();
    if (!outcome.ok) return undone.ok ? outcome : failed(...outcome.problems, ...undone.problems);
    if (!undone.ok) return undone;
  } else writeNote(file, { v: 1, type: 'injected', id, evidence: [...outcome.value.evidence] });
  if (life.held === 'kept') watchdog.end();
  const clearNow = async (): Promise<Result<readonly string[]>> => {
    const undone = await clearThere(place, file, [id]);
    if (undone.ok) watchdog.end();
    return undone;
  };
  let cleared: Promise<Result<readonly string[]>> | undefined;
  const clearIt = (): Promise<Result<readonly string[]>> => {
    cleared ??= clearNow();
    return cleared;
  };
  if (life.signal?.aborted) {
    const undone = await clearIt();
    if (!undone.ok) return undone;
  }
  life.signal?.addEventListener('abort', clearIt, { once: true });
  return ok({
    id,
    fault,
    ...outcome.value,
    clear: clearIt,
    async [Symbol.asyncDispose]() {
      life.signal?.removeEventListener('abort', clearIt);
      await clearIt();
    },
  });
}

async function act(plan: Plan, signal: AbortSignal | undefined): Promise<Result<Outcome>> {
  if (signal?.aborted) return failed({ kind: 'environment', message: 'interrupted before the fault was injected' });
  return plan.act();
}

function planOf(planning: Planning, fault: EnvironmentFault): Result<Plan> | Promise<Result<Plan>> {
  switch (fault.kind) {
    case 'kill':
    case 'stop':
    case 'pause':
    case 'restart':
      return planProcessFault(planning, fault);
    case 'partition':
      return planPartition(planning, fault);
    case 'latency':
    case 'bandwidth':
    case 'reset':
    case 'count':
      return planTraffic(planning, fault);
    case 'disk':
      return planDisk(planning, fault);
    case 'memory':
      return planMemory(planning, fault);
    case 'cpu':
      return planCpu(planning, fault);
    case 'clock':
      return planClock(fault);
  }
}

/** Undoes faults: those named, or all, the newest first. Gives what was done, in words. One that is unknown is a problem of kind `usage`. */
export async function clear(place: FaultPlace, ids?: readonly string[]): Promise<Result<readonly string[]>> {
  const system = await openSystem(place.ambient, place.project);
  if (!system.ok) return system;
  const file = fileOf(system.value);
  const open = openFaults(file).map(({ id }) => id);
  const unknown = ids?.find((id) => !open.includes(id));
  if (unknown !== undefined)
    return failed({ kind: 'usage', message: `there is no fault ${unknown}`, remedy: known('faults', open) });
  return clearThere(place, file, ids ?? open);
}

/** The faults of an environment, the oldest first. */
export async function list(place: FaultPlace): Promise<Result<readonly ListedFault[]>> {
  const found = await openSystem(place.ambient, place.project);
  if (!found.ok) return found;
  const system = found.value;
  const listed: ListedFault[] = [];
  for (const open of openFaults(fileOf(system)).filter((each) => isOf(system, each))) {
    const traffic = 'to' in open.fault && open.evidence !== null ? await trafficOf(system, open.id) : ok(null);
    const { id, fault, at, held, evidence } = open;
    const restarted = restartedSince(system, open);
    listed.push({ id, fault, at, held, evidence, restarted, traffic: traffic.ok ? traffic.value : null });
  }
  return ok(listed);
}

/** Whether a fault is of this environment, not of one that had its name before. */
function isOf({ members }: System, { fault, at }: OpenFault): boolean {
  const member = members.get(serviceOf(fault));
  return member !== undefined && Date.parse(member.info.Created) <= at;
}

/** What is done inside of a running container ends with it. */
function restartedSince({ members }: System, { undo, startedAt }: OpenFault): string[] {
  const inside = new Set(
    undo.flatMap((step) => (step.do === 'reach' || step.do === 'resolve' || step.do === 'free' ? step.container : [])),
  );
  return [...members.values()].flatMap(({ id, service, info }) =>
    inside.has(id) && startedAt[id] !== info.State.StartedAt ? service : [],
  );
}

async function trafficOf(system: System, id: string): Promise<Result<FaultTraffic | null>> {
  const labels = [`${label.project}=${system.project}`, `${label.helper}=${helperOf(id)}`];
  const made = await findLabelled(system.engine, labels, () => true);
  if (!made.ok) return made;
  const [proxy] = made.value.containers;
  return proxy === undefined ? ok(null) : readTraffic(system, proxy);
}

/** Undoes those that are open, the newest first. Of an environment that is gone there is nothing to undo. */
export async function clearThere(
  place: FaultPlace,
  file: string,
  ids: readonly string[],
): Promise<Result<readonly string[]>> {
  const system = await findSystem(place.ambient, place.project);
  if (!system.ok) return system;
  const done: string[] = [];
  const problems: Problem[] = [];
  for (const { id, undo } of openFaults(file).toReversed()) {
    if (!ids.includes(id)) continue;
    const undone = system.value === undefined ? ok([]) : await undoAll(system.value, id, undo);
    if (undone.ok) {
      writeNote(file, { v: 1, type: 'cleared', id });
      done.push(...undone.value);
    } else problems.push(...undone.problems);
  }
  const [first, ...others] = problems;
  return first === undefined ? ok(done) : failed(first, ...others);
}

function fileOf({ checkout, project }: System): string {
  return notesFile(checkout, project);
}
