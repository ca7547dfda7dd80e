import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readBuild } from './build.ts';
import { parseDotenv } from './dotenv.ts';
import { readHealth } from './health.ts';
import type { Lookup } from './interpolate.ts';
import type { Dependency, ServiceModel } from './model.ts';
import { readMounts, readTmpfs } from './mounts.ts';
import { readPorts } from './ports.ts';
import type { Reader } from './reader.ts';
import { readAttachments, readUlimits } from './resources.ts';
import type { Entry, Node } from './tree.ts';

/** Keys of a service that have an effect, or a note that they have none. */
export const serviceKeys = [
  'image',
  'build',
  'command',
  'entrypoint',
  'environment',
  'env_file',
  'networks',
  'volumes',
  'tmpfs',
  'ports',
  'expose',
  'healthcheck',
  'depends_on',
  'init',
  'sysctls',
  'stop_signal',
  'stop_grace_period',
  'working_dir',
  'user',
  'hostname',
  'container_name',
  'cap_add',
  'extra_hosts',
  'labels',
  'restart',
  'profiles',
  'shm_size',
  'ulimits',
] as const;

/** Keys that Compose has and gym does not support. */
const foreignKeys =
  'annotations attach blkio_config cap_drop cgroup cgroup_parent configs cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec deploy develop device_cgroup_rules devices dns dns_opt dns_search domainname extends external_links gpus group_add ipc isolation label_file links logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit models network_mode oom_kill_disable oom_score_adj pid pids_limit platform post_start pre_stop privileged provider pull_policy read_only runtime scale secrets security_opt stdin_open storage_opt tty use_api_socket userns_mode uts volumes_from'.split(
    ' ',
  );

/** What a service is read with. */
export interface ServiceContext {
  readonly reader: Reader;
  readonly directory: string;
  readonly lookup: Lookup;
}

/** One service; `null` where profiles keep it out. */
export function readService(context: ServiceContext, name: string, entry: Entry): ServiceModel | null {
  const { reader, directory, lookup } = context;
  const fields = reader.fields(entry.value, `service ${name}`, serviceKeys, foreignKeys);
  const at = (key: (typeof serviceKeys)[number]): Node | undefined => fields.get(key);
  const text = (key: (typeof serviceKeys)[number]): string | null => reader.text(at(key), key);
  note(context, name, fields);
  const containerName = text('container_name');
  const service: ServiceModel = {
    name,
    line: entry.keyLine,
    image: text('image'),
    build: readBuild(reader, at('build'), directory, lookup),
    command: reader.command(at('command'), 'command'),
    entrypoint: reader.command(at('entrypoint'), 'entrypoint'),
    environment: {
      ...readEnvFiles(context, at('env_file')),
      ...reader.pairs(at('environment'), 'environment', lookup),
    },
    networks: readAttachments(reader, at('networks')).map(({ network, aliases }) => ({
      network,
      aliases: containerName === null ? aliases : [...aliases, containerName],
    })),
    mounts: [...readMounts(reader, at('volumes'), directory), ...readTmpfs(reader, at('tmpfs'))],
    ports: readPorts(reader, at('ports')),
    healthcheck: readHealth(reader, at('healthcheck')),
    dependsOn: readDependencies(reader, at('depends_on')),
    init: reader.boolean(at('init'), 'init'),
    sysctls: reader.pairs(at('sysctls'), 'sysctls'),
    stopSignal: text('stop_signal'),
    stopGracePeriodMs: reader.durationMs(at('stop_grace_period'), 'stop_grace_period'),
    workingDir: text('working_dir'),
    user: text('user'),
    hostname: text('hostname'),
    capAdd: reader.texts(at('cap_add'), 'cap_add'),
    extraHosts: readExtraHosts(reader, at('extra_hosts')),
    labels: reader.pairs(at('labels'), 'labels'),
    shmSizeBytes: reader.bytes(at('shm_size'), 'shm_size'),
    ulimits: readUlimits(reader, at('ulimits')),
  };
  if (at('image') === undefined && at('build') === undefined) {
    reader.complain(entry.keyLine, `service ${name} has neither "image" nor "build"`);
  }
  return reader.texts(at('profiles'), 'profiles').length > 0 ? null : service;
}

function note({ reader }: ServiceContext, name: string, fields: ReadonlyMap<string, Node>): void {
  const restart = reader.text(fields.get('restart'), 'restart');
  if (restart !== null && restart !== 'no') {
    reader.notes.push(
      `service ${name}: restart "${restart}" has no effect, a service that dies stays dead and is reported`,
    );
  }
  if (fields.has('profiles')) reader.notes.push(`service ${name} is left out: it is in a profile`);
  reader.texts(fields.get('expose'), 'expose');
}

function readDependencies(reader: Reader, node: Node | undefined): readonly Dependency[] {
  if (node?.kind !== 'mapping') {
    return reader
      .items(node, 'depends_on')
      .flatMap((item) =>
        item.kind === 'scalar'
          ? [{ service: item.text, condition: 'started' as const, required: true, line: item.line }]
          : [],
      );
  }
  return [...node.entries].map(([service, { keyLine, value }]) => {
    const fields = reader.fields(value, `depends_on: ${service}`, ['condition', 'required', 'restart']);
    const condition = reader.text(fields.get('condition'), `depends_on: ${service}: condition`) ?? 'service_started';
    const required = reader.boolean(fields.get('required'), `depends_on: ${service}: required`) ?? true;
    return { service, line: keyLine, required, condition: conditionOf(reader, condition, keyLine) };
  });
}

function conditionOf(reader: Reader, text: string, line: number): Dependency['condition'] {
  if (text === 'service_healthy') return 'healthy';
  if (text === 'service_completed_successfully') return 'completed';
  if (text !== 'service_started') {
    const remedy = 'It is service_started, service_healthy or service_completed_successfully.';
    reader.complain(line, `depends_on: unknown condition "${text}"`, remedy);
  }
  return 'started';
}

function readExtraHosts(reader: Reader, node: Node | undefined): readonly string[] {
  if (node?.kind === 'mapping') {
    return Object.entries(reader.pairs(node, 'extra_hosts')).map(([host, address]) => `${host}:${address}`);
  }
  // `host=address` is the newer form of `host:address`.
  return reader.texts(node, 'extra_hosts').map((text) => text.replace(/^([^:=]+)=/, '$1:'));
}

function readEnvFiles(context: ServiceContext, node: Node | undefined): Record<string, string> {
  const { reader, directory, lookup } = context;
  const values: Record<string, string> = {};
  const nodes = node === undefined ? [] : node.kind === 'sequence' ? node.items : [node];
  for (const item of nodes) {
    const fields =
      item.kind === 'scalar'
        ? new Map([['path', item]])
        : reader.fields(item, 'env_file', ['path', 'required'], ['format']);
    const path = reader.text(fields.get('path'), 'env_file: path');
    const required = reader.boolean(fields.get('required'), 'env_file: required') ?? true;
    const file = resolve(directory, path ?? '');
    if (path === null) reader.complain(item.line, 'env_file: "path" is missing');
    else if (existsSync(file)) {
      const parsed = parseDotenv(readFileSync(file, 'utf8'), (name) => values[name] ?? lookup(name));
      Object.assign(values, parsed.values);
      for (const line of parsed.badLines) reader.complain(item.line, `env_file: ${file}:${line} is not NAME=value`);
    } else if (required) reader.complain(item.line, `env_file: there is no file ${file}`);
  }
  return values;
}
