import { existsSync } from 'node:fs';
import type Dockerode from 'dockerode';
import { z } from 'zod';
import { failed, ok, type Result } from '../events/problem.ts';
import { ownerState } from '../store/owner.ts';
import { findLabelled, type Leftovers, removeAll, withSlots } from './down.ts';
import type { Engine } from './engine.ts';
import { type GoldenState, listGolden, removeGolden, staleGolden } from './golden-states.ts';
import { findStaleImages, type StaleImage } from './image/prune.ts';
import { label } from './labels.ts';
import { findFreeSlots } from './slots/sets.ts';
import { findOrphans } from './sweep.ts';

/** Something that takes room and that nobody holds. */
export interface Garbage {
  readonly kind: 'container' | 'network' | 'volume' | 'image' | 'state' | 'run' | 'snapshot' | 'worktree';
  readonly name: string;
  /** What is gained without it; null: nothing to speak of, or unknown. */
  readonly bytes: number | null;
  readonly why: string;
}

/** What is on the engine for nobody. */
export interface EngineGarbage {
  readonly items: readonly Garbage[];
  readonly leftovers: Leftovers;
  readonly images: readonly StaleImage[];
  /** Seeded states. */
  readonly states: readonly GoldenState[];
}

/** Asking for the sizes makes the engine walk through folders. */
const sizesLimitMs = 120_000;

/**
 * What no living owner holds: all that a sweep would remove, kept environments whose checkout is gone from this machine,
 * gym's images beyond those that builds keep, and seeded states that no environment uses, beyond the newest or old.
 */
export async function findEngineGarbage(engine: Engine): Promise<Result<EngineGarbage>> {
  const [orphans, abandoned, slots, stale, golden, sizes] = await Promise.all([
    findOrphans(engine),
    findLabelled(engine, [label.lease, label.project, label.owner], isAbandoned),
    findFreeSlots(engine, ({ checkout, owner }) => !existsSync(checkout) && ownerState(owner) === 'gone'),
    findStaleImages(engine),
    listGolden(engine),
    readSizes(engine),
  ]);
  if (!orphans.ok) return orphans;
  if (!abandoned.ok) return abandoned;
  if (!golden.ok) return golden;
  const states = staleGolden(golden.value, Date.now());
  if (!slots.ok) return slots;
  const homeless = withSlots(abandoned.value, slots.value);
  const groups = [
    { why: 'its gym is gone', of: orphans.value },
    { why: 'its checkout is gone', of: without(homeless, orphans.value) },
  ];
  const images = stale.filter(({ id }) => !sizes.usedImages.has(id));
  const items = [
    ...groups.flatMap(({ why, of }) => itemsOf(of, why, sizes)),
    ...images.map(({ reference, id }): Garbage => {
      return { kind: 'image', name: reference, bytes: sizes.bytes.get(id) ?? null, why: 'newer ones are kept' };
    }),
    ...states.map((each) => stateItem(each, sizes)),
  ];
  const leftovers = {
    containers: groups.flatMap(({ of }) => of.containers),
    networks: groups.flatMap(({ of }) => of.networks),
    volumes: groups.flatMap(({ of }) => of.volumes),
    images: groups.flatMap(({ of }) => of.images),
  };
  return ok({ items, leftovers, images, states });
}

/** Removes it. What is taken into use meanwhile stays: the engine refuses. */
export async function removeEngineGarbage(
  engine: Engine,
  { leftovers, images, states }: EngineGarbage,
): Promise<Result<void>> {
  const removed = await removeAll(engine, leftovers);
  const forgotten = await removeGolden(engine, states);
  const dropped = await Promise.all(
    images.map(({ reference }) =>
      engine.call(`removing image ${reference}`, () => engine.docker.getImage(reference).remove()),
    ),
  );
  const refused = dropped.flatMap((each) =>
    each.ok || each.status === 404 || each.status === 409 ? [] : each.problems,
  );
  const [first, ...others] = [...[removed, forgotten].flatMap((each) => (each.ok ? [] : each.problems)), ...refused];
  return first === undefined ? ok(undefined) : failed(first, ...others);
}

type Labels = Parameters<Parameters<typeof findLabelled>[2]>[0];

/** Kept, but nobody can go to the checkout and take it down. */
function isAbandoned(labels: Labels): boolean {
  const { [label.lease]: lease, [label.owner]: owner = '', [label.checkout]: checkout = '' } = labels ?? {};
  return lease === 'kept' && checkout !== '' && !existsSync(checkout) && ownerState(owner) === 'gone';
}

function without(all: Leftovers, others: Leftovers): Leftovers {
  const rest = (kind: keyof Leftovers): string[] => all[kind].filter((each) => !others[kind].includes(each));
  return {
    containers: rest('containers'),
    networks: rest('networks'),
    volumes: rest('volumes'),
    images: rest('images'),
  };
}

function itemsOf(of: Leftovers, why: string, { names, bytes }: Sizes): Garbage[] {
  const item = (kind: Garbage['kind']) => (id: string) => {
    return { kind, name: names.get(id) ?? id, bytes: bytes.get(id) ?? null, why };
  };
  return [
    ...of.containers.map(item('container')),
    ...of.networks.map(item('network')),
    ...of.volumes.map(item('volume')),
    ...of.images.map(item('image')),
  ];
}

function stateItem({ task, state, why, parts }: GoldenState & { why: string }, { bytes }: Sizes): Garbage {
  const known = [...parts.volumes, ...parts.images].map((each) => bytes.get(each) ?? 0);
  return {
    kind: 'state',
    name: `${task} ${state.slice(0, 12)}`,
    bytes: known.reduce((sum, each) => sum + each, 0),
    why,
  };
}

interface Sizes {
  readonly names: ReadonlyMap<string, string>;
  readonly bytes: ReadonlyMap<string, number>;
  /** Ids of images that a container is made from. */
  readonly usedImages: ReadonlySet<string>;
}

/** GET /system/df of the Docker Engine API; a size of -1 is one that was not computed. */
const usage = z.object({
  Images: z
    .array(z.object({ Id: z.string(), Size: z.number(), SharedSize: z.number(), Containers: z.number() }))
    .nullish(),
  Containers: z
    .array(z.object({ Id: z.string(), Names: z.array(z.string()), SizeRw: z.number().optional() }))
    .nullish(),
  Volumes: z.array(z.object({ Name: z.string(), UsageData: z.object({ Size: z.number() }).nullish() })).nullish(),
});

/** Sizes and names of everything; where the engine does not tell, none. */
async function readSizes(engine: Engine): Promise<Sizes> {
  const [used, networks] = await Promise.all([
    engine.call('asking for sizes', () => engine.docker.df(), sizesLimitMs),
    engine.call('listing networks', (): Promise<Dockerode.NetworkInspectInfo[]> => engine.docker.listNetworks()),
  ]);
  const {
    Images: images,
    Containers: containers,
    Volumes: volumes,
  } = usage.safeParse(used.ok ? used.value : {}).data ?? {};
  return {
    names: new Map([
      ...(containers ?? []).map(({ Id, Names }) => [Id, (Names[0] ?? Id).replace(/^\//, '')] as const),
      ...(networks.ok ? networks.value : []).map(({ Id, Name }) => [Id, Name] as const),
    ]),
    bytes: new Map([
      ...(images ?? []).map(({ Id, Size, SharedSize }) => [Id, Size - Math.max(0, SharedSize)] as const),
      ...(containers ?? []).map(({ Id, SizeRw = 0 }) => [Id, SizeRw] as const),
      ...(volumes ?? []).flatMap(({ Name, UsageData }) =>
        UsageData != null && UsageData.Size >= 0 ? [[Name, UsageData.Size] as const] : [],
      ),
    ]),
    usedImages: new Set((images ?? []).filter(({ Containers }) => Containers > 0).map(({ Id }) => Id)),
  };
}
