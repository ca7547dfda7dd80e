import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ok, type Result } from '../../events/problem.ts';
import { readSlots } from '../../store/slots.ts';
import type { Engine } from '../engine.ts';
import { type Labels, label } from '../labels.ts';

/** A container or a network of a set of slots. */
export interface SlotPart {
  readonly id: string;
  readonly set: string;
  /** For whose environments it was made. */
  readonly task: string;
  readonly checkout: string;
  /** The process that made it. */
  readonly owner: string;
}

/** The sets of slots that are on the engine. */
export interface SlotSets {
  /** Names of those that an environment has. */
  readonly claims: ReadonlySet<string>;
  readonly containers: readonly SlotPart[];
  readonly networks: readonly SlotPart[];
}

/** Whether labels are those of a part of a set, not of a claim to one. */
export function isSlot(labels: Labels): boolean {
  return labels != null && label.slots in labels && !(label.lease in labels);
}

/** Looks for sets of slots, whoever has them. */
export async function findSets(engine: Engine): Promise<Result<SlotSets>> {
  const filters = JSON.stringify({ label: [label.slots] });
  const [containers, networks] = await Promise.all([
    engine.call('listing slots', () => engine.docker.listContainers({ all: true, filters })),
    engine.call('listing networks', () => engine.docker.listNetworks({ filters })),
  ]);
  if (!containers.ok) return containers;
  if (!networks.ok) return networks;
  const partOf = ({ Id, Labels }: { readonly Id: string; readonly Labels?: Labels }): SlotPart => ({
    id: Id,
    set: Labels?.[label.slots] ?? '',
    task: Labels?.[label.task] ?? '',
    checkout: Labels?.[label.checkout] ?? '',
    owner: Labels?.[label.owner] ?? '',
  });
  return ok({
    claims: new Set(containers.value.filter(({ Labels }) => !isSlot(Labels)).map((each) => partOf(each).set)),
    containers: containers.value.filter(({ Labels }) => isSlot(Labels)).map(partOf),
    networks: networks.value.map(partOf),
  });
}

/** Parts of sets that no environment has. */
export type FreeSlots = Omit<SlotSets, 'claims'>;

/** The parts that no environment has and that are accepted. */
export function freeSlots({ claims, containers, networks }: SlotSets, accept: (part: SlotPart) => boolean): FreeSlots {
  const isWanted = (part: SlotPart): boolean => !claims.has(part.set) && accept(part);
  return { containers: containers.filter(isWanted), networks: networks.filter(isWanted) };
}

/** The same, looked for on the engine. */
export async function findFreeSlots(engine: Engine, accept: (part: SlotPart) => boolean): Promise<Result<FreeSlots>> {
  const sets = await findSets(engine);
  return sets.ok ? ok(freeSlots(sets.value, accept)) : sets;
}

/** Whether something is of a set of slots that waits for nobody: half made, taken down, replaced, or too old. */
export function isNobodysSlot({ checkout, task, set }: SlotPart): boolean {
  // It may be on another machine's disk.
  if (!existsSync(join(checkout, '.gym'))) return false;
  const note = readSlots(checkout, task);
  return note === undefined || note.set !== set || note.until < Date.now();
}
