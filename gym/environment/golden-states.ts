import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { failed, ok, type Result } from '../events/problem.ts';
import { ownerState, thisOwner } from '../store/owner.ts';
import { volumeName } from './copy.ts';
import { findLabelled, type Leftovers, leftoversOf, listLabelled, type Made, removeAll } from './down.ts';
import type { Engine } from './engine.ts';
import type { UpRequest } from './environment.ts';
import { type Golden, type GoldenGround, goldenSchema } from './golden.ts';
import { goldenGeneration, label } from './labels.ts';

/**
 * Seeded states that environments share, on the engine: one for each key (see `goldenKey`), whoever made it. A volume whose name is the
 * key says that it is whole, and of what it consists. It is made last, and of two gyms that make it at once the engine lets one win. What
 * stands on a state carries its label too. The one who takes it labels first and then looks whether it is still there; the one who removes it
 * takes the manifest away first and then looks for what stands on it: so one of both sees the other.
 *
 *     parts being made ──manifest──► whole ──manifest gone──► retired ──nothing stands on it──► removed
 *           └── its maker is gone ──────────────────────────────────────────────────────────────┘
 */
export interface GoldenState {
  /** `KEY-NUMBER`: that of two makers differ. */
  readonly state: string;
  readonly task: string;
  /** Epoch milliseconds. */
  readonly madeAt: number;
  readonly isUsed: boolean;
  readonly parts: Leftovers;
}

/** So many of one task, and for so long, states are kept that nothing stands on. */
const keptOfTask = 3;
const keptMs = 7 * 24 * 60 * 60_000;

const manifest = z.string().transform((text, context) => {
  try {
    return goldenSchema.parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'no manifest' });
    return z.NEVER;
  }
});
const manifestLabels = z.object({ [label.manifest]: manifest, [label.made]: z.coerce.number() });

const manifestName = (key: string): string => `gym-golden-${key}`;
const keyOf = (state: string): string => state.split('-')[0] ?? state;

/** How the parts of a new state are called and labelled. None of it is any environment's. */
export function sharedGround(
  { engine, model, request }: Pick<GoldenGround, 'engine' | 'model'> & { readonly request: UpRequest },
  key: string,
): GoldenGround & { readonly state: string } {
  const state = `${key}-${randomBytes(4).toString('hex')}`;
  const labels = {
    [label.golden]: state,
    [label.generation]: goldenGeneration,
    [label.task]: request.task,
    [label.run]: request.run,
    [label.owner]: thisOwner(),
  };
  // An image has the labels of the container that it is made of, and none of them can be taken away.
  const imageLabels = { ...labels, [label.project]: '', [label.lease]: 'shared', [label.checkout]: '' };
  return { engine, model, prefix: `gym-golden-${key.slice(0, 12)}`, labels, imageLabels, state };
}

/** Makes the first part of a state, by which it is found from now on. */
export async function beginGolden({ engine, prefix, labels }: GoldenGround): Promise<Result<void>> {
  const Name = volumeName(prefix, 'begun');
  const made = await engine.call('keeping a seeded state', () =>
    engine.docker.createVolume({ Name, Labels: { ...labels } }),
  );
  return made.ok ? ok(undefined) : made;
}

/** The whole state of a key; `undefined`: there is none, or parts of it are gone. */
export async function findGolden(engine: Engine, key: string): Promise<Result<Golden | undefined>> {
  const found = await engine.call('looking for a seeded state', () =>
    engine.docker.getVolume(manifestName(key)).inspect(),
  );
  if (!found.ok) return found.status === 404 ? ok(undefined) : found;
  const golden = goldenOf(found.value.Labels);
  if (golden === undefined) {
    // Nobody could use it, nor make another one.
    await retireGolden(engine, { state: found.value.Labels?.[label.golden] ?? null });
    return ok(undefined);
  }
  const made = await listLabelled(engine, [`${label.golden}=${golden.state}`]);
  if (!made.ok) return made;
  const there = new Set(made.value.filter(isPart).map(({ id }) => bare(id)));
  const images = Object.values(golden.services).flatMap(({ image }) => image ?? []);
  if ([...Object.values(golden.volumes), ...images].every((each) => there.has(bare(each)))) return ok(golden);
  await retireGolden(engine, golden);
  return ok(undefined);
}

/** Podman says an image's id without what it is a hash by, when it has made it. */
const bare = (id: string): string => id.replace(/^sha256:/, '');

/**
 * Whether a state is still there as a whole. Asked once something is made from it, and labelled with it: else it is not known what that
 * has in it.
 */
export async function isStillThere(engine: Engine, { state }: Golden): Promise<Result<void>> {
  if (state === null) return ok(undefined);
  const found = await findGolden(engine, keyOf(state));
  if (!found.ok) return found;
  if (found.value?.state === state) return ok(undefined);
  return failed({ kind: 'environment', message: 'the seeded state was removed meanwhile' });
}

/** Says that a state is whole. Where somebody else was first, theirs is given, and this one is removed. */
export async function publishGolden(ground: GoldenGround, golden: Golden & { state: string }): Promise<Result<Golden>> {
  const { engine, labels } = ground;
  const Labels = { ...labels, [label.manifest]: JSON.stringify(golden), [label.made]: String(Date.now()) };
  const Name = manifestName(keyOf(golden.state));
  const made = await engine.call('keeping a seeded state', () => engine.docker.createVolume({ Name, Labels }));
  const found = made.ok || made.status === 409 ? await findGolden(engine, keyOf(golden.state)) : made;
  if (found.ok && found.value?.state === golden.state) return ok(golden);
  await removeParts(engine, golden.state);
  if (!found.ok) return found;
  return found.value === undefined
    ? failed({ kind: 'environment', message: 'the seeded state was removed meanwhile' })
    : ok(found.value);
}

/** Has nobody take a state any more. What stands on it goes on; its parts are removed when nothing does. */
export async function retireGolden(engine: Engine, { state }: Pick<Golden, 'state'>): Promise<void> {
  if (state === null) return;
  const volume = engine.docker.getVolume(manifestName(keyOf(state)));
  const found = await engine.call('looking for a seeded state', () => volume.inspect());
  if (!found.ok || found.value.Labels?.[label.golden] !== state) return;
  await engine.call('removing a manifest', () => volume.remove());
}

/** Removes what was made of a state that never became whole. */
export async function removeParts(engine: Engine, state: string): Promise<Result<void>> {
  const found = await findLabelled(engine, [`${label.golden}=${state}`], (labels) => isPart({ labels }));
  return found.ok ? removeAll(engine, found.value) : found;
}

/** All whole states. */
export async function listGolden(engine: Engine): Promise<Result<readonly GoldenState[]>> {
  const made = await listLabelled(engine, [label.golden]);
  if (!made.ok) return made;
  return ok(
    [...byState(made.value)].flatMap(([state, members]): GoldenState[] => {
      const { [label.task]: task = '', [label.made]: madeAt = 0 } = members.find(isManifest)?.labels ?? {};
      if (madeAt === 0) return [];
      const isUsed = members.some((each) => !isPart(each));
      return [{ state, task, madeAt: Number(madeAt), isUsed, parts: byKind(members.filter(isPart)) }];
    }),
  );
}

/** Those that nothing stands on, beyond the newest of their task or old, each with why it may go. */
export function staleGolden(states: readonly GoldenState[], now: number): readonly (GoldenState & { why: string })[] {
  const days = keptMs / 86_400_000;
  return [...Map.groupBy(states, ({ task }) => task).values()].flatMap((ofTask) =>
    ofTask
      .toSorted((a, b) => b.madeAt - a.madeAt)
      .flatMap((each, index) => {
        if (each.isUsed) return [];
        if (now - each.madeAt > keptMs)
          return [{ ...each, why: `no environment uses it, and it is older than ${days} days` }];
        return index < keptOfTask
          ? []
          : [{ ...each, why: `no environment uses it, and ${keptOfTask} newer ones are kept` }];
      }),
  );
}

/** Removes states; one that is taken into use meanwhile is only retired. */
export async function removeGolden(
  engine: Engine,
  states: readonly Pick<GoldenState, 'state'>[],
): Promise<Result<void>> {
  for (const { state } of states) {
    await retireGolden(engine, { state });
    const made = await listLabelled(engine, [`${label.golden}=${state}`]);
    if (!made.ok) return made;
    if (!made.value.every(isPart)) continue;
    const removed = await removeAll(engine, byKind(made.value));
    if (!removed.ok) return removed;
  }
  return ok(undefined);
}

/** Parts of states that are not whole, or not any more, whose maker is gone and on which nothing stands; of one maker, where one is given. */
export async function findGoldenRests(engine: Engine, owner?: string): Promise<Result<Leftovers>> {
  // Each state has a volume from its beginning on: mostly one look is enough.
  const filters = JSON.stringify({ label: [label.golden] });
  const listed = await engine.call('listing volumes', () => engine.docker.listVolumes({ filters }));
  if (!listed.ok) return listed;
  const volumes = (listed.value.Volumes ?? []).map(({ Name, Labels }): Made => {
    return { kind: 'volumes', id: Name, labels: Labels };
  });
  const isOf = ({ labels }: Made): boolean => owner === undefined || labels?.[label.owner] === owner;
  const gone = new Set(
    [...restsOf(volumes)].flatMap(([state, of]) => (of.every((each) => isOf(each) && isGone(each)) ? state : [])),
  );
  if (gone.size === 0) return ok(byKind([]));
  // Its maker may have made it whole, and ended, after the list was made and before it was found to be gone.
  const now = await listLabelled(engine, [label.golden]);
  if (!now.ok) return now;
  return ok(byKind([...restsOf(now.value)].flatMap(([state, of]) => (gone.has(state) ? of : []))));
}

/** No part of a state is in a set of slots. */
function byKind(made: readonly Made[]): Leftovers {
  return leftoversOf(made, { claims: new Set(), containers: [], networks: [] });
}

function isGone({ labels }: Made): boolean {
  return ownerState(labels?.[label.owner] ?? '') === 'gone';
}

/** By state: the parts of those that are not whole, and on which nothing stands. */
function restsOf(made: readonly Made[]): ReadonlyMap<string, readonly Made[]> {
  return new Map([...byState(made)].filter(([, of]) => !of.some((each) => isManifest(each) || !isPart(each))));
}

function byState(made: readonly Made[]): Map<string, Made[]> {
  return Map.groupBy(made, ({ labels }) => labels?.[label.golden] ?? '');
}

/** What else has a state's label stands on it. */
function isPart({ labels }: Pick<Made, 'labels'>): boolean {
  return labels?.[label.generation] === goldenGeneration;
}

function isManifest({ labels }: Made): boolean {
  return labels?.[label.manifest] !== undefined;
}

function goldenOf(labels: Readonly<Record<string, string>> | null | undefined): Golden | undefined {
  return manifestLabels.safeParse(labels).data?.[label.manifest];
}
