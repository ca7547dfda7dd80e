import { resolve } from 'node:path';
import type { Attachment, IpamModel, NetworkModel, StoreModel, VolumeModel } from './model.ts';
import { hostPath } from './mounts.ts';
import { type Reader, uniqueBy } from './reader.ts';
import type { Node } from './tree.ts';

/** Top-level `networks`. `default` is always there. */
export function readNetworks(reader: Reader, node: Node | undefined): Map<string, NetworkModel> {
  const networks = new Map<string, NetworkModel>();
  networks.set('default', networkOf(reader, 'default', undefined));
  for (const [name, { value }] of reader.entries(node, 'networks')) networks.set(name, networkOf(reader, name, value));
  return networks;
}

function networkOf(reader: Reader, name: string, node: Node | undefined): NetworkModel {
  const what = `network ${name}`;
  const fields = reader.fields(node, 'networks.*', what);
  const flag = (key: string): boolean | null => reader.boolean(fields.get(key), `${what}: ${key}`);
  return {
    name,
    ...namesOf(reader, fields, name, what),
    driver: reader.text(fields.get('driver'), `${what}: driver`),
    driverOptions: reader.pairs(fields.get('driver_opts'), `${what}: driver_opts`),
    internal: flag('internal') ?? false,
    attachable: flag('attachable') ?? false,
    ipv4: flag('enable_ipv4'),
    ipv6: flag('enable_ipv6'),
    labels: reader.pairs(fields.get('labels'), `${what}: labels`),
    ipam: readIpam(reader, fields.get('ipam'), what),
  };
}

function readIpam(reader: Reader, node: Node | undefined, what: string): IpamModel | null {
  if (node === undefined) return null;
  const fields = reader.fields(node, 'networks.*.ipam', `${what}: ipam`);
  const pools = reader.items(fields.get('config'), `${what}: ipam: config`).map((item) => {
    const pool = reader.fields(item, 'networks.*.ipam.config[]', `${what}: ipam: config`);
    const text = (key: string): string | null => reader.text(pool.get(key), `${what}: ipam: ${key}`);
    const auxAddresses = reader.pairs(pool.get('aux_addresses'), `${what}: ipam: aux_addresses`);
    return { subnet: text('subnet'), ipRange: text('ip_range'), gateway: text('gateway'), auxAddresses };
  });
  const driver = reader.text(fields.get('driver'), `${what}: ipam: driver`);
  return { driver, options: reader.pairs(fields.get('options'), `${what}: ipam: options`), pools };
}

/** Top-level `volumes`. */
export function readVolumes(reader: Reader, node: Node | undefined): Map<string, VolumeModel> {
  const volumes = new Map<string, VolumeModel>();
  for (const [name, { value }] of reader.entries(node, 'volumes')) {
    const what = `volume ${name}`;
    const fields = reader.fields(value, 'volumes.*', what);
    const driver = reader.text(fields.get('driver'), `${what}: driver`);
    const options = reader.pairs(fields.get('driver_opts'), `${what}: driver_opts`);
    const isBind = driver === 'local' && options['o'] === 'bind' && options['device'] !== undefined;
    volumes.set(name, {
      name,
      ...namesOf(reader, fields, name, what),
      driver,
      driverOptions: isBind ? { ...options, device: hostPath(options['device'] ?? '', value.source) } : options,
      labels: reader.pairs(fields.get('labels'), `${what}: labels`),
    });
  }
  return volumes;
}

/** A fixed name would make two environments of one file collide: it counts only for what somebody else made. */
function namesOf(
  reader: Reader,
  fields: ReadonlyMap<string, Node>,
  name: string,
  what: string,
): { external: string | null; fixedName: string | null } {
  const fixedName = reader.text(fields.get('name'), `${what}: name`);
  const external = fields.get('external');
  if (external?.kind === 'mapping') {
    // The obsolete form `external: {name: x}`.
    const inner = external.entries.get('name')?.value;
    return { external: reader.text(inner, `${what}: external: name`) ?? fixedName ?? name, fixedName: null };
  }
  if (reader.boolean(external, `${what}: external`) === true) return { external: fixedName ?? name, fixedName: null };
  if (fixedName !== null) {
    reader.note(`${what}: the fixed name "${fixedName}" is not taken, so that environments do not collide`);
  }
  return { external: null, fixedName };
}

/** Top-level `secrets` or `configs`. */
export function readStores(
  reader: Reader,
  node: Node | undefined,
  kind: 'secrets' | 'configs',
): Map<string, StoreModel> {
  const stores = new Map<string, StoreModel>();
  for (const [name, { value }] of reader.entries(node, kind)) {
    const what = `${kind.slice(0, -1)} ${name}`;
    const before = reader.problems.length;
    const fields = reader.fields(value, `${kind}.*`, what);
    if (reader.problems.length > before) continue;
    const text = (key: string): string | null => reader.text(fields.get(key), `${what}: ${key}`);
    const [file, variable, content] = [text('file'), text('environment'), text('content')];
    const from: StoreModel['from'] | undefined =
      file !== null
        ? { kind: 'file', file: resolve(value.source.directory, file) }
        : variable !== null
          ? { kind: 'variable', variable, content: reader.lookup(variable) ?? '' }
          : content !== null
            ? { kind: 'content', content }
            : reader.complain(value, `${what} has neither "file" nor "environment" nor "content"`);
    if (from !== undefined) stores.set(name, { name, fixedName: text('name'), from });
  }
  return stores;
}

/** `networks` of a service: a list, or a mapping with aliases. In the order of joining: by priority, then by name, as Compose does it. */
export function readAttachments(reader: Reader, node: Node | undefined): readonly Attachment[] {
  const entries: readonly (readonly [string, Node | undefined])[] =
    node?.kind === 'mapping'
      ? [...node.entries].map(([network, { value }]) => [network, value] as const)
      : reader.texts(node, 'networks').map((network) => [network, undefined] as const);
  const attachments = entries.map(([network, value]): Attachment => {
    const what = `networks: ${network}`;
    const fields = reader.fields(value, 'services.*.networks.*', what);
    const text = (key: string): string | null => reader.text(fields.get(key), `${what}: ${key}`);
    return {
      network,
      aliases: reader.uniqueTexts(fields.get('aliases'), `${what}: aliases`),
      ipv4Address: text('ipv4_address'),
      ipv6Address: text('ipv6_address'),
      linkLocalIps: reader.uniqueTexts(fields.get('link_local_ips'), `${what}: link_local_ips`),
      macAddress: text('mac_address'),
      driverOptions: reader.pairs(fields.get('driver_opts'), `${what}: driver_opts`),
      priority: reader.integer(fields.get('priority'), `${what}: priority`) ?? 0,
    };
  });
  return attachments.sort((a, b) => b.priority - a.priority || (a.network < b.network ? -1 : 1));
}

/** `extra_hosts` as `host:address`; each pair once. */
export function readExtraHosts(reader: Reader, node: Node | undefined, what: string): readonly string[] {
  const pair = (host: string, address: string): string => `${host}:${address.replace(/^\[(.*)\]$/, '$1')}`;
  const hosts =
    node?.kind === 'mapping'
      ? [...node.entries].flatMap(([host, { value }]) => {
          const addresses = value.kind === 'sequence' ? value.items : [value];
          return addresses.map((address) => pair(host, reader.text(address, `${what}: ${host}`) ?? ''));
        })
      : reader.texts(node, what).map((text) => {
          // `host=address` is the newer form of `host:address`.
          const [, host = text, address = ''] = /^([^:=]+)[:=](.*)$/.exec(text) ?? [];
          return pair(host, address);
        });
  return uniqueBy(hosts, (host) => host);
}
