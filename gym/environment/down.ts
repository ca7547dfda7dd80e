import { setTimeout as sleep } from 'node:timers/promises';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import type { Answer, Engine } from './engine.ts';
import { carries, type Labels, label } from './labels.ts';
import { type FreeSlots, findSets, isSlot, type SlotPart, type SlotSets } from './slots/sets.ts';

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

/** Removes what carries the project's label. Nothing is waited for gracefully. What is gone already is fine. */
export async function removeProject(engine: Engine, project: string): Promise<Result<void>> {
  const found = await findLabelled(engine, [`${label.project}=${project}`], () => true);
  return found.ok ? removeAll(engine, found.value) : found;
}

/** Something on the engine that gym made. */
export interface Made {
  readonly kind: keyof Leftovers;
  /** What it is removed by: a volume's name, else an id. */
  readonly id: string;
  readonly labels: Labels;
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
  const [made, sets] = await Promise.all([listLabelled(engine, labels), findSets(engine)]);
  if (!made.ok) return made;
  if (!sets.ok) return sets;
  return ok(
    leftoversOf(
      made.value.filter((each) => accept(each.labels)),
      sets.value,
    ),
  );
}

/** The same by kind: without slots that somebody else has claimed, and with those whose claim is among it. */
export function leftoversOf(made: readonly Made[], { claims, containers, networks }: SlotSets): Leftovers {
  const isOthers = ({ labels }: Made): boolean => isSlot(labels) && claims.has(labels?.[label.slots] ?? '');
  const own = made.filter((each) => !isOthers(each));
  const sets = new Set(own.flatMap(({ labels }) => labels?.[label.slots] ?? []));
  const of = (kind: keyof Leftovers): string[] => own.flatMap((each) => (each.kind === kind ? each.id : []));
  const isWith = ({ set }: SlotPart): boolean => sets.has(set);
  const found = {
    containers: of('containers'),
    networks: of('networks'),
    volumes: of('volumes'),
    images: of('images'),
  };
  return withSlots(found, { containers: containers.filter(isWith), networks: networks.filter(isWith) });
}

/** With parts of sets of slots; one that is among the others already is there once. */
export function withSlots(found: Leftovers, slots: FreeSlots): Leftovers {
  const all = (kind: 'containers' | 'networks'): string[] => [
    ...new Set([...found[kind], ...slots[kind].map(({ id }) => id)]),
  ];
  return { ...found, containers: all('containers'), networks: all('networks') };
}

/** Everything that has all these labels, running or not. */
export async function listLabelled(engine: Engine, labels: readonly string[]): Promise<Result<readonly Made[]>> {
  const filters = JSON.stringify({ label: labels });
  const [containers, networks, volumes, images] = await Promise.all([
    engine.call('listing containers', () => engine.docker.listContainers({ all: true, filters })),
    engine.call('listing networks', () => engine.docker.listNetworks({ filters })),
    engine.call('listing volumes', () => engine.docker.listVolumes({ filters })),
    engine.call('listing images', () => engine.docker.listImages({ filters })),
  ]);
  if (!containers.ok) return containers;
  if (!networks.ok) return networks;
  if (!volumes.ok) return volumes;
  if (!images.ok) return images;
  const made: Made[] = [
    ...containers.value.map(({ Id: id, Labels }): Made => ({ kind: 'containers', id, labels: Labels })),
    ...networks.value.map(({ Id: id, Labels }): Made => ({ kind: 'networks', id, labels: Labels })),
    ...(volumes.value.Volumes ?? []).map(({ Name: id, Labels }): Made => ({ kind: 'volumes', id, labels: Labels })),
    ...images.value.map(({ Id: id, Labels }): Made => ({ kind: 'images', id, labels: Labels })),
  ];
  return ok(made.filter((each) => carries(each.labels, labels)));
}

/** Containers first: they hold the networks, volumes and images. Gives what could not be removed. */
export async function removeAll(
  engine: Engine,
  { containers, networks, volumes, images }: Leftovers,
): Promise<Result<void>> {
  const { docker } = engine;
  const removedContainers = await Promise.all(
    containers.map((id) =>
      remove(engine, `removing container ${id.slice(0, 12)}`, async () => {
        // Podman asks a container to end and waits 10 s for that, before it does as it was told.
        if (engine.isPodman) await engine.call('killing a container', () => docker.getContainer(id).kill());
        await docker.getContainer(id).remove({ force: true, v: true });
      }),
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

const miscounted = 'the engine takes it for in use, though no container is on it';

/** Whether a network could not be removed because the engine has lost count of it: it harms nobody, and no gym can do anything about it. */
export const isMiscounted = ({ message }: Problem): boolean => message.endsWith(miscounted);

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
      const message = `${what}: ${miscounted}`;
      return {
        kind: 'environment',
        message,
        remedy: 'Restart the Docker engine; the next gym command removes it then.',
      };
    },
  );
}

/** Podman's words for a container whose namespaces others use; its status for that is 500. */
function isHeld(message: string): boolean {
  return /has dependent containers/.test(message);
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
    const inUse = answer.status === 409 || answer.status === 403 || isHeld(answer.problems[0].message);
    if (!inUse || performance.now() + waitMs > until) return answer.problems;
    const why = await hopeless();
    if (why !== undefined) return [why];
    await sleep(waitMs);
  }
}
