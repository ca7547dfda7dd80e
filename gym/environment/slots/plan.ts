import { sha256 } from '../../store/sha256.ts';
import type { ComposeModel, NetworkModel, ServiceModel } from '../compose/model.ts';
import { networkOptions } from '../container.ts';
import { helperImage } from '../helper.ts';

/** What of an environment can be made before anybody brings it up. */
export interface SlotPlan {
  /** Hash of all that goes into it: a set that was made from something else is not taken. */
  readonly key: string;
  /** Those that services with slots are in. */
  readonly networks: ReadonlyMap<string, NetworkModel>;
  /** Those that get a slot; the others are in their networks themselves. */
  readonly services: readonly ServiceModel[];
}

/** Plans the slots of a model; undefined: none of its services can have one. */
export function planSlots(model: ComposeModel): SlotPlan | undefined {
  const services = [...model.services.values()].filter((service) => mayHaveSlot(model, service));
  if (services.length === 0) return undefined;
  const used = new Set(services.flatMap((service) => service.networks.map(({ network }) => network)));
  const networks = new Map([...model.networks].filter(([name]) => used.has(name)));
  const parts = { project: '', networks: new Map([...used].map((name) => [name, name])), containers: new Map() };
  const made = services.map((service) => [service.name, networkOptions(service, parts), service.networks]);
  // The size of a network is chosen by how many are in it, with a slot or without.
  const attached = [...model.services.values()].map((service) => service.networks.map(({ network }) => network));
  const text = JSON.stringify([helperImage, [...networks], made, attached]);
  return { key: sha256(text), networks, services };
}

/**
 * Whether a service sees the same in a slot as in a container that is in its networks itself, and whether its slot takes nothing from others
 * while it waits: a fixed address, a place in a network that is not the environment's own.
 */
function mayHaveSlot({ networks, services }: ComposeModel, service: ServiceModel): boolean {
  const isOwn = (network: NetworkModel | undefined): boolean =>
    network !== undefined &&
    network.external === null &&
    (network.driver ?? 'bridge') === 'bridge' &&
    (network.ipam?.pools.every(({ subnet }) => subnet === null) ?? true);
  return (
    service.networkMode === null &&
    service.networks.length > 0 &&
    service.networks.every(
      (each) =>
        isOwn(networks.get(each.network)) &&
        each.ipv4Address === null &&
        each.ipv6Address === null &&
        each.macAddress === null &&
        each.linkLocalIps.length === 0,
    ) &&
    service.macAddress === null &&
    !isLinked(services, service) &&
    service.uts === null &&
    service.userns === null &&
    service.runtime === null
  );
}

/** Links lead from container to container, by their names. */
function isLinked(services: ComposeModel['services'], { name, links }: ServiceModel): boolean {
  const targets = [...services.values()].flatMap((other) => other.links.map((link) => link.split(':')[0]));
  return links.length > 0 || targets.includes(name);
}
