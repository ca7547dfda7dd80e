import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ok, type Result } from '../../events/problem.ts';
import { readSlots } from '../../store/slots.ts';
import type { Engine } from '../engine.ts';
import { type Labels, label } from '../labels.ts';

/** The lease of slots: their note holds them, or the environment that has claimed them. */
export const slotLease = 'slots';

/** Whether something is of a set of slots that waits for nobody: half made, taken down, replaced, or too old. */
export function isOfNobodysSlots(labels: Labels): boolean {
  const { [label.checkout]: checkout = '', [label.task]: task = '', [label.slots]: set } = labels ?? {};
  // It may be on another machine's disk.
  if (!existsSync(join(checkout, '.gym'))) return false;
  const note = readSlots(checkout, task);
  return note === undefined || note.set !== set || note.until < Date.now();
}

/** A container or a network of a set. */
interface Part {
  readonly id: string;
  readonly set: string;
  /** For whose environments it was made. */
  readonly task: string;
  readonly checkout: string;
}

/** The sets of slots that are on the engine. */
export interface SlotSets {
  /** Names of those that an environment has. */
  readonly claims: ReadonlySet<string>;
  readonly containers: readonly Part[];
  readonly networks: readonly Part[];
}

/** Looks for them. */
export async function findSets(engine: Engine): Promise<Result<SlotSets>> {
  const filters = JSON.stringify({ label: [label.slots] });
  const [containers, networks] = await Promise.all([
    engine.call('listing slots', () => engine.docker.listContainers({ all: true, filters })),
    engine.call('listing networks', () => engine.docker.listNetworks({ filters })),
  ]);
  if (!containers.ok) return containers;
  if (!networks.ok) return networks;
  const partOf = ({ Id, Labels }: { readonly Id: string; readonly Labels?: Labels }): Part => ({
    id: Id,
    set: Labels?.[label.slots] ?? '',
    task: Labels?.[label.task] ?? '',
    checkout: Labels?.[label.checkout] ?? '',
  });
  const isClaim = ({ Labels }: { readonly Labels: Labels }): boolean => Labels?.[label.lease] !== slotLease;
  return ok({
    claims: new Set(containers.value.filter(isClaim).map((each) => partOf(each).set)),
    containers: containers.value.filter((each) => !isClaim(each)).map(partOf),
    networks: networks.value.map(partOf),
  });
}
