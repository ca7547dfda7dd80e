import { z } from 'zod';
import { ok, type Result } from '../events/problem.ts';
import type { ComposeModel, ServiceModel } from './compose/model.ts';
import { copyVolume, volumeName } from './copy.ts';
import type { Engine } from './engine.ts';
import type { UpRequest } from './environment.ts';
import { isGateMarker, programOf } from './gate.ts';
import type { Generation } from './generation.ts';
import { environmentLabels, goldenGeneration, label } from './labels.ts';

const healthTest = z.union([
  z.object({ kind: z.literal('command'), command: z.array(z.string()) }),
  z.object({ kind: z.literal('shell'), script: z.string() }),
]);
const probe = z.object({
  test: healthTest,
  intervalMs: z.number(),
  timeoutMs: z.number(),
  retries: z.number(),
  startPeriodMs: z.number(),
});
const seededService = z.object({
  /** Of its own files; `null`: it changed none of them. */
  image: z.string().nullable(),
  program: z.array(z.string()),
  probe: probe.nullable(),
  /** Volumes by their place in the service. `volume` is a key of `volumes`. */
  mounts: z.array(z.object({ target: z.string(), volume: z.string(), readOnly: z.boolean() })),
});

/** The state of an environment right after its seeds have run: what a new generation begins with instead of being seeded again. */
export const goldenSchema = z.object({
  /** Volumes that hold the state and are never written to, by their names in the Compose file, or by names given to those without. */
  volumes: z.record(z.string(), z.string()),
  /** By service. Those that ended are not among them: their work is in the state. */
  services: z.record(z.string(), seededService),
  /** `overlay`: a new volume is laid over the golden one, whatever its size; `copy`: that is not possible here. */
  how: z.enum(['overlay', 'copy']),
  /** What its parts are labelled with where environments share it; `null`: it is one environment's, and goes with that. */
  state: z.string().nullable().default(null),
});
export type Golden = z.infer<typeof goldenSchema>;
type SeededService = z.infer<typeof seededService>;

/** Whose state is taken, and how what is made for it is called and labelled. */
export interface GoldenGround {
  readonly engine: Engine;
  readonly model: ComposeModel;
  /** What names of volumes begin with. */
  readonly prefix: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What an image gets beside, or in the place of, the labels of the container that it is made of. */
  readonly imageLabels: Readonly<Record<string, string>>;
  readonly state: string | null;
}

/** A state of one environment: it goes with it. */
export function ownGround(engine: Engine, model: ComposeModel, request: UpRequest, prefix: string): GoldenGround {
  const imageLabels = { [label.generation]: goldenGeneration };
  const labels = { ...environmentLabels(request), ...imageLabels };
  return { engine, model, prefix: `${prefix}.golden`, labels, imageLabels, state: null };
}

/**
 * Takes the state of a generation that has just come up. Its processes stand still meanwhile, so that all is of one moment: as after a
 * power cut, which databases recover from. `undefined`: there are volumes whose content cannot be taken.
 */
export async function takeGolden(ground: GoldenGround, generation: Generation): Promise<Result<Golden | undefined>> {
  const plan = await planGolden(ground, generation);
  if (!plan.ok) return plan;
  if (plan.value === undefined) return ok(undefined);
  const { engine } = ground;
  const containers = [...plan.value.services].map(([, { id }]) => engine.docker.getContainer(id));
  const paused = await Promise.all(containers.map((each) => engine.call('pausing a container', () => each.pause())));
  const taken = await take(ground, plan.value);
  const woken = await Promise.all(
    containers.map((each, index) =>
      paused[index]?.ok ? engine.call('waking a container', () => each.unpause()) : ok(undefined),
    ),
  );
  return [...paused, ...woken].find((each): each is Result<never> & { ok: false } => !each.ok) ?? taken;
}

interface Planned {
  readonly id: string;
  readonly seeded: SeededService;
  /** Where something is mounted. */
  readonly targets: readonly string[];
}

interface Plan {
  /** The engine's names of the volumes, by the names that they get in the golden state. */
  readonly volumes: ReadonlyMap<string, string>;
  readonly services: ReadonlyMap<string, Planned>;
}

async function planGolden({ engine, model }: GoldenGround, generation: Generation): Promise<Result<Plan | undefined>> {
  const named = new Map([...generation.volumes].map(([name, engineName]) => [engineName, name]));
  const own = [...generation.volumes].filter(([name]) => model.volumes.get(name)?.external === null);
  if (!own.every(([name]) => isPlainVolume(model, name))) return ok(undefined);
  const volumes = new Map(own);
  const services = new Map<string, Planned>();
  for (const [name, { id, probe: health }] of generation.containers) {
    if (generation.completed.has(name)) continue;
    const inspected = await engine.call('looking at a container', () => engine.docker.getContainer(id).inspect());
    if (!inspected.ok) return inspected;
    const mounts: SeededService['mounts'] = [];
    for (const mount of inspected.value.Mounts) {
      const { Type, Name = '', Destination: target, RW } = mount;
      if (Type !== 'volume') continue;
      const known = named.get(Name);
      const volume = known ?? `anonymous-${named.size}`;
      if (model.volumes.get(volume)?.external != null) continue;
      // Volumes of others come to it from them again.
      const isOthers = known?.startsWith('anonymous-') === true && volumesFrom(model, name);
      named.set(Name, volume);
      volumes.set(volume, Name);
      if (!isOthers) mounts.push({ target, volume, readOnly: !RW });
    }
    const program = [...programOf(inspected.value.Config)];
    const targets = inspected.value.Mounts.map(({ Destination }) => Destination);
    services.set(name, {
      id,
      targets,
      seeded: { image: null, program, probe: health === undefined ? null : plain(health), mounts },
    });
  }
  return ok({ volumes, services });
}

const plain = (health: z.input<typeof probe> | object): z.infer<typeof probe> => probe.parse(health);

function volumesFrom(model: ComposeModel, service: string): boolean {
  return (model.services.get(service)?.volumesFrom.length ?? 0) > 0;
}

/** Others may lie on another machine, or be of a kind that has no files. */
export function isPlainVolume(model: ComposeModel, name: string): boolean {
  const volume = model.volumes.get(name);
  if (volume === undefined) return true;
  return (volume.driver ?? 'local') === 'local' && Object.keys(volume.driverOptions).length === 0;
}

async function take(ground: GoldenGround, plan: Plan): Promise<Result<Golden>> {
  const { engine, prefix, labels, state } = ground;
  const volumes: Record<string, string> = {};
  const services: Record<string, SeededService> = {};
  for (const [name, source] of plan.volumes) {
    const golden = volumeName(prefix, name);
    const Labels = { ...labels, [label.resource]: name };
    const made = await engine.call('making a volume', () => engine.docker.createVolume({ Name: golden, Labels }));
    if (!made.ok) return made;
    const copied = await copyVolume(engine, source, golden, labels);
    if (!copied.ok) return copied;
    volumes[name] = golden;
  }
  for (const [name, planned] of plan.services) {
    const image = await commit(ground, name, planned);
    if (!image.ok) return image;
    services[name] = { ...planned.seeded, image: image.value };
  }
  return ok({ volumes, services, how: 'overlay', state });
}

/** No change at all is the JSON text `null`, which the library leaves as the bytes that it is. */
const changed = z.preprocess(
  (answer) => (Buffer.isBuffer(answer) ? null : answer),
  z.array(z.object({ Path: z.string() })).nullable(),
);
const committed = z.object({ Id: z.string() });

/** An image of a service's own files; `null`: it has changed none. */
async function commit(
  { engine, imageLabels }: GoldenGround,
  service: string,
  { id, targets }: Planned,
): Promise<Result<string | null>> {
  const container = engine.docker.getContainer(id);
  const listed = await engine.call(`looking for changed files of ${service}`, async () =>
    changed.parse(await container.changes()),
  );
  if (!listed.ok) return listed;
  const changes = (listed.value ?? []).map(({ Path }) => Path);
  if (!changes.some(isOwnChange(changes, targets))) return ok(null);
  // The container's own labels come with it.
  // One to a line, without quotes: so Podman takes them as well.
  const instructions = Object.entries(imageLabels).map(([key, value]) => `LABEL ${key}=${value}`);
  const made = await engine.call(`keeping the files of ${service}`, async () =>
    committed.parse(await container.commit({ pause: false, changes: instructions.join('\n') })),
  );
  return made.ok ? ok(made.value.Id) : made;
}

/** What the engine itself puts into a container. */
const ofEngine = /^(?:\/usr)?\/sbin\/docker-init$/;

/** Tells what the service changed from what the engine and the gate did; a folder is changed where something in it is. */
function isOwnChange(changes: readonly string[], targets: readonly string[]): (path: string) => boolean {
  const others = [...changes.filter((path) => ofEngine.test(path) || isGateMarker(path)), ...targets];
  return (path) => !others.some((other) => other === path || other.startsWith(path === '/' ? path : `${path}/`));
}

/** The model of an environment that begins with a golden state: nothing is seeded again. */
export function seededModel(model: ComposeModel, golden: Golden): ComposeModel {
  const services = new Map<string, ServiceModel>();
  for (const [name, service] of model.services) {
    const seeded = golden.services[name];
    if (seeded !== undefined) services.set(name, seededServiceModel(service, seeded, golden));
  }
  return { ...model, services };
}

function seededServiceModel(service: ServiceModel, seeded: SeededService, golden: Golden): ServiceModel {
  const targets = new Set(seeded.mounts.map(({ target }) => target));
  const volumeMounts = seeded.mounts.map(({ target, volume, readOnly }) => {
    return { kind: 'volume', source: volume, target, readOnly, noCopy: true, labels: {} } as const;
  });
  const { probe: health, image, program } = seeded;
  return {
    ...service,
    ...(image !== null && { image, build: null, pullPolicy: 'never' }),
    entrypoint: program,
    command: [],
    // What is run once in a new container has been: its work is in the state.
    tools: service.tools && { ...service.tools, setup: service.tools.setup.filter(({ name }) => isAtEveryStart(name)) },
    healthcheck: health === null ? { kind: 'off' } : { kind: 'probe', ...health, startIntervalMs: null },
    dependsOn: service.dependsOn.filter((each) => each.service in golden.services),
    mounts: [...service.mounts.filter(({ target }) => !targets.has(target)), ...volumeMounts],
  };
}

/** As containers.dev says of its lifecycle scripts. */
const isAtEveryStart = (name: string): boolean => name.startsWith('postStartCommand');

/** Where a golden state cannot be used in the way it says. */
export function otherWay(golden: Golden): Golden | undefined {
  return golden.how === 'overlay' ? { ...golden, how: 'copy' } : undefined;
}
