import { readFileSync } from 'node:fs';
import { failed, ok, type Result } from '../events/problem.ts';
import type { ComposeModel, IpamModel, NetworkModel } from './compose/model.ts';
import type { Answer, Engine } from './engine.ts';
import { label } from './labels.ts';
import { freeSubnets, parseRoutes, parseSubnet, pools, prefixFor, type Subnet, subnetText } from './subnets.ts';

/** The engine's names of an environment's networks, by their names in the Compose file. */
export type NetworkNames = ReadonlyMap<string, string>;

interface Making {
  readonly engine: Engine;
  readonly model: ComposeModel;
  readonly project: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Where subnets are taken from; all that gym has by default. */
  readonly pools?: readonly Subnet[];
}

/** How many blocks are tried when others take them at the same moment. */
const attempts = 64;

/** How the networks of a model are called on the engine, whether they are there yet or not. */
export function networkNames({ networks }: ComposeModel, project: string): NetworkNames {
  return new Map([...networks.values()].map(({ name, external }) => [name, external ?? nameOf(project, name)]));
}

const nameOf = (project: string, network: string): string => `${project}_${network}`;

/** Makes the networks of a model, each in a small block of its own; external ones have to be there. */
export async function makeNetworks(making: Making): Promise<Result<void>> {
  const owned = [...making.model.networks.values()].filter(({ external }) => external === null);
  const taken = owned.length === 0 ? ok([]) : await takenSubnets(making.engine);
  if (!taken.ok) return taken;
  const fixed = owned.flatMap(({ ipam }) => ipam?.pools.flatMap(({ subnet }) => subnet ?? []) ?? []);
  taken.value.push(...fixed.flatMap((subnet) => parseSubnet(subnet) ?? []));
  const made = await Promise.all(
    [...making.model.networks.values()].map((network) =>
      network.external !== null
        ? find(making.engine, network.external, network.name)
        : hasSubnet(network)
          ? makeFixed(making, network)
          : make(making, network, taken.value),
    ),
  );
  return made.find(({ ok: isMade }) => !isMade) ?? ok(undefined);
}

async function find(engine: Engine, external: string, name: string): Promise<Result<void>> {
  const found = await engine.call(`looking for the external network "${external}"`, () =>
    engine.docker.getNetwork(external).inspect(),
  );
  if (found.ok) return ok(undefined);
  if (found.status !== 404) return found;
  return failed({
    kind: 'environment',
    message: `network ${name}: there is no external network "${external}"`,
    remedy: `Make it: docker network create ${external}`,
  });
}

/** A subnet that the file fixes is taken as it is. */
function hasSubnet({ ipam }: NetworkModel): boolean {
  return ipam?.pools.some(({ subnet }) => subnet !== null) ?? false;
}

async function makeFixed(making: Making, network: NetworkModel): Promise<Result<void>> {
  const name = nameOf(making.project, network.name);
  const pools = network.ipam?.pools ?? [];
  const made = await createWith(making, network, name, pools.map(poolOptions));
  if (made.ok) return ok(undefined);
  if (!isOverlap(made)) return made;
  const subnets = pools.flatMap(({ subnet }) => subnet ?? []).join(', ');
  return failed({
    kind: 'environment',
    message: `network ${network.name}: its subnet ${subnets} is taken by another network`,
    remedy: 'Leave the subnet out, so that every environment gets one of its own, or take the other network down.',
  });
}

function poolOptions({ subnet, ipRange, gateway, auxAddresses }: IpamModel['pools'][number]): Pool {
  return {
    ...(subnet !== null && { Subnet: subnet }),
    ...(ipRange !== null && { IPRange: ipRange }),
    ...(gateway !== null && { Gateway: gateway }),
    ...(Object.keys(auxAddresses).length > 0 && { AuxiliaryAddresses: { ...auxAddresses } }),
  };
}

async function make(making: Making, network: NetworkModel, taken: Subnet[]): Promise<Result<void>> {
  const name = nameOf(making.project, network.name);
  const endpoints = [...making.model.services.values()].filter((service) =>
    service.networks.some((attachment) => attachment.network === network.name),
  ).length;
  const prefix = prefixFor(endpoints);
  let tried = 0;
  for (const subnet of freeSubnets(taken, prefix, Math.random(), making.pools)) {
    tried += 1;
    if (tried > attempts) break;
    // Before it is made: the environment's other networks choose at the same time.
    taken.push(subnet);
    const created = await create(making, network, name, subnet);
    if (created.ok) return ok(undefined);
    if (!isOverlap(created)) return created;
  }
  return failed({
    kind: 'environment',
    message: `network ${network.name}: ${whyNone(prefix, tried, making.pools ?? pools)}`,
    remedy: 'Remove networks that are not used any more: `gym gc`, `gym down --all`, `docker network prune`.',
  });
}

function whyNone(prefix: number, tried: number, from: readonly Subnet[]): string {
  if (tried > attempts) return `${attempts} blocks that looked free were taken by others at the same moment`;
  const where = from.map(subnetText).join(', ');
  return `no free block /${prefix} is left in ${where}: networks of the engine and routes of the host take all of it`;
}

function create(making: Making, network: NetworkModel, name: string, subnet: Subnet): Promise<Answer<unknown>> {
  return createWith(making, network, name, [{ Subnet: subnetText(subnet) }]);
}

type Pool = Readonly<Record<string, string | Record<string, string>>>;

function createWith(making: Making, network: NetworkModel, name: string, pools: Pool[]): Promise<Answer<unknown>> {
  const { ipam } = network;
  const options = {
    Name: name,
    CheckDuplicate: true,
    Driver: network.driver ?? 'bridge',
    Internal: network.internal,
    Attachable: network.attachable,
    ...(network.ipv4 !== null && { EnableIPv4: network.ipv4 }),
    ...(network.ipv6 !== null && { EnableIPv6: network.ipv6 }),
    Options: network.driverOptions,
    Labels: { ...network.labels, ...making.labels, [label.resource]: network.name },
    IPAM: { Driver: ipam?.driver ?? 'default', Options: { ...ipam?.options }, Config: pools },
  };
  return making.engine.call(`making the network ${network.name}`, () => making.engine.docker.createNetwork(options));
}

/** 403 with these words on Engine 20.10 to 28, 500 with the last ones on Podman; there is no code of its own for it. */
function isOverlap(answer: Answer<unknown>): boolean {
  return (
    !answer.ok && /pool overlaps|overlaps with other|is already used on the host/i.test(answer.problems[0].message)
  );
}

async function takenSubnets(engine: Engine): Promise<Result<Subnet[]>> {
  const networks = await engine.call('listing networks', () => engine.docker.listNetworks());
  if (!networks.ok) return networks;
  const configured = networks.value.flatMap((network) => network.IPAM?.Config ?? []);
  const ofEngine = configured.flatMap(({ Subnet: text }) => (text === undefined ? [] : (parseSubnet(text) ?? [])));
  return ok([...ofEngine, ...hostRoutes()]);
}

/** Only Linux tells; elsewhere the engine runs in a machine of its own. */
function hostRoutes(): readonly Subnet[] {
  try {
    return parseRoutes(readFileSync('/proc/net/route', 'utf8'));
  } catch {
    return [];
  }
}
