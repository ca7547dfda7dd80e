import { ok, type Result } from '../events/problem.ts';
import { ownerState } from '../store/owner.ts';
import { type Leftovers, leftoversOf, listLabelled, type Made, removeAll } from './down.ts';
import type { Engine } from './engine.ts';
import { isUsed } from './kept.ts';
import { label } from './labels.ts';
import { listMarks, type Mark, markOf } from './mark.ts';

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
  const wanted = [label.lease, label.project, owner === undefined ? label.owner : `${label.owner}=${owner}`];
  const made = await listLabelled(engine, wanted);
  if (!made.ok) return made;
  const known = new Map<string, boolean>();
  const isGone = ({ labels }: Made): boolean => {
    const text = labels?.[label.owner] ?? '';
    const gone = known.get(text) ?? ownerState(text) === 'gone';
    known.set(text, gone);
    return gone;
  };
  const isLeft = (marks: readonly Mark[]) => (each: Made) =>
    each.labels?.[label.lease] === 'process' || (each.labels?.[label.lease] === 'kept' && !isUsed(each.labels, marks));
  const marks = made.value.flatMap(({ labels }) => markOf(labels) ?? []);
  const left = made.value.filter(isGone).filter(isLeft(marks));
  if (left.every(({ labels }) => labels?.[label.lease] === 'process')) return ok(leftoversOf(left));
  // Its gym may have marked it, and ended in order, after the volumes were listed and before it was found to be gone.
  const later = await listMarks(engine);
  return later.ok ? ok(leftoversOf(left.filter(isLeft(later.value)))) : later;
}
