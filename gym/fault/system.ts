import type Dockerode from 'dockerode';
import { connectEngine, type Engine } from '../environment/engine.ts';
import { usedContainers } from '../environment/kept.ts';
import { label } from '../environment/labels.ts';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import { known } from '../task/suggest.ts';

/** A container of an environment: a service's, or one whose network a service uses. */
export interface Member {
  readonly service: string;
  readonly id: string;
  readonly name: string;
  readonly info: Dockerode.ContainerInspectInfo;
}

/** An environment as its faults see it. */
export interface System {
  readonly engine: Engine;
  readonly project: string;
  /** The checkout that it belongs to. */
  readonly checkout: string;
  /** What everything carries that is made for it. */
  readonly labels: Readonly<Record<string, string>>;
  readonly members: ReadonlyMap<string, Member>;
}

type Ambient = Readonly<Record<string, string | undefined>>;
const carried: readonly string[] = [
  label.project,
  label.task,
  label.run,
  label.lease,
  label.owner,
  label.checkout,
  label.generation,
] as const;

/** Looks an environment up, whoever brought it up. One that is not there is a problem. */
export async function openSystem(ambient: Ambient, project: string): Promise<Result<System>> {
  const found = await findSystem(ambient, project);
  if (!found.ok) return found;
  if (found.value !== undefined) return ok(found.value);
  const remedy = 'gym ps shows what is there; gym up brings one up.';
  return failed({ kind: 'environment', message: `there is no environment ${project}`, remedy });
}

/** The same; `undefined`: it is not there. */
export async function findSystem(ambient: Ambient, project: string): Promise<Result<System | undefined>> {
  const engine = await connectEngine(ambient);
  if (!engine.ok) return engine;
  const { docker, call } = engine.value;
  const filters = JSON.stringify({ label: [`${label.project}=${project}`, label.service] });
  const listed = await call('listing containers', () => docker.listContainers({ all: true, filters }));
  if (!listed.ok) return listed;
  const current = await usedContainers(engine.value, listed.value);
  if (!current.ok) return current;
  const used = current.value;
  const [first] = used;
  if (first === undefined) return ok(undefined);
  const members = await Promise.all(
    used.map(({ Id, Labels }) => lookAt(engine.value, Id, Labels[label.service] ?? '')),
  );
  for (const member of members) if (!member.ok) return member;
  const present = members.flatMap((member) => (member.ok ? [member.value] : []));
  return ok({
    engine: engine.value,
    project,
    checkout: first.Labels[label.checkout] ?? '',
    labels: Object.fromEntries(Object.entries(first.Labels).filter(([name]) => carried.includes(name))),
    members: new Map(present.map((member) => [member.service, member])),
  });
}

async function lookAt(engine: Engine, id: string, service: string): Promise<Result<Member>> {
  const inspected = await engine.call(`looking at ${service}`, () => engine.docker.getContainer(id).inspect());
  if (!inspected.ok) return inspected;
  return ok({ service, id, name: inspected.value.Name.replace(/^\//, ''), info: inspected.value });
}

/** A member as it is now. */
export function again({ engine }: System, { id, service }: Member): Promise<Result<Member>> {
  return lookAt(engine, id, service);
}

/** The service of that name. */
export function memberOf({ members }: System, service: string): Result<Member> {
  const member = members.get(service);
  if (member !== undefined) return ok(member);
  const remedy = known('services', [...members.keys()].sort());
  return failed({ kind: 'usage', message: `there is no service ${service}`, remedy });
}

/** The service of that name, which has to run. */
export function runningMember(system: System, service: string): Result<Member> {
  const member = memberOf(system, service);
  if (!member.ok || (member.value.info.State.Running && !member.value.info.State.Paused)) return member;
  return failed({
    kind: 'environment',
    message: `${service} does not run: ${stateText(member.value)}`,
    remedy: 'gym fault list shows what was done to it; gym up brings it up again.',
  });
}

/** The container whose network a service has: its own, or the one that it joined, which may have joined another. */
export async function networkHolder(system: System, member: Member): Promise<Result<Member>> {
  const joined = /^container:(.+)$/.exec(member.info.HostConfig.NetworkMode ?? '')?.[1];
  if (joined === undefined) return ok(member);
  const other = await lookAt(system.engine, joined, member.service);
  return other.ok ? networkHolder(system, other.value) : other;
}

/** The slot that a service's container is in, and nobody's container else; `undefined`: it has its network itself, or another service's. */
export async function slotOf(system: System, member: Member): Promise<Result<Member | undefined>> {
  const joined = /^container:(.+)$/.exec(member.info.HostConfig.NetworkMode ?? '')?.[1];
  const other = joined === undefined ? undefined : await lookAt(system.engine, joined, member.service);
  if (other === undefined || !other.ok) return ok(undefined);
  return ok(isSlot(other.value) ? other.value : undefined);
}

/** Whether a container only holds a network. */
export function isSlot({ info }: Member): boolean {
  return label.slots in info.Config.Labels;
}

/** What the engine's names of a container's networks begin with. */
export function prefixOf({
  name,
  service,
  info: {
    Config: { Labels },
  },
}: Member): string {
  const own = Labels[label.service] ?? Labels[label.helper]?.replace(/^slot-/, '') ?? service;
  return name.slice(0, -own.length - 1);
}

/** The networks of a container, by the engine's names; without `host` and `none`, which nobody can be cut off from. */
export function networksOf({ info }: Member): ReadonlyMap<string, Dockerode.EndpointSettings> {
  const entries = Object.entries(info.NetworkSettings.Networks).filter(([name]) => name !== 'host' && name !== 'none');
  return new Map(entries);
}

/** "running", "exited (137)". */
export function stateText({ info: { State: state } }: Member): string {
  return state.Running ? state.Status : `${state.Status} (${state.ExitCode})`;
}

/** Published ports: "127.0.0.1:32768->80/tcp"; empty where there are none. */
export function portsText({ info }: Member): string {
  return Object.entries(info.NetworkSettings.Ports ?? {})
    .flatMap(([port, bindings]) => (bindings ?? []).map(({ HostIp, HostPort }) => `${HostIp}:${HostPort}->${port}`))
    .join(', ');
}

/** What cannot be done on this engine or with this service, and why. */
export function notPossible(what: string, because: string, remedy?: string): { ok: false; problems: [Problem] } {
  const problem: Problem = { kind: 'environment', message: `${what} is not possible here: ${because}` };
  return { ok: false, problems: [remedy === undefined ? problem : { ...problem, remedy }] };
}
