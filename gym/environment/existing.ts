import type Dockerode from 'dockerode';
import { failed, ok, type Result } from '../events/problem.ts';
import { demultiplex, undivided } from './demux.ts';
import { removeProject } from './down.ts';
import { connectEngine, type Engine } from './engine.ts';
import type { EnvironmentStatus, ServiceStatus } from './environment.ts';
import { listGolden, removeGolden } from './golden-states.ts';
import { haltProject } from './halt.ts';
import { currentGeneration, usedContainers } from './kept.ts';
import { carries, label } from './labels.ts';
import { listMarks, type Mark, markOf, unmark } from './mark.ts';
import { findFreeSlots, isSlot, type SlotPart } from './slots/sets.ts';

type Ambient = Readonly<Record<string, string | undefined>>;

/** Environments that are there, by any process, with their services; only those of a checkout, where one is given. */
export async function listEnvironments(
  ambient: Ambient,
  checkout?: string,
): Promise<Result<readonly EnvironmentStatus[]>> {
  const engine = await connectEngine(ambient);
  if (!engine.ok) return engine;
  const wanted = checkout === undefined ? [label.project] : [label.project, `${label.checkout}=${checkout}`];
  const made = await listMade(engine.value, wanted);
  if (!made.ok) return made;
  const statuses = [...Map.groupBy(made.value.members, ({ labels }) => labels[label.project] ?? '')].map(
    async ([project, members]): Promise<EnvironmentStatus> => {
      const marks = members.flatMap((each) => markOf(each.labels) ?? []);
      const current = currentGeneration(members[0]?.labels, marks);
      const used = ofCurrent(members, current);
      const labels = (used[0] ?? members[0])?.labels ?? {};
      const services = used.flatMap(({ service }) => service ?? []);
      return {
        project,
        task: labels[label.task] ?? '',
        run: labels[label.run] ?? '',
        lease: labels[label.lease] === 'kept' ? 'kept' : 'process',
        checkout: labels[label.checkout] ?? '',
        origin: originOf(marks, current),
        generation: current,
        services: await Promise.all(
          services.map((service) => statusOf(engine.value, service, made.value.ports.get(service.Id) ?? service.Ports)),
        ),
      };
    },
  );
  return ok(await Promise.all(statuses));
}

/** What is used of an environment: not its spare, nor what a reset has left. */
function ofCurrent(members: readonly Made[], current: string): readonly Made[] {
  const used = members.filter(({ labels }) => labels[label.generation] === current);
  // Of one that was reset by the process which holds it, only that process knows.
  return used.length > 0 || members[0]?.labels[label.lease] === 'kept' ? used : members;
}

function originOf(marks: readonly Mark[], current: string): Mark['origin'] {
  return marks.find(({ generation }) => generation === current)?.origin ?? null;
}

interface Made {
  readonly labels: Readonly<Record<string, string>>;
  /** `null`: an observer, a network, a volume. They count too: an environment that was cut short may have nothing else. */
  readonly service: Dockerode.ContainerInfo | null;
}

interface AllMade {
  readonly members: readonly Made[];
  /** By the ids of services' containers whose networks slots hold: what those publish. */
  readonly ports: ReadonlyMap<string, Dockerode.ContainerInfo['Ports']>;
}

async function listMade(engine: Engine, wanted: readonly string[]): Promise<Result<AllMade>> {
  const filters = JSON.stringify({ label: wanted });
  const [containers, networks, volumes] = await Promise.all([
    listContainers(engine, wanted),
    engine.call('listing networks', () => engine.docker.listNetworks({ filters })),
    engine.call('listing volumes', () => engine.docker.listVolumes({ filters })),
  ]);
  if (!containers.ok) return containers;
  if (!networks.ok) return networks;
  if (!volumes.ok) return volumes;
  const others = [...networks.value, ...(volumes.value.Volumes ?? [])].filter((each) => carries(each.Labels, wanted));
  const slots = new Map(
    containers.value.filter(({ Labels }) => isSlot(Labels)).map(({ Id, Ports }) => [`container:${Id}`, Ports]),
  );
  const members = [
    ...containers.value.map((each) => ({ labels: each.Labels, service: label.service in each.Labels ? each : null })),
    ...others.map((each) => ({ labels: each.Labels ?? {}, service: null })),
  ].filter(({ labels }) => !isSlot(labels));
  const ports = containers.value.flatMap(({ Id, HostConfig }) => {
    const published = slots.get(HostConfig.NetworkMode);
    return published === undefined ? [] : [[Id, published] as const];
  });
  return ok({ members, ports: new Map(ports) });
}

async function statusOf(
  engine: Engine,
  info: Dockerode.ContainerInfo,
  ports: Dockerode.ContainerInfo['Ports'],
): Promise<ServiceStatus> {
  const inspected = await engine.call('looking at a container', () => engine.docker.getContainer(info.Id).inspect());
  const state = inspected.ok ? inspected.value.State : undefined;
  const startedAt = Date.parse(state?.StartedAt ?? '');
  return {
    project: info.Labels[label.project] ?? '',
    task: info.Labels[label.task] ?? '',
    service: info.Labels[label.service] ?? '',
    container: info.Id,
    state: state?.Status ?? info.State,
    image: info.Image,
    // The engine writes the year 1 where it never started.
    startedAt: startedAt > 0 ? startedAt : null,
    exitCode: state === undefined || state.Running || !(startedAt > 0) ? null : state.ExitCode,
    ports: ports.flatMap(({ IP, PublicPort, PrivatePort, Type }) =>
      PublicPort === undefined ? [] : [`${IP}:${PublicPort}->${PrivatePort}/${Type}`],
    ),
  };
}

/** Removes an environment that any process brought up. One that is not there is fine. */
export async function down(ambient: Ambient, project: string): Promise<Result<void>> {
  const engine = await connectEngine(ambient);
  if (!engine.ok) return engine;
  const unmarked = await unmark(engine.value, project);
  return unmarked.ok ? removeProject(engine.value, project) : unmarked;
}

/** Removes what is left of a kept environment that was ended by `halt`; one that has come up since is left alone. */
export async function removeRest(ambient: Ambient, project: string): Promise<Result<void>> {
  const engine = await connectEngine(ambient);
  if (!engine.ok) return engine;
  const marks = await listMarks(engine.value, project);
  if (!marks.ok || marks.value.length > 0) return marks.ok ? ok(undefined) : marks;
  return removeProject(engine.value, project);
}

/** Removes the seeded states on which no environment stands. */
export async function removeUnusedStates(ambient: Ambient): Promise<Result<void>> {
  const engine = await connectEngine(ambient);
  if (!engine.ok) return engine;
  const listed = await listGolden(engine.value);
  if (!listed.ok) return listed;
  return removeGolden(
    engine.value,
    listed.value.filter(({ isUsed }) => !isUsed),
  );
}

/** Kept environments that are there, in part or in whole; only those of a checkout, where one is given. */
export async function listKept(
  ambient: Ambient,
  checkout?: string,
): Promise<Result<readonly Pick<EnvironmentStatus, 'project' | 'task' | 'checkout'>[]>> {
  const engine = await connectEngine(ambient);
  if (!engine.ok) return engine;
  const wanted = [label.project, `${label.lease}=kept`];
  if (checkout !== undefined) wanted.push(`${label.checkout}=${checkout}`);
  const made = await listMade(engine.value, wanted);
  if (!made.ok) return made;
  const byProject = Map.groupBy(made.value.members, ({ labels }) => labels[label.project] ?? '');
  return ok(
    [...byProject].map(([project, [first]]) => {
      return { project, task: first?.labels[label.task] ?? '', checkout: first?.labels[label.checkout] ?? '' };
    }),
  );
}

/** Sets of slots that no environment has; only those of a checkout, where one is given. `down` removes one by its name. */
export async function listSlots(ambient: Ambient, checkout?: string): Promise<Result<readonly SlotPart[]>> {
  const engine = await connectEngine(ambient);
  if (!engine.ok) return engine;
  const found = await findFreeSlots(engine.value, (part) => (checkout ?? part.checkout) === part.checkout);
  if (!found.ok) return found;
  const { containers, networks } = found.value;
  return ok([...new Map([...containers, ...networks].map((part) => [part.set, part])).values()]);
}

/** Ends all processes of an environment; what is left of it is for `removeRest` or a sweep to remove. */
export async function halt(ambient: Ambient, project: string): Promise<Result<void>> {
  const engine = await connectEngine(ambient);
  if (!engine.ok) return engine;
  const [unmarked, halted] = await Promise.all([unmark(engine.value, project), haltProject(engine.value, project)]);
  return unmarked.ok ? halted : unmarked;
}

/** Which part of a service's log is wanted. */
export interface LogsRequest {
  readonly project: string;
  readonly service: string;
  /** Go on until the container ends or `signal` says so. */
  readonly follow: boolean;
  /** How many of the last lines; `null`: all. */
  readonly tail: number | null;
  readonly timestamps: boolean;
  readonly onOutput: (chunk: Uint8Array, stream: 'stdout' | 'stderr') => void;
  readonly signal: AbortSignal;
}

/** Reads a service's log as the engine has it, whoever brought the environment up. */
export async function logs(ambient: Ambient, request: LogsRequest): Promise<Result<void>> {
  const connected = await connectEngine(ambient);
  if (!connected.ok) return connected;
  const engine = connected.value;
  const { project, service, follow, tail, timestamps, onOutput, signal } = request;
  const containers = await listContainers(engine, [`${label.project}=${project}`, `${label.service}=${service}`]);
  if (!containers.ok) return containers;
  const used = await usedContainers(engine, containers.value);
  if (!used.ok) return used;
  const id = used.value[0]?.Id;
  if (id === undefined)
    return failed({ ...notThere(project), message: `there is no service ${service} in ${project}` });
  const options = { stdout: true, stderr: true, timestamps, ...(tail !== null && { tail }) };
  const container = engine.docker.getContainer(id);
  const inspected = await engine.call('looking at a container', () => container.inspect());
  if (!inspected.ok) return inspected;
  const divide = inspected.value.Config.Tty ? undivided : demultiplex;
  const opened = await engine.call(
    `reading the log of ${service}`,
    async (): Promise<AsyncIterable<Uint8Array | string>> =>
      follow
        ? container.logs({ ...options, follow: true, abortSignal: signal })
        : once(await container.logs({ ...options, follow: false })),
  );
  if (!opened.ok) return signal.aborted ? ok(undefined) : opened;
  const copy = async (): Promise<void> => {
    for await (const { bytes, stream } of divide(opened.value)) onOutput(bytes, stream);
  };
  // An abort ends the stream by an error: that is no failure.
  const copied = await engine.call(`reading the log of ${service}`, copy, 2 ** 31 - 1);
  return copied.ok || signal.aborted ? ok(undefined) : copied;
}

function notThere(project: string): { kind: 'environment'; message: string; remedy: string } {
  return {
    kind: 'environment',
    message: `there is no environment ${project}`,
    remedy: 'gym ps shows what is there; gym up brings one up.',
  };
}

async function listContainers(
  engine: Engine,
  labels: readonly string[],
): Promise<Result<readonly Dockerode.ContainerInfo[]>> {
  const filters = JSON.stringify({ label: labels });
  return engine.call('listing containers', () => engine.docker.listContainers({ all: true, filters }));
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
