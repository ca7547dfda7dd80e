import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ok, type Result } from '../events/problem.ts';
import { readEnvironmentHash } from '../store/kept.ts';
import { openStore } from '../store/store.ts';
import { findLabelled, type Labels, type Leftovers, removeAll } from './down.ts';
import { connectEngine, type Engine } from './engine.ts';
import { isOfNoUse } from './kept.ts';
import { label } from './labels.ts';
import { ownerState, parseOwner } from './owner.ts';

/**
 * Removes what processes left behind that are gone: after a kill -9 or a crash. What is kept (as far as it came up to the end),
 * what a living gym holds, what another machine's gym made, and whatever gym did not make is not touched. Gives what was removed.
 */
export async function sweep(ambient: Readonly<Record<string, string | undefined>>): Promise<Result<Leftovers>> {
  const engine = await connectEngine(ambient);
  return engine.ok ? sweepEngine(engine.value) : engine;
}

/** `sweep` with an engine that is connected. */
export async function sweepEngine(engine: Engine): Promise<Result<Leftovers>> {
  const found = await findOrphans(engine);
  if (!found.ok) return found;
  const removed = await removeAll(engine, found.value);
  return removed.ok ? ok(found.value) : removed;
}

/** What a sweep would remove. */
export function findOrphans(engine: Engine): Promise<Result<Leftovers>> {
  const known = new Map<string, boolean>();
  const isGone = (text: string): boolean => {
    const owner = parseOwner(text);
    const gone = known.get(text) ?? (owner !== undefined && ownerState(owner) === 'gone');
    known.set(text, gone);
    return gone;
  };
  return findLabelled(
    engine,
    [label.lease, label.project],
    (labels) => isGone(labels?.[label.owner] ?? '') && (labels?.[label.lease] === 'process' || isHalfUp(labels)),
  );
}

/** Of a kept environment that its gym did not bring up to the end, whose checkout is there and has no note of it; or of one that was reset. */
function isHalfUp(labels: Labels): boolean {
  const { [label.checkout]: checkout = '', [label.project]: project = '' } = labels ?? {};
  if (!existsSync(join(checkout, '.gym'))) return false;
  return readEnvironmentHash(openStore(checkout), project) === undefined || isOfNoUse(labels);
}
