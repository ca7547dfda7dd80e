import type { BlockIoLimit, BlockIoModel, DeviceModel, DeviceRequest, LimitsModel, Ulimit } from './model.ts';
import { type Reader, uniqueBy } from './reader.ts';
import type { Node } from './tree.ts';

type Fields = ReadonlyMap<string, Node>;

/** What a service may use, from its own keys and from `deploy.resources`. */
export function readLimits(reader: Reader, fields: Fields): LimitsModel {
  const integer = (key: string): number | null => reader.integer(fields.get(key), key);
  const text = (key: string): string | null => reader.text(fields.get(key), key);
  const deploy = readDeploy(reader, fields);
  return {
    cpus: same(reader, fields, 'cpus', reader.number(fields.get('cpus'), 'cpus'), deploy.cpus),
    cpuShares: integer('cpu_shares'),
    cpuPeriodUs: microseconds(reader, fields, 'cpu_period'),
    cpuQuotaUs: microseconds(reader, fields, 'cpu_quota'),
    cpuRealtimePeriodUs: microseconds(reader, fields, 'cpu_rt_period'),
    cpuRealtimeRuntimeUs: microseconds(reader, fields, 'cpu_rt_runtime'),
    cpuset: text('cpuset'),
    memoryBytes: same(reader, fields, 'mem_limit', bytes(reader, fields, 'mem_limit'), deploy.memoryBytes),
    memoryReservationBytes: same(
      reader,
      fields,
      'mem_reservation',
      bytes(reader, fields, 'mem_reservation'),
      deploy.reservedBytes,
    ),
    memorySwapBytes: bytes(reader, fields, 'memswap_limit'),
    memorySwappiness: integer('mem_swappiness'),
    oomKillDisable: reader.boolean(fields.get('oom_kill_disable'), 'oom_kill_disable') ?? false,
    oomScoreAdjustment: integer('oom_score_adj'),
    pids: same(reader, fields, 'pids_limit', integer('pids_limit'), deploy.pids),
    shmSizeBytes: bytes(reader, fields, 'shm_size'),
    ulimits: readUlimits(reader, fields.get('ulimits')),
    cgroupParent: text('cgroup_parent'),
    blockIo: readBlockIo(reader, fields.get('blkio_config')),
    devices: readDevices(reader, fields.get('devices')),
    deviceCgroupRules: reader.uniqueTexts(fields.get('device_cgroup_rules'), 'device_cgroup_rules'),
    gpus: readGpus(reader, fields.get('gpus')),
    reservedDevices: deploy.devices,
  };
}

/** A limit may be said in two ways, but not differently. */
function same(reader: Reader, fields: Fields, key: string, own: number | null, deployed: number | null): number | null {
  const at = fields.get(key);
  if (own !== null && deployed !== null && own !== deployed && at !== undefined) {
    reader.complain(at, `${key} is ${own}, but deploy.resources says ${deployed}`, 'Keep one of them.');
  }
  return own ?? deployed;
}

function bytes(reader: Reader, fields: Fields, key: string): number | null {
  const node = fields.get(key);
  return node?.kind === 'scalar' && node.text === '-1' ? -1 : reader.bytes(node, key);
}

/** A number of microseconds, or a duration. */
function microseconds(reader: Reader, fields: Fields, key: string): number | null {
  const node = fields.get(key);
  if (node?.kind === 'scalar' && /^-?\d+$/.test(node.text)) return Number(node.text);
  const milliseconds = reader.durationMs(node, key);
  return milliseconds === null ? null : milliseconds * 1000;
}

interface Deploy {
  readonly cpus: number | null;
  readonly memoryBytes: number | null;
  readonly pids: number | null;
  readonly reservedBytes: number | null;
  readonly devices: readonly DeviceRequest[];
}

function readDeploy(reader: Reader, fields: Fields): Deploy {
  const deploy = reader.fields(fields.get('deploy'), 'services.*.deploy', 'deploy');
  single(reader, deploy.get('replicas'), 'deploy: replicas');
  single(reader, fields.get('scale'), 'scale');
  const what = 'deploy: resources';
  const resources = reader.fields(deploy.get('resources'), 'services.*.deploy.resources', what);
  const limits = reader.fields(resources.get('limits'), 'services.*.deploy.resources.limits', `${what}: limits`);
  const reserved = reader.fields(
    resources.get('reservations'),
    'services.*.deploy.resources.reservations',
    `${what}: reservations`,
  );
  return {
    cpus: reader.number(limits.get('cpus'), `${what}: limits: cpus`),
    memoryBytes: reader.bytes(limits.get('memory'), `${what}: limits: memory`),
    pids: reader.integer(limits.get('pids'), `${what}: limits: pids`),
    reservedBytes: reader.bytes(reserved.get('memory'), `${what}: reservations: memory`),
    devices: reader
      .items(reserved.get('devices'), `${what}: reservations: devices`)
      .map((item) => deviceRequest(reader, item, `${what}: reservations: devices`)),
  };
}

/** An environment has every service once. */
function single(reader: Reader, node: Node | undefined, what: string): void {
  const count = reader.integer(node, what);
  if (count === null || count === 1 || node === undefined) return;
  reader.complain(node, `${what}: ${count} containers of one service are not supported`, 'Write a service for each.');
}

/** `ulimits`: one number, or soft and hard. */
function readUlimits(reader: Reader, node: Node | undefined): readonly Ulimit[] {
  return [...reader.entries(node, 'ulimits')].map(([name, { value }]) => {
    const what = `ulimits: ${name}`;
    if (value.kind === 'scalar') {
      const both = reader.integer(value, what) ?? 0;
      return { name, soft: both, hard: both };
    }
    const fields = reader.fields(value, 'services.*.ulimits.*', what);
    const soft = reader.integer(fields.get('soft'), `${what}: soft`) ?? 0;
    return { name, soft, hard: reader.integer(fields.get('hard'), `${what}: hard`) ?? soft };
  });
}

function readBlockIo(reader: Reader, node: Node | undefined): BlockIoModel | null {
  if (node === undefined) return null;
  const what = 'blkio_config';
  const fields = reader.fields(node, 'services.*.blkio_config', what);
  const limits = (key: string): readonly BlockIoLimit[] =>
    reader.items(fields.get(key), `${what}: ${key}`).map((item) => {
      const limit = reader.fields(item, 'services.*.blkio_config.limit[]', `${what}: ${key}`);
      const path = reader.text(limit.get('path'), `${what}: path`) ?? '';
      return { path, rate: reader.bytes(limit.get('rate'), `${what}: rate`) ?? 0 };
    });
  return {
    weight: reader.integer(fields.get('weight'), `${what}: weight`),
    weightDevices: reader.items(fields.get('weight_device'), `${what}: weight_device`).map((item) => {
      const device = reader.fields(item, 'services.*.blkio_config.weight_device[]', `${what}: weight_device`);
      const path = reader.text(device.get('path'), `${what}: path`) ?? '';
      return { path, weight: reader.integer(device.get('weight'), `${what}: weight`) ?? 0 };
    }),
    readBps: limits('device_read_bps'),
    readIops: limits('device_read_iops'),
    writeBps: limits('device_write_bps'),
    writeIops: limits('device_write_iops'),
  };
}

function readDevices(reader: Reader, node: Node | undefined): readonly DeviceModel[] {
  const devices = reader.items(node, 'devices').flatMap((item): DeviceModel[] => {
    if (item.kind === 'scalar') {
      const [source = '', target, permissions, ...more] = item.text.split(':');
      if (more.length > 0 || source === '') {
        reader.complain(item, `devices: "${item.text}" is none of SOURCE, SOURCE:TARGET, SOURCE:TARGET:PERMISSIONS`);
      }
      return [{ source, target: target ?? source, permissions: permissions ?? 'rwm' }];
    }
    const fields = reader.fields(item, 'services.*.devices[]', 'devices');
    const text = (key: string): string | null => reader.text(fields.get(key), `devices: ${key}`);
    const source = text('source');
    if (source === null) reader.complain(item, 'devices: "source" is missing');
    return source === null
      ? []
      : [{ source, target: text('target') ?? source, permissions: text('permissions') ?? 'rwm' }];
  });
  return uniqueBy(devices, ({ target }) => target);
}

/** `gpus: all` or a list. */
function readGpus(reader: Reader, node: Node | undefined): readonly DeviceRequest[] {
  if (node?.kind !== 'scalar') return reader.items(node, 'gpus').map((item) => deviceRequest(reader, item, 'gpus'));
  if (node.type === 'null') return [];
  if (node.text !== 'all') reader.complain(node, `gpus must be "all" or a list, not "${node.text}"`);
  return [{ driver: null, count: -1, deviceIds: [], capabilities: [], options: {} }];
}

function deviceRequest(reader: Reader, node: Node, what: string): DeviceRequest {
  const fields = reader.fields(node, 'services.*.gpus[]', what);
  const count = fields.get('count');
  const deviceIds = reader.texts(fields.get('device_ids'), `${what}: device_ids`);
  if (count !== undefined && deviceIds.length > 0) {
    reader.complain(node, `${what}: there are both "count" and "device_ids"`, 'Keep one of them.');
  }
  const isAll = count?.kind === 'scalar' && count.text === 'all';
  return {
    driver: reader.text(fields.get('driver'), `${what}: driver`),
    count: isAll ? -1 : reader.integer(count, `${what}: count`),
    deviceIds,
    capabilities: reader.texts(fields.get('capabilities'), `${what}: capabilities`),
    options: reader.pairs(fields.get('options'), `${what}: options`),
  };
}
