import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findLabelled, removeAll } from '../environment/down.ts';
import { connectEngine } from '../environment/engine.ts';
import { listKept } from '../environment/existing.ts';
import { type Labels, label } from '../environment/labels.ts';
import { ok, type Result } from '../events/problem.ts';
import { waitForLock } from '../store/lock.ts';
import { ownerState } from '../store/owner.ts';
import { clearThere, type FaultPlace } from './inject.ts';
import { notedProjects, notesFile, type OpenFault, openFaults } from './notes.ts';
import { faultOfHelper } from './once.ts';

/** What the engine was asked for last may come to be so long after. */
const lateMs = 300;
/** Undoing takes a second or two. */
const sweeping = { limitMs: 20_000, signal: new AbortController().signal, onWait: () => undefined };

/**
 * Undoes what processes left in a checkout's environments that are gone, after a kill -9 or a crash: faults that they held, and those that
 * they had not finished injecting. Gives the faults.
 */
export async function sweepFaults(
  ambient: FaultPlace['ambient'],
  checkout: string,
): Promise<Result<readonly string[]>> {
  const swept: string[] = [];
  for (const project of notedProjects(checkout)) {
    const file = notesFile(checkout, project);
    // The watchdog and another gym may be at it at once.
    const taken = await waitForLock(dirname(file), `${project}.faults.lock`, sweeping);
    if (!('lock' in taken)) continue;
    using _ = { [Symbol.dispose]: () => taken.lock.release() };
    const orphans = openFaults(file).filter(isOrphan);
    const ids = orphans.map(({ id }) => id);
    const cleared = orphans.length === 0 ? ok([]) : await clearThere({ ambient, project }, file, ids);
    if (!cleared.ok) return cleared;
    // What the engine had been asked for when the process was killed may come a moment later.
    if (orphans.some(({ evidence }) => evidence === null)) await sleep(lateMs);
    const strays = await removeStrays(ambient, project, file);
    if (!strays.ok) return strays;
    swept.push(...ids);
  }
  return ok(swept);
}

/** The same in every checkout that has kept environments on this engine. What could not be undone is left to the next gym. */
export async function sweepAllFaults(ambient: FaultPlace['ambient']): Promise<void> {
  const kept = await listKept(ambient);
  const checkouts = new Set(kept.ok ? kept.value.map(({ checkout }) => checkout) : []);
  for (const checkout of checkouts) await sweepFaults(ambient, checkout);
}

/** Removes helpers of faults that are not open. The note of a fault is older than its first helper. */
async function removeStrays(ambient: FaultPlace['ambient'], project: string, file: string): Promise<Result<void>> {
  const engine = await connectEngine(ambient);
  if (!engine.ok) return engine;
  const isStray = (labels: Labels): boolean => {
    const id = faultOfHelper(labels?.[label.helper]);
    return id !== undefined && !openFaults(file).some((open) => open.id === id);
  };
  const found = await findLabelled(engine.value, [`${label.project}=${project}`, label.helper], isStray);
  return found.ok ? removeAll(engine.value, found.value) : found;
}

function isOrphan({ by, held, evidence }: OpenFault): boolean {
  return (held === 'process' || evidence === null) && ownerState(by) === 'gone';
}
