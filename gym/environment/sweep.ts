import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ok, type Result } from '../events/problem.ts';
import { readEnvironmentHash } from '../store/kept.ts';
import { ownerState } from '../store/owner.ts';
import { openStore } from '../store/store.ts';
import { findLabelled, type Leftovers, removeAll, withSlots } from './down.ts';
import type { Engine } from './engine.ts';
import { isOfNoUse } from './kept.ts';
import { type Labels, label } from './labels.ts';
import { findFreeSlots, isNobodysSlot } from './slots/sets.ts';

/**
 * Removes what processes left behind that are gone: after a kill -9 or a crash. What is kept (as far as it came up to the end),
 * what a living gym holds, what another machine's gym made, and whatever gym did not make is not touched; nor what is not
 * of `owner`, where one is given. Gives what was removed.
 */
export async function sweepEngine(engine: Engine, owner?: string): Promise<Result<Leftovers>> {
  const found = await findOrphans(engine, owner);
  if (!found.ok) return found;
  const removed = await removeAll(engine, found.value);
  return removed.ok ? ok(found.value) : removed;
}

/** What a sweep would remove. */
export async function findOrphans(engine: Engine, owner?: string): Promise<Result<Leftovers>> {
  const known = new Map<string, boolean>();
  const isGone = (text: string): boolean => {
    const gone = known.get(text) ?? ownerState(text) === 'gone';
    known.set(text, gone);
    return gone;
  };
  const [made, slots] = await Promise.all([
    findLabelled(
      engine,
      [label.lease, label.project, owner === undefined ? label.owner : `${label.owner}=${owner}`],
      (labels) => isGone(labels?.[label.owner] ?? '') && (labels?.[label.lease] === 'process' || isHalfUp(labels)),
    ),
    findFreeSlots(
      engine,
      (part) => (owner === undefined || part.owner === owner) && isGone(part.owner) && isNobodysSlot(part),
    ),
  ]);
  if (!made.ok) return made;
  return slots.ok ? ok(withSlots(made.value, slots.value)) : slots;
}

/** Of a kept environment that its gym did not bring up to the end, whose checkout is there and has no note of it; or of one that was reset. */
function isHalfUp(labels: Labels): boolean {
  const { [label.checkout]: checkout = '', [label.project]: project = '' } = labels ?? {};
  if (!existsSync(join(checkout, '.gym'))) return false;
  return readEnvironmentHash(openStore(checkout), project) === undefined || isOfNoUse(labels);
}
