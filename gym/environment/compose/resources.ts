import type { Attachment, NetworkModel, Ulimit, VolumeModel } from './model.ts';
import type { Reader } from './reader.ts';
import type { Node } from './tree.ts';

/** Top-level `networks`. `default` is always there. */
export function readNetworks(reader: Reader, node: Node | undefined): Map<string, NetworkModel> {
  const networks = new Map<string, NetworkModel>();
  networks.set('default', networkOf(reader, 'default', undefined));
  for (const [name, { value }] of reader.entries(node, 'networks')) networks.set(name, networkOf(reader, name, value));
  return networks;
}

const networkKeys = ['name', 'external', 'driver', 'driver_opts', 'internal', 'labels'];
const foreignNetworkKeys = ['ipam', 'attachable', 'enable_ipv4', 'enable_ipv6'];

function networkOf(reader: Reader, name: string, node: Node | undefined): NetworkModel {
  const what = `network ${name}`;
  const fields = reader.fields(node, what, networkKeys, foreignNetworkKeys);
  return {
    name,
    external: externalName(reader, fields, name, what),
    driver: reader.text(fields.get('driver'), `${what}: driver`) ?? 'bridge',
    driverOptions: reader.pairs(fields.get('driver_opts'), `${what}: driver_opts`),
    internal: reader.boolean(fields.get('internal'), `${what}: internal`) ?? false,
    labels: reader.pairs(fields.get('labels'), `${what}: labels`),
  };
}

/** Top-level `volumes`. */
export function readVolumes(reader: Reader, node: Node | undefined): Map<string, VolumeModel> {
  const volumes = new Map<string, VolumeModel>();
  for (const [name, { value }] of reader.entries(node, 'volumes')) {
    const what = `volume ${name}`;
    const fields = reader.fields(value, what, ['name', 'external', 'driver', 'driver_opts', 'labels']);
    volumes.set(name, {
      name,
      external: externalName(reader, fields, name, what),
      driver: reader.text(fields.get('driver'), `${what}: driver`) ?? 'local',
      driverOptions: reader.pairs(fields.get('driver_opts'), `${what}: driver_opts`),
      labels: reader.pairs(fields.get('labels'), `${what}: labels`),
    });
  }
  return volumes;
}

/** A fixed name would make two environments of one file collide: it counts only for what somebody else made. */
function externalName(reader: Reader, fields: ReadonlyMap<string, Node>, name: string, what: string): string | null {
  const fixed = reader.text(fields.get('name'), `${what}: name`);
  if (reader.boolean(fields.get('external'), `${what}: external`) === true) return fixed ?? name;
  if (fixed !== null)
    reader.notes.push(`${what}: the fixed name "${fixed}" is not taken, so that environments do not collide`);
  return null;
}

/** `networks` of a service: a list, or a mapping with aliases. */
export function readAttachments(reader: Reader, node: Node | undefined): readonly Attachment[] {
  if (node === undefined) return [{ network: 'default', aliases: [] }];
  if (node.kind !== 'mapping') return reader.texts(node, 'networks').map((network) => ({ network, aliases: [] }));
  const foreign = [
    'ipv4_address',
    'ipv6_address',
    'link_local_ips',
    'mac_address',
    'driver_opts',
    'gw_priority',
    'priority',
    'interface_name',
  ];
  return [...node.entries].map(([network, { value }]) => {
    const what = `networks: ${network}`;
    const fields = reader.fields(value, what, ['aliases'], foreign);
    return { network, aliases: reader.texts(fields.get('aliases'), `${what}: aliases`) };
  });
}

/** `ulimits`: one number, or soft and hard. */
export function readUlimits(reader: Reader, node: Node | undefined): readonly Ulimit[] {
  return [...reader.entries(node, 'ulimits')].map(([name, { value }]) => {
    const what = `ulimits: ${name}`;
    if (value.kind === 'scalar') {
      const both = reader.integer(value, what) ?? 0;
      return { name, soft: both, hard: both };
    }
    const fields = reader.fields(value, what, ['soft', 'hard']);
    const soft = reader.integer(fields.get('soft'), `${what}: soft`) ?? 0;
    return { name, soft, hard: reader.integer(fields.get('hard'), `${what}: hard`) ?? soft };
  });
}
