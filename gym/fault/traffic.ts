import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import type { FaultEvidence, TrafficFault } from '../task/environment-fault.ts';
import { redirectHosts } from './hosts.ts';
import type { OpenFault } from './notes.ts';
import type { Outcome, Plan, Planning } from './plan.ts';
import type { Probed } from './proxy/probe.ts';
import type { Shape } from './proxy/proxy.ts';
import { listeningPorts, probeFrom, startProxyContainer } from './proxy-container.ts';
import { again, type Member, memberOf, networkHolder, networksOf, notPossible, runningMember } from './system.ts';

/** The proxy's own is not imported: its folder is a program by itself. */
const plain: Shape = { latencyMs: 0, bytesPerSecond: null, reset: null };
/** How long an empty connection may take beside the latency that is asked for. */
const probeLimitMs = 1500;

/** A service whose connections are led through the proxy, over a network that it has in common with the target. */
interface Client {
  readonly member: Member;
  readonly network: string;
}

interface Way {
  readonly target: Member;
  readonly holder: Member;
  readonly clients: readonly [Client, ...Client[]];
}

/** Plans a proxy between clients and a port of a service. The clients' names for the service lead to it; it reaches the service itself. */
export async function planTraffic(planning: Planning, fault: TrafficFault): Promise<Result<Plan>> {
  // Seen on Podman 4.3: services that nothing was done to are slowed down as well.
  if (planning.system.engine.isPodman) {
    return notPossible(`${fault.kind} between services`, 'Podman finds services by their names in another way');
  }
  const way = await findWay(planning, fault);
  if (!way.ok) return way;
  const { target, clients } = way.value;
  const members = clients.map(({ member }) => member);
  return ok({
    undo: members.map(({ id, service }) => ({ do: 'resolve', container: id, service })),
    members: [target, ...members],
    act: () => lead(planning, fault, way.value),
  });
}

async function findWay({ system, open }: Planning, fault: TrafficFault): Promise<Result<Way>> {
  const target = memberOf(system, fault.to);
  if (!target.ok) return target;
  const named = fault.from === undefined ? null : runningMember(system, fault.from);
  if (named !== null && !named.ok) return named;
  const holder = await networkHolder(system, target.value);
  if (!holder.ok) return holder;
  const candidates = named === null ? [...system.members.values()].filter(isUp) : [named.value];
  const clients: Client[] = [];
  for (const member of candidates) {
    const own = await networkHolder(system, member);
    if (!own.ok) return own;
    const network = [...networksOf(own.value).keys()].find((name) => networksOf(holder.value).has(name));
    // Services that share a network share its file of hosts, too.
    const isKnown = clients.some((client) => client.member.info.HostsPath === member.info.HostsPath);
    if (network !== undefined && own.value.id !== holder.value.id && !isKnown) clients.push({ member, network });
  }
  const [first, ...others] = clients;
  if (first === undefined)
    return notPossible(
      `disturbing traffic to ${fault.to}`,
      `${fault.from ?? 'no running service'} has ${fault.from === undefined ? 'a' : 'no'} network in common with it, other than its own`,
    );
  const taken = clients.flatMap(({ member }) => disturbed(open, fault.to, member) ?? []);
  if (taken[0] !== undefined) return failed(taken[0]);
  return ok({ target: target.value, holder: holder.value, clients: [first, ...others] });
}

const isUp = ({ info: { State: state } }: Member): boolean => state.Running && !state.Paused;

/** A name leads to one place: there is one disturbance of a pair of services at a time. */
function disturbed(open: readonly OpenFault[], to: string, { id, service }: Member): Problem | undefined {
  const other = open.find(
    ({ fault, undo }) => 'to' in fault && fault.to === to && undo.some(({ container }) => container === id),
  );
  if (other === undefined) return undefined;
  const message = `traffic from ${service} to ${to} is disturbed already, by ${other.id}`;
  return { kind: 'usage', message, remedy: `Clear it first: gym fault clear ${other.id}` };
}

async function lead({ system, id }: Planning, fault: TrafficFault, way: Way): Promise<Result<Outcome>> {
  const { holder, clients } = way;
  const [first] = clients;
  const shape = shapeOf(fault);
  const look = (): Promise<Result<Probed>> =>
    probeFrom(system, id, first.member.id, {
      host: fault.to,
      port: fault.port,
      limitMs: probeLimitMs + shape.latencyMs * 3,
    });
  const [ports, before] = await Promise.all([listeningPorts(system, id, holder.id), look()]);
  if (!ports.ok) return ports;
  if (!before.ok) return before;
  if (!ports.value.includes(fault.port))
    return failed({
      kind: 'usage',
      message: `${fault.to} does not listen on TCP port ${fault.port}`,
      remedy: `It listens on: ${ports.value.join(', ') || 'none'}.`,
    });
  const networks = [...new Set(clients.map(({ network }) => network))];
  // By the name of its container: that is no alias, and stays when the service is started anew with another address.
  const route = (port: number) => ({ listen: port, host: holder.name, port });
  const others = ports.value.filter((port) => port !== fault.port).map(route);
  const proxy = await startProxyContainer(system, id, networks, { shaped: route(fault.port), shape, others });
  if (!proxy.ok) return proxy;
  const { container, trial } = proxy.value;
  const self = await again(system, { service: 'the proxy', id: container.id, name: '', info: holder.info });
  if (!self.ok) return self;
  const addressIn = (network: string): string => networksOf(self.value).get(network)?.IPAddress ?? '';
  const redirections = clients.map(({ member, network }) => {
    return { member, address: addressIn(network), names: namesOf(way, network) };
  });
  const redirected = await redirectHosts(system, id, redirections);
  if (!redirected.ok) return redirected;
  const after = await look();
  if (!after.ok) return after;
  const recounted = await system.engine.call('counting from zero', () => container.kill({ signal: 'SIGUSR2' }));
  if (!recounted.ok) return recounted;
  const evidence: FaultEvidence[] = [
    ...(trial === null ? [] : [{ what: trial.what, before: trial.before, after: trial.after }]),
    ...compare(`from ${first.member.service} to ${fault.to}:${fault.port}`, before.value, after.value),
  ];
  const goesThrough =
    after.value.address === addressIn(first.network) || (after.value.outcome === 'reset' && fault.kind === 'reset');
  const slower = fault.kind !== 'latency' || after.value.roundTripMs >= fault.latencyMs * 0.9;
  return ok({ activated: goesThrough && slower && trial?.isEffective !== false, evidence });
}

function shapeOf(fault: TrafficFault): Shape {
  switch (fault.kind) {
    case 'latency':
      return { ...plain, latencyMs: fault.latencyMs };
    case 'bandwidth':
      return { ...plain, bytesPerSecond: fault.bytesPerSecond };
    case 'reset':
      return { ...plain, reset: fault.when };
    case 'count':
      return plain;
  }
}

/** All names by which the engine's resolver knows the target in a network. */
function namesOf({ target, holder }: Way, network: string): string[] {
  const aliases = networksOf(holder).get(network)?.Aliases ?? [];
  return [...new Set([target.service, holder.name, ...aliases])];
}

function compare(way: string, before: Probed, after: Probed): FaultEvidence[] {
  const text = ({ outcome, roundTripMs }: Probed): string => {
    if (outcome === 'closed') return `closed after ${roundTripMs.toFixed(1)} ms`;
    return outcome === 'open' ? `still open after ${Math.round(roundTripMs)} ms` : outcome;
  };
  return [
    { what: `a connection ${way} leads to`, before: before.address || 'nowhere', after: after.address || 'nowhere' },
    { what: `an empty connection ${way}`, before: text(before), after: text(after) },
  ];
}
