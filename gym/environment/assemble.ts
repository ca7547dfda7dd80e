import { dirname, join } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import { joinedServices } from './compose/joined.ts';
import type { ComposeModel, ServiceModel } from './compose/model.ts';
import { connectFurther, containerOptions } from './container.ts';
import { type Details, noDetails, readDetails } from './details.ts';
import { reaching } from './elsewhere.ts';
import type { Engine } from './engine.ts';
import type { Observed, UpRequest } from './environment.ts';
import { createContainer, mayWait } from './gate.ts';
import type { Generation } from './generation.ts';
import { observedKey, startHelper } from './helper.ts';
import type { ReadyImage } from './image/ready.ts';
import { followLog } from './log.ts';
import { probeOf } from './probe.ts';
import { runningEnvironment } from './running.ts';
import { runSetup } from './setup.ts';
import type { Places } from './slots/claim.ts';
import { type Startable, startServices } from './start.ts';
import { type StoreFiles, writeStores } from './stores.ts';
import type { Watch } from './watch.ts';

/** What a bringing-up has together before containers are made. */
export interface Ground {
  readonly engine: Engine;
  readonly request: UpRequest;
  readonly model: ComposeModel;
  readonly generation: string;
  /** What the engine's names of containers begin with. */
  readonly prefix: string;
  /** Folder of the services' logs. */
  readonly logDirectory: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly images: ReadonlyMap<string, ReadyImage>;
  readonly places: Places;
  readonly volumes: ReadonlyMap<string, string>;
  readonly watch: Watch;
  /** Ends all waiting: the first failure, the deadline, the caller's signal. */
  readonly stop: AbortController;
}

/** Starting a container takes no longer than that where a slot has its network; alone it takes half as long. */
const slottedHeadStartMs = 200;
/** The engine takes much of each start on a network one after the other, in the order in which they come: to come first is enough. */
const queuedHeadStartMs = 5;

/** Makes the containers, starts them with their observers, and gives the generation that they are. What it made stays after a failure. */
export async function assemble(ground: Ground): Promise<Result<Generation>> {
  const { engine, request, model, watch, stop } = ground;
  const observers = new Observers(ground);
  const stores = writeStores(model, join(dirname(request.logDirectory), 'stores', ground.prefix));
  if (!stores.ok) return stores;
  const created = await createAll(ground, stores.value);
  const startables = created.flatMap((each) => (each.ok ? [each.value] : []));
  const reach = reaching(engine, request);
  const details = new Map<string, Promise<Details>>();
  const onStarted = ({ service, id }: Startable): void => {
    const holder = ground.places.slots.get(service.name) ?? id;
    details.set(service.name, readDetails(engine, holder, ground.places.networks, reach));
    observers.start({ kind: 'network', service: service.name }, holder);
  };
  const headStartMs = ground.places.slots.size > 0 ? slottedHeadStartMs : queuedHeadStartMs;
  const networks = await ground.places.made;
  const broken = [networks, ...created].find((each) => !each.ok) ?? checkHealthConditions(model, startables);
  const started =
    broken.ok === false
      ? broken
      : await startServices({ engine, watch, emit: request.emit, stop, headStartMs, onStarted }, startables);
  const setUp = started.ok ? await runSetup(engine, startables, stop.signal) : started;
  // Whatever is on its way has to have arrived before the caller may remove it.
  const observing = await observers.ready();
  const services = await Promise.all(
    startables.map(async ({ service, id, log }) => {
      const detail = (await details.get(service.name)) ?? noDetails;
      const holder = ground.places.slots.get(service.name) ?? id;
      return [service.name, { id, holder, log, logFile: log.file, tools: service.tools, ...detail }] as const;
    }),
  );
  if (!setUp.ok || !observing.ok)
    for (const { log, gate } of startables) {
      log.close();
      gate?.close();
    }
  if (!started.ok) return started;
  if (!setUp.ok) return setUp;
  if (!observing.ok) return observing;
  const { project, emit } = request;
  const { completed, oneShots } = started.value;
  const environment = runningEnvironment({
    engine,
    prefix: ground.prefix,
    labels: ground.labels,
    networks: ground.places.networks,
    project,
    services: new Map(services),
    observers: observing.value,
    watch,
    completed,
    oneShots,
    mayComplete: new Set(startables.flatMap(({ service, probe }) => (probe === undefined ? service.name : []))),
    emit,
  });
  const containers = new Map(startables.map(({ service, id, probe }) => [service.name, { id, probe }]));
  const { generation: name, prefix, volumes } = ground;
  return ok({ name, prefix, environment, containers, volumes, completed });
}

/** Waiting for the health of a service that has no health check would be waiting for nothing. */
function checkHealthConditions(model: ComposeModel, startables: readonly Startable[]): Result<void> {
  const probed = new Set(startables.flatMap(({ service, probe }) => (probe === undefined ? [] : service.name)));
  for (const service of model.services.values()) {
    const blind = service.dependsOn.find(
      (each) => each.condition === 'healthy' && model.services.has(each.service) && !probed.has(each.service),
    );
    if (blind === undefined) continue;
    return failed({
      kind: 'definition',
      message: `depends_on: service "${blind.service}" has no health check to be healthy by`,
      place: { file: blind.file, line: blind.line, service: service.name },
      remedy: `Give ${blind.service} a healthcheck, or use the condition service_started.`,
    });
  }
  return ok(undefined);
}

/** Starts the observers that were asked for, each as soon as what it looks at is there: volumes at once. */
class Observers {
  readonly #ground: Ground;
  readonly #started = new Map<string, Promise<Result<string>>>();

  constructor(ground: Ground) {
    this.#ground = ground;
    for (const observed of ground.request.observed) {
      const volume = observed.kind === 'volume' ? ground.volumes.get(observed.volume) : undefined;
      if (volume !== undefined) this.start(observed, volume);
    }
  }

  /** `joined`: the volume's name or the container's id. A slot is a helper in the service's network already. */
  start(observed: Observed, joined: string): void {
    const { engine, prefix, labels, request, places } = this.#ground;
    const key = observedKey(observed);
    if (!request.observed.some((each) => observedKey(each) === key)) return;
    const isSlot = observed.kind === 'network' && places.slots.get(observed.service) === joined;
    if (isSlot) this.#started.set(key, Promise.resolve(ok(joined)));
    else this.#started.set(key, startHelper({ engine, project: prefix, labels }, observed, joined));
  }

  /** Container ids by `observedKey`. */
  async ready(): Promise<Result<ReadonlyMap<string, string>>> {
    const ids = new Map<string, string>();
    const results = await Promise.all([...this.#started].map(async ([key, made]) => ({ key, result: await made })));
    for (const { key, result } of results) {
      if (!result.ok) return result;
      ids.set(key, result.value);
    }
    return ok(ids);
  }
}

/** All at once, but for those that join the namespaces or use the volumes of others. */
function createAll(ground: Ground, stores: StoreFiles): Promise<readonly Result<Startable>[]> {
  const made = new Map<string, Promise<Result<Startable>>>();
  const make = (service: ServiceModel): Promise<Result<Startable>> => {
    const known = made.get(service.name);
    if (known !== undefined) return known;
    const promise = makeJoined(service);
    made.set(service.name, promise);
    return promise;
  };
  const makeJoined = async (service: ServiceModel): Promise<Result<Startable>> => {
    const containers = new Map<string, string>();
    for (const name of joinedServices(service)) {
      const other = ground.model.services.get(name);
      if (other === undefined) throw new Error(`no service ${name}`);
      const joined = await make(other);
      if (!joined.ok) return joined;
      containers.set(name, joined.value.id);
    }
    return create(ground, service, stores, containers);
  };
  return Promise.all([...ground.model.services.values()].map(make));
}

/** Makes a service's container, connects it to its further networks where it is in them itself, and follows its log; all before it starts. */
async function create(
  ground: Ground,
  service: ServiceModel,
  stores: StoreFiles,
  containers: ReadonlyMap<string, string>,
): Promise<Result<Startable>> {
  const { engine, request, prefix, volumes, labels } = ground;
  const { networks, slots, made } = ground.places;
  const { name } = service;
  const image = ground.images.get(name);
  const slot = slots.get(name);
  if (image === undefined) throw new Error(`no image of ${name}`);
  const logFile = join(ground.logDirectory, `${name}.log`);
  const options = containerOptions(service, {
    project: prefix,
    image: image.reference,
    networks,
    volumes,
    stores,
    containers,
    slot,
    labels,
  });
  const container = await createContainer(engine, image, options, mayWait(ground.model, service));
  if (!container.ok) return failed({ ...container.problems[0], place: { service: name } });
  const { id, gate } = container.value;
  if (slot === undefined && service.networks.length > 1) {
    const there = await made;
    if (!there.ok) return there;
    const connected = await connectFurther(engine, id, service, { project: prefix, networks });
    if (!connected.ok) return connected;
  }
  const log = await followLog(engine, { id, service: name, tty: service.tty, watch: ground.watch }, logFile);
  if (!log.ok) return log;
  request.emit({ type: 'service.changed', service: name, state: 'created', container: id });
  request.emit({ type: 'log.opened', source: 'service', name, file: logFile });
  return ok({ service, id, gate, log: log.value, probe: probeOf(service, image) });
}
