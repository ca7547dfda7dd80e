import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import { loadCompose } from './compose/load.ts';
import type { ComposeModel, ServiceModel } from './compose/model.ts';
import { containerOptions } from './container.ts';
import { readDetails } from './details.ts';
import { findLabelled, removeProject } from './down.ts';
import { connectEngine, type Engine } from './engine.ts';
import type { Environment, UpRequest } from './environment.ts';
import { observedKey, startHelper } from './helper.ts';
import { prepareImages } from './image/images.ts';
import type { ReadyImage } from './image/ready.ts';
import { environmentLabels, label } from './labels.ts';
import { followLog } from './log.ts';
import { makeNetworks, type NetworkNames } from './networks.ts';
import { probeOf } from './probe.ts';
import { type RunningService, runningEnvironment } from './running.ts';
import { type Startable, startServices } from './start.ts';
import { makeVolumes } from './volumes.ts';
import { type Watch, watchEvents } from './watch.ts';

/** What a bringing-up has together before containers are made. */
interface Ground {
  readonly engine: Engine;
  readonly request: UpRequest;
  readonly model: ComposeModel;
  readonly labels: Readonly<Record<string, string>>;
  readonly images: ReadonlyMap<string, ReadyImage>;
  readonly networks: NetworkNames;
  readonly volumes: ReadonlyMap<string, string>;
  readonly watch: Watch;
  /** Ends all waiting: the first failure, the deadline, the caller's signal. */
  readonly stop: AbortController;
}

/**
 * Brings an environment up. Problems of the Compose file are of kind `definition`, all else of kind `environment`.
 * After a failure or an abort nothing of it is left.
 */
export async function up(request: UpRequest): Promise<Result<Environment>> {
  const model = loadCompose(request.composeFile, request.variables, request.ambient);
  if (!model.ok) return model;
  const engine = await connectEngine(request.ambient);
  if (!engine.ok) return engine;
  for (const text of model.value.notes) request.emit({ type: 'noted', text });
  mkdirSync(request.logDirectory, { recursive: true });

  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  request.signal.addEventListener('abort', interrupt, { once: true });
  if (request.signal.aborted) interrupt();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stop.abort();
  }, request.deadlineMs);
  try {
    const brought = await bringUp(engine.value, request, model.value, stop);
    if (brought.ok) return brought;
    const removed = await removeProject(engine.value, request.project, request.run);
    const [first, ...others] = brought.problems;
    const told = request.signal.aborted ? interrupted() : late ? lateProblem(first, request.deadlineMs) : first;
    return failed(told, ...others, ...(removed.ok ? [] : removed.problems));
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener('abort', interrupt);
  }
}

function interrupted(): Problem {
  return { kind: 'environment', message: 'interrupted while the environment came up; nothing of it is left' };
}

function lateProblem(problem: Problem, deadlineMs: number): Problem {
  const message = `the environment was not up within ${deadlineMs / 1000} s: ${problem.message}`;
  return { ...problem, message, remedy: problem.remedy ?? 'Allow more time, or make the service ready sooner.' };
}

async function bringUp(
  engine: Engine,
  request: UpRequest,
  model: ComposeModel,
  stop: AbortController,
): Promise<Result<Environment>> {
  const { project, emit } = request;
  const free = await isFree(engine, project);
  if (!free.ok) return free;
  const labels = environmentLabels(request);
  const [images, networks, volumes, watch] = await Promise.all([
    prepareImages({ engine, emit, signal: stop.signal, task: request.task }, model),
    makeNetworks({ engine, model, project, labels }),
    makeVolumes(engine, model, project, labels),
    watchEvents(engine, project),
  ]);
  if (!watch.ok) return watch;
  const close = <Value>(result: Result<Value>): Result<Value> => {
    if (!result.ok) watch.value.close();
    return result;
  };
  for (const made of [images, networks, volumes]) if (!made.ok) return close(made);
  if (!images.ok || !networks.ok || !volumes.ok) throw new Error('unreachable');
  if (stop.signal.aborted) return close(failed({ kind: 'environment', message: 'images and networks took too long' }));
  const parts = { images: images.value, networks: networks.value, volumes: volumes.value, watch: watch.value };
  return close(await startAll({ engine, request, model, labels, stop, ...parts }));
}

async function isFree(engine: Engine, project: string): Promise<Result<void>> {
  const found = await findLabelled(engine, [`${label.project}=${project}`], () => true);
  if (!found.ok) return found;
  const { containers, networks, volumes } = found.value;
  if (containers.length + networks.length + volumes.length === 0) return ok(undefined);
  return failed({
    kind: 'environment',
    message: `an environment with the name ${project} is already there`,
    remedy: 'Take it down first: gym down',
  });
}

async function startAll(ground: Ground): Promise<Result<Environment>> {
  const { engine, request, model, watch, stop } = ground;
  const observers = new Map<string, Promise<Result<string>>>();
  for (const observed of request.observed) {
    const volume = observed.kind === 'volume' ? ground.volumes.get(observed.volume) : undefined;
    const image = observed.kind === 'volume' ? imageWith(ground, observed.volume) : undefined;
    if (volume !== undefined) observers.set(observedKey(observed), observe(ground, observed, volume, image));
  }
  const created = await Promise.all([...model.services.values()].map((service) => create(ground, service)));
  const details = new Map<string, ReturnType<typeof readDetails>>();
  const onStarted = ({ service, id }: Startable): void => {
    details.set(service.name, readDetails(engine, id, ground.networks));
    const observed = request.observed.find((each) => each.kind === 'network' && each.service === service.name);
    const image = ground.images.get(service.name)?.reference;
    if (observed !== undefined) observers.set(observedKey(observed), observe(ground, observed, id, image));
  };
  const startables = created.flatMap((each) => (each.ok ? [each.value] : []));
  const broken = created.find((each) => !each.ok);
  const failure =
    broken?.ok === false
      ? broken.problems[0]
      : await startServices({ engine, watch, emit: request.emit, stop, onStarted }, startables);
  // Whatever is on its way has to have arrived before the caller may remove it.
  const ready = await Promise.all([...observers].map(async ([key, made]) => [key, await made] as const));
  const services = new Map<string, RunningService>();
  for (const { service, id, log } of startables) {
    const detail = await details.get(service.name);
    services.set(service.name, {
      id,
      log,
      logFile: log.file,
      macAddresses: detail?.macAddresses ?? new Map(),
      ports: detail?.ports ?? new Map(),
    });
  }
  const dark = ready.find(([, result]) => !result.ok)?.[1];
  if (failure !== undefined || dark?.ok === false) {
    for (const { log } of startables) log.close();
    return failure === undefined && dark?.ok === false ? dark : failed(failure ?? interrupted());
  }
  const ids = new Map(ready.flatMap(([key, result]) => (result.ok ? [[key, result.value]] : [])));
  return ok(
    runningEnvironment({ engine, project: request.project, services, observers: ids, watch, emit: request.emit }),
  );
}

function observe(
  { engine, request, labels }: Ground,
  observed: UpRequest['observed'][number],
  joined: string,
  serviceImage: string | undefined,
): Promise<Result<string>> {
  return startHelper({ engine, project: request.project, labels, serviceImage: serviceImage ?? '' }, observed, joined);
}

/** The image of a service that mounts the volume. */
function imageWith({ model, images }: Ground, volume: string): string | undefined {
  const service = [...model.services.values()].find(({ mounts }) =>
    mounts.some((mount) => mount.kind === 'volume' && mount.source === volume),
  );
  return service === undefined ? undefined : images.get(service.name)?.reference;
}

/** Makes a service's container, connects it to its further networks, and follows its log; all before it starts. */
async function create(ground: Ground, service: ServiceModel): Promise<Result<Startable>> {
  const { engine, request, networks, volumes, labels } = ground;
  const { name } = service;
  const image = ground.images.get(name);
  if (image === undefined) throw new Error(`no image of ${name}`);
  const logFile = join(request.logDirectory, `${name}.log`);
  const options = containerOptions(service, {
    project: request.project,
    image: image.reference,
    networks,
    volumes,
    labels,
    logFile,
  });
  const container = await engine.call(`making the container of ${name}`, () => engine.docker.createContainer(options));
  if (!container.ok) return failed({ ...container.problems[0], place: { service: name } });
  const { id } = container.value;
  for (const { network, aliases } of service.networks.slice(1)) {
    const connected = await engine.call(`connecting ${name} to ${network}`, () =>
      engine.docker
        .getNetwork(networks.get(network) ?? network)
        .connect({ Container: id, EndpointConfig: { Aliases: [name, ...aliases] } }),
    );
    if (!connected.ok) return connected;
  }
  const log = await followLog(engine, id, name, logFile);
  if (!log.ok) return log;
  request.emit({ type: 'service.changed', service: name, state: 'created', container: id });
  request.emit({ type: 'log.opened', source: 'service', name, file: logFile });
  return ok({ service, id, log: log.value, probe: probeOf(service, image.healthcheck) });
}
