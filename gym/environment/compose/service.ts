import { suggest } from '../../task/suggest.ts';
import { readBuild } from './build.ts';
import { readHealth } from './health.ts';
import { readLimits } from './limits.ts';
import type { Dependency, LoggingModel, PullPolicy, ServiceModel } from './model.ts';
import { readMounts, readStoreMounts, readTmpfs } from './mounts.ts';
import { readPorts } from './ports.ts';
import type { Reader } from './reader.ts';
import { readAttachments, readExtraHosts } from './resources.ts';
import type { Entry, Node, Spot } from './tree.ts';
import { readEnvironment, readLabels } from './variables.ts';

/** One service. */
export function readService(reader: Reader, name: string, entry: Entry): ServiceModel {
  const fields = reader.fields(entry.value, 'services.*', `service ${name}`);
  const at = (key: string): Node | undefined => fields.get(key);
  const text = (key: string): string | null => reader.text(at(key), key);
  const texts = (key: string): readonly string[] => reader.uniqueTexts(at(key), key);
  const flag = (key: string): boolean => reader.boolean(at(key), key) ?? false;
  if (at('image') === undefined && at('build') === undefined && !isMisspelt(entry.value)) {
    reader.complain(entry.at, 'there is neither "image" nor "build"');
  }
  const networkMode = text('network_mode');
  const links = texts('links');
  const volumesFrom = texts('volumes_from');
  const namespaces = {
    pid: text('pid'),
    ipc: text('ipc'),
    uts: text('uts'),
    userns: text('userns_mode'),
    cgroup: text('cgroup'),
  };
  const implied = [networkMode, namespaces.pid, namespaces.ipc, namespaces.uts, namespaces.cgroup].flatMap((mode) =>
    mode?.startsWith('service:') ? [mode.slice('service:'.length)] : [],
  );
  const also = [...links, ...volumesFrom.filter((from) => !from.startsWith('container:'))].map(
    (each) => each.split(':')[0] ?? '',
  );
  return {
    name,
    file: entry.at.source.file,
    line: entry.at.line,
    image: text('image'),
    build: readBuild(reader, at('build')),
    platform: text('platform'),
    pullPolicy: readPullPolicy(reader, at('pull_policy')),
    command: reader.command(at('command'), 'command'),
    entrypoint: reader.command(at('entrypoint'), 'entrypoint'),
    environment: readEnvironment(reader, at('env_file'), at('environment')),
    workingDir: text('working_dir'),
    user: text('user'),
    groupAdd: texts('group_add'),
    stdinOpen: flag('stdin_open'),
    tty: flag('tty'),
    init: reader.boolean(at('init'), 'init'),
    stopSignal: text('stop_signal'),
    stopGracePeriodMs: reader.durationMs(at('stop_grace_period'), 'stop_grace_period'),
    healthcheck: readHealth(reader, at('healthcheck')),
    dependsOn: withImplied(readDependencies(reader, at('depends_on')), [...implied, ...also], entry.at),
    labels: readLabels(reader, at('label_file'), at('labels')),
    annotations: reader.pairs(at('annotations'), 'annotations'),
    logging: readLogging(reader, at('logging')),
    profiles: texts('profiles'),
    tools: null,
    networks: readNetworksOf(reader, at('networks'), networkMode),
    networkMode,
    containerName: text('container_name'),
    hostname: text('hostname'),
    domainName: text('domainname'),
    macAddress: text('mac_address'),
    ports: readPorts(reader, at('ports')),
    expose: readExpose(reader, at('expose')),
    links,
    dns: texts('dns'),
    dnsOptions: texts('dns_opt'),
    dnsSearch: texts('dns_search'),
    extraHosts: readExtraHosts(reader, at('extra_hosts'), 'extra_hosts'),
    mounts: readMounts(reader, at('volumes')),
    tmpfs: readTmpfs(reader, at('tmpfs')),
    volumesFrom,
    secrets: readStoreMounts(reader, at('secrets'), 'secrets'),
    configs: readStoreMounts(reader, at('configs'), 'configs'),
    privileged: flag('privileged'),
    readOnly: flag('read_only'),
    capAdd: texts('cap_add'),
    capDrop: texts('cap_drop'),
    securityOptions: texts('security_opt'),
    sysctls: reader.pairs(at('sysctls'), 'sysctls'),
    storageOptions: reader.pairs(at('storage_opt'), 'storage_opt'),
    runtime: text('runtime'),
    ...namespaces,
    ...readLimits(reader, fields),
  };
}

/** Whether there is an unknown key that was meant to be one of the two: it is complained of itself. */
function isMisspelt(node: Node): boolean {
  const keys = node.kind === 'mapping' ? [...node.entries.keys()] : [];
  return keys.some((key) => suggest(key, ['image', 'build']) !== undefined);
}

function readNetworksOf(reader: Reader, node: Node | undefined, networkMode: string | null): ServiceModel['networks'] {
  const attachments = readAttachments(reader, node);
  if (networkMode !== null) {
    if (attachments.length > 0 && node !== undefined)
      reader.complain(node, 'there are both "networks" and "network_mode"');
    return [];
  }
  if (attachments.length > 0) return attachments;
  const none = { aliases: [], linkLocalIps: [], ipv4Address: null, ipv6Address: null, macAddress: null };
  return [{ network: 'default', ...none, driverOptions: {}, priority: 0 }];
}

function readPullPolicy(reader: Reader, node: Node | undefined): PullPolicy | null {
  const text = reader.text(node, 'pull_policy');
  if (text === null || node === undefined) return null;
  if (text === 'always' || text === 'never' || text === 'missing' || text === 'build') return text;
  if (text === 'if_not_present') return 'missing';
  if (/^(?:refresh|daily|weekly|every_(?:\d+[wdhms])+)$/.test(text)) {
    reader.note(`pull_policy "${text}" is taken as "missing": a later pull would change what is judged`);
    return 'missing';
  }
  return reader.complain(node, `pull_policy: "${text}" is none of always, never, missing, build`) ?? null;
}

function readLogging(reader: Reader, node: Node | undefined): LoggingModel | null {
  if (node === undefined) return null;
  const fields = reader.fields(node, 'services.*.logging', 'logging');
  const driver = reader.text(fields.get('driver'), 'logging: driver');
  return { driver, options: reader.pairs(fields.get('options'), 'logging: options') };
}

function readExpose(reader: Reader, node: Node | undefined): readonly string[] {
  const ports = reader.uniqueTexts(node, 'expose');
  const bad = ports.find((port) => !/^\d+(?:-\d+)?(?:\/(?:tcp|udp|sctp))?$/.test(port));
  if (bad !== undefined && node !== undefined) reader.complain(node, `expose: "${bad}" is no port`);
  return ports;
}

function readDependencies(reader: Reader, node: Node | undefined): readonly Dependency[] {
  if (node?.kind !== 'mapping') {
    return reader
      .items(node, 'depends_on')
      .flatMap((item) => (item.kind === 'scalar' ? [dependency(item.text, item, 'started', true)] : []));
  }
  return [...node.entries].map(([service, { at, value }]) => {
    const fields = reader.fields(value, 'services.*.depends_on.*', `depends_on: ${service}`);
    const condition = reader.text(fields.get('condition'), `depends_on: ${service}: condition`) ?? 'service_started';
    const required = reader.boolean(fields.get('required'), `depends_on: ${service}: required`) ?? true;
    return dependency(service, at, conditionOf(reader, condition, at), required);
  });
}

function dependency(service: string, at: Spot, condition: Dependency['condition'], required: boolean): Dependency {
  return { service, condition, required, file: at.source.file, line: at.line };
}

function conditionOf(reader: Reader, text: string, at: Spot): Dependency['condition'] {
  if (text === 'service_healthy') return 'healthy';
  if (text === 'service_completed_successfully') return 'completed';
  if (text !== 'service_started') {
    const remedy = 'It is service_started, service_healthy or service_completed_successfully.';
    reader.complain(at, `depends_on: unknown condition "${text}"`, remedy);
  }
  return 'started';
}

/** Who uses something of another service has to start after it. */
function withImplied(written: readonly Dependency[], services: readonly string[], at: Spot): readonly Dependency[] {
  const missing = new Set(services.filter((service) => !written.some((each) => each.service === service)));
  return [...written, ...[...missing].map((service) => dependency(service, at, 'started', true))];
}
