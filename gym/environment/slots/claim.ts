import type { Result } from '../../events/problem.ts';
import { readSlots, type SlotsNote, writeSlots } from '../../store/slots.ts';
import type { ComposeModel } from '../compose/model.ts';
import type { Engine } from '../engine.ts';
import { helperImage } from '../helper.ts';
import { label } from '../labels.ts';
import { makeNetworks, type NetworkNames, networkNames } from '../networks.ts';
import { planSlots } from './plan.ts';
import { findSets } from './sets.ts';

/** Where services are to be in networks. */
export interface Places {
  readonly networks: NetworkNames;
  /** By service: the container whose network it joins. A service that is not among them is in its networks itself. */
  readonly slots: ReadonlyMap<string, string>;
  /** Comes when all of the networks are there: an engine can make containers before, and needs as long for both. */
  readonly made: Promise<Result<void>>;
}

/** Begins to make the networks of an environment that the slots which it has claimed do not have. */
export function makePlaces(making: Parameters<typeof makeNetworks>[0], claimed: SlotsNote | undefined): Places {
  const { model, project } = making;
  const taken = new Map(Object.entries(claimed?.networks ?? {}));
  const networks = new Map([...model.networks].filter(([name]) => !taken.has(name)));
  return {
    networks: new Map([...networkNames(model, project), ...taken]),
    slots: new Map(Object.entries(claimed?.containers ?? {})),
    made: makeNetworks({ ...making, model: { ...model, networks } }),
  };
}

/** Shorter than anybody takes from reading a set's note to having claimed it. */
const leastLifeMs = 60_000;

interface ClaimRequest {
  readonly engine: Engine;
  readonly model: ComposeModel;
  /** Of the environment. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Claims the set of slots that is noted, for the environment of the labels. The claim is a container that never runs: making one of a
 * name is what only one of two gyms can do, and its labels say to everybody who looks whose the set is from here on. `undefined`: there is
 * no set, it was made from something else, another gym was first, or it is broken.
 */
export async function claimSlots(
  { engine, model, labels }: ClaimRequest,
  { checkout, task }: { readonly checkout: string; readonly task: string },
): Promise<SlotsNote | undefined> {
  if (engine.isPodman) return undefined;
  const note = readSlots(checkout, task);
  if (note === undefined || !isYoung(note) || note.key !== planSlots(model)?.key) return undefined;
  const [claimed, isWhole] = await Promise.all([
    engine.call('claiming slots', () =>
      engine.docker.createContainer({
        name: `${note.set}.claim`,
        Image: helperImage,
        Labels: { ...labels, [label.slots]: note.set, [label.helper]: 'slots' },
        HostConfig: { NetworkMode: 'none' },
      }),
    ),
    isIntact(engine, note),
  ]);
  if (!claimed.ok) return undefined;
  // Whoever takes slots down forgets them before looking for claims: one of both sees the other.
  if (isWhole && readSlots(checkout, task)?.set === note.set) {
    // Nobody claims them again, whatever becomes of the claim. Whoever has looked for claims before has time to see this.
    writeSlots(checkout, task, { ...note, until: Date.now() + leastLifeMs - 1 });
    return note;
  }
  await engine.call('letting go of slots', () => claimed.value.remove({ force: true }));
  return undefined;
}

/** The engine may have been started anew, or somebody have removed something. */
async function isIntact(engine: Engine, { set, networks, containers }: SlotsNote): Promise<boolean> {
  const filters = JSON.stringify({ label: [`${label.slots}=${set}`] });
  const [running, there] = await Promise.all([
    engine.call('listing slots', () => engine.docker.listContainers({ filters })),
    engine.call('listing networks', () => engine.docker.listNetworks({ filters })),
  ]);
  if (!running.ok || !there.ok) return false;
  const ids = new Set(running.value.map(({ Id }) => Id));
  const names = new Set(there.value.map(({ Name }) => Name));
  return (
    Object.values(containers).every((id) => ids.has(id)) && Object.values(networks).every((name) => names.has(name))
  );
}

const isYoung = ({ until }: SlotsNote): boolean => until >= Date.now() + leastLifeMs;

/** Whether an environment that comes now would get a set. */
export async function isClaimable(engine: Engine, note: SlotsNote): Promise<boolean> {
  const sets = await findSets(engine);
  return isYoung(note) && sets.ok && !sets.value.claims.has(note.set) && (await isIntact(engine, note));
}
