import { setTimeout as sleep } from 'node:timers/promises';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import type { Answer, Engine } from './engine.ts';
import { type Labels, label } from './labels.ts';
import { findSets, isSlot, type SlotPart, type SlotSets } from './slots/sets.ts';

/** Names of things on the engine, by their kind. */
export interface Leftovers {
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
  /** Of services' own files, which a golden state has. */
  readonly images: readonly string[];
}

const removeLimitMs = 15_000;
/** A network is free as soon as its last container is removed; the engine's answer to that is in by then. */
const freeMs = 300;

/** Removes what carries the project's label (and the run's, where one is given). Nothing is waited for gracefully. What is gone already is fine. */
export async function removeProject(engine: Engine, project: string, run?: string): Promise<Result<void>> {
  const labels = [`${label.project}=${project}`, ...(run === undefined ? [] : [`${label.run}=${run}`])];
  const found = await findLabelled(engine, labels, () => true);
  return found.ok ? removeAll(engine, found.value) : found;
}

/**
 * Everything that has all these labels and is accepted, running or not. Slots that an environment has claimed are found with it, whatever
 * their own labels say.
 */
export async function findLabelled(
  engine: Engine,
  labels: readonly string[],
  accept: (labels: Labels) => boolean,
): Promise<Result<Leftovers>> {
  const filters = JSON.stringify({ label: labels });
  const [containers, networks, volumes, images, slots] = await Promise.all([
    engine.call('listing containers', () => engine.docker.listContainers({ all: true, filters })),
    engine.call('listing networks', () => engine.docker.listNetworks({ filters })),
    engine.call('listing volumes', () => engine.docker.listVolumes({ filters })),
    engine.call('listing images', () => engine.docker.listImages({ filters })),
    findSets(engine),
  ]);
  if (!containers.ok) return containers;
  if (!networks.ok) return networks;
  if (!volumes.ok) return volumes;
  if (!images.ok) return images;
  if (!slots.ok) return slots;
  const isClaimed = (found: Labels): boolean => isSlot(found) && slots.value.claims.has(found?.[label.slots] ?? '');
  const isWanted = (each: { readonly Labels?: Labels }): boolean => !isClaimed(each.Labels) && accept(each.Labels);
  const wanted = containers.value.filter(isWanted);
  const sets = new Set(wanted.map(({ Labels }) => Labels[label.slots] ?? ''));
  const isWith = ({ set }: SlotPart): boolean => sets.has(set);
  const found = {
    containers: wanted.map(({ Id }) => Id),
    networks: networks.value.filter(isWanted).map(({ Id }) => Id),
    volumes: (volumes.value.Volumes ?? []).filter(isWanted).map(({ Name }) => Name),
    images: images.value.filter(isWanted).map(({ Id }) => Id),
  };
  const { containers: inNetworks, networks: theirs } = slots.value;
  return ok(withSlots(found, { containers: inNetworks.filter(isWith), networks: theirs.filter(isWith) }));
}

/** With parts of sets of slots; one that is among the others already is there once. */
export function withSlots(found: Leftovers, slots: Omit<SlotSets, 'claims'>): Leftovers {
  const all = (kind: 'containers' | 'networks'): string[] => [
    ...new Set([...found[kind], ...slots[kind].map(({ id }) => id)]),
  ];
  return { ...found, containers: all('containers'), networks: all('networks') };
}

/** Containers first: they hold the networks, volumes and images. Gives what could not be removed. */
export async function removeAll(
  engine: Engine,
  { containers, networks, volumes, images }: Leftovers,
): Promise<Result<void>> {
  const { docker } = engine;
  const removedContainers = await Promise.all(
    containers.map((id) =>
      remove(engine, `removing container ${id.slice(0, 12)}`, () =>
        docker.getContainer(id).remove({ force: true, v: true }),
      ),
    ),
  );
  const removedOthers = await Promise.all([
    ...networks.map((id) => removeNetwork(engine, id)),
    ...volumes.map((name) =>
      remove(engine, `removing volume ${name}`, () => docker.getVolume(name).remove({ force: true })),
    ),
    ...images.map((id) => remove(engine, `removing image ${id.slice(7, 19)}`, () => docker.getImage(id).remove())),
  ]);
  const [first, ...others] = [...removedContainers, ...removedOthers].flat();
  return first === undefined ? ok(undefined) : failed(first, ...others);
}

/**
 * Engines of before 2025 may lose count of a network's endpoints, and then refuse to remove it until they are started again
 * (github.com/moby/moby/issues/43286). Nothing but a start helps, so nobody should wait for it.
 */
function removeNetwork(engine: Engine, id: string): Promise<readonly Problem[]> {
  const network = engine.docker.getNetwork(id);
  const what = `removing network ${id.slice(0, 12)}`;
  let since = Number.POSITIVE_INFINITY;
  return remove(
    engine,
    what,
    () => network.remove(),
    async () => {
      since = Math.min(since, performance.now());
      if (performance.now() - since < freeMs) return undefined;
      const inspected = await engine.call('looking at a network', () => network.inspect());
      if (!inspected.ok || Object.keys(inspected.value.Containers ?? {}).length > 0) return undefined;
      const message = `${what}: the engine takes it for in use, though no container is on it`;
      return {
        kind: 'environment',
        message,
        remedy: 'Restart the Docker engine; the next gym command removes it then.',
      };
    },
  );
}

/**
 * 404 is what is wanted; 409 and 403 mean that somebody else removes it too, or that what holds it is about to go.
 * `hopeless` tells, of one in use, why it will stay so.
 */
async function remove(
  engine: Engine,
  what: string,
  run: () => Promise<unknown>,
  hopeless: () => Promise<Problem | undefined> = async () => undefined,
): Promise<readonly Problem[]> {
  const until = performance.now() + removeLimitMs;
  for (let waitMs = 10; ; waitMs = Math.min(waitMs * 2, 500)) {
    const answer: Answer<unknown> = await engine.call(what, run, removeLimitMs);
    if (answer.ok || answer.status === 404) return [];
    const inUse = answer.status === 409 || answer.status === 403;
    if (!inUse || performance.now() + waitMs > until) return answer.problems;
    const why = await hopeless();
    if (why !== undefined) return [why];
    await sleep(waitMs);
  }
}
