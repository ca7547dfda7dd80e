import { ok, type Result } from '../events/problem.ts';
import { ownerState } from '../store/owner.ts';
import { type Leftovers, leftoversOf, listLabelled, type Made, removeAll, withSlots } from './down.ts';
import type { Engine } from './engine.ts';
import { findGoldenRests } from './golden-states.ts';
import { isUsed } from './kept.ts';
import { goldenGeneration, label } from './labels.ts';
import { markOf } from './mark.ts';
import { findSets, freeSlots, isNobodysSlot } from './slots/sets.ts';

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
  const [orphans, rests] = await Promise.all([findOfEnvironments(engine, owner), findGoldenRests(engine, owner)]);
  if (!orphans.ok) return orphans;
  return rests.ok ? ok(together(orphans.value, rests.value)) : rests;
}

function together(some: Leftovers, others: Leftovers): Leftovers {
  return {
    containers: [...some.containers, ...others.containers],
    networks: [...some.networks, ...others.networks],
    volumes: [...some.volumes, ...others.volumes],
    images: [...some.images, ...others.images],
  };
}

async function findOfEnvironments(engine: Engine, owner: string | undefined): Promise<Result<Leftovers>> {
  const [lease, project] = [label.lease, label.project];
  const [made, sets] = await Promise.all([
    listLabelled(engine, [lease, project, owner === undefined ? label.owner : `${label.owner}=${owner}`]),
    findSets(engine),
  ]);
  if (!made.ok) return made;
  if (!sets.ok) return sets;
  const isGone = goneOwners();
  const unwanted = freeSlots(
    sets.value,
    (part) => (owner === undefined || part.owner === owner) && isGone(part.owner) && isNobodysSlot(part),
  );
  const leftovers = (left: readonly Made[]): Leftovers => withSlots(leftoversOf(left, sets.value), unwanted);
  const isOfGone = ({ labels }: Made): boolean => isGone(labels?.[label.owner] ?? '');
  const left = made.value.filter(isOfGone).filter(isLeft(made.value, isOfGone));
  if (left.every(({ labels }) => labels?.[label.lease] === 'process')) return ok(leftovers(left));
  // Its gym may have marked it, and ended in order, after the volumes were listed and before it was found to be gone.
  const now = await listLabelled(engine, [lease, project, label.owner]);
  return now.ok ? ok(leftovers(left.filter(isLeft(now.value, isOfGone)))) : now;
}

/** Tells of an owner's label whether that process is gone; each is looked for once. */
function goneOwners(): (owner: string) => boolean {
  const known = new Map<string, boolean>();
  return (text) => {
    const gone = known.get(text) ?? ownerState(text) === 'gone';
    known.set(text, gone);
    return gone;
  };
}

/** Tells whether something of a process that is gone is a leftover, beside all that is there. */
function isLeft(all: readonly Made[], isGone: (each: Made) => boolean): (each: Made) => boolean {
  const marks = all.flatMap(({ labels }) => markOf(labels) ?? []);
  const held = new Set(all.filter((each) => !isGone(each)).map(({ labels }) => labels?.[label.project]));
  return ({ labels }) => {
    if (labels?.[label.lease] !== 'kept') return labels?.[label.lease] === 'process';
    // A reset that is under way begins with it.
    if (labels[label.generation] === goldenGeneration && held.has(labels[label.project])) return false;
    return !isUsed(labels, marks);
  };
}
