import type Dockerode from 'dockerode';
import type { BlockIoLimit, BlockIoModel, DeviceRequest, MountModel, ServiceModel } from './compose/model.ts';
import { storeTarget } from './compose/mounts.ts';
import type { NetworkNames } from './networks.ts';
import { type StoreFiles, storeKey } from './stores.ts';

/** What a container is made of beside its service. */
export interface ContainerParts {
  readonly project: string;
  readonly image: string;
  readonly networks: NetworkNames;
  /** The engine's names of volumes, by their names in the Compose file. */
  readonly volumes: ReadonlyMap<string, string>;
  readonly stores: StoreFiles;
  /** The containers of the services that this one joins. */
  readonly containers: ReadonlyMap<string, string>;
  /** The container that has its place in networks; `undefined`: it has it itself. */
  readonly slot: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The engine's own copy of what a service prints: its end, 128 MiB at most; by an engine's default it would be all. gym's file needs
 * it only where a later start was attached to too late, and then it is told when something was gone already.
 */
const cappedLog: Dockerode.HostConfig['LogConfig'] = {
  Type: 'json-file',
  Config: { 'max-size': '64m', 'max-file': '2' },
};

/** The part of a container's options that is about the host, without its place in networks. */
export function hostConfig(service: ServiceModel, parts: ContainerParts): Dockerode.HostConfig {
  return {
    RestartPolicy: { Name: 'no' },
    ...mounts(service, parts),
    ...rights(service, parts),
    ...limits(service),
    ...devices(service),
    Sysctls: sysctls(service, 'others'),
    ...(service.init !== null && { Init: service.init }),
    ...(service.runtime !== null && { Runtime: service.runtime }),
    LogConfig:
      service.logging === null
        ? cappedLog
        : { Type: service.logging.driver ?? '', Config: { ...service.logging.options } },
    ...annotations(service),
  };
}

/** Those of the network namespace belong to whoever holds it. */
export function sysctls(service: ServiceModel, which: 'network' | 'others'): Record<string, string> {
  const isWanted = (name: string): boolean => /^net[./]/.test(name) === (which === 'network');
  return Object.fromEntries(Object.entries(service.sysctls).filter(([name]) => isWanted(name)));
}

/** `service:NAME` as the container that it is. */
export function joined(mode: string, { containers }: Pick<ContainerParts, 'containers'>): string {
  if (!mode.startsWith('service:')) return mode;
  const name = mode.slice('service:'.length);
  const id = containers.get(name);
  if (id === undefined) throw new Error(`the container of ${name} is not there yet`);
  return `container:${id}`;
}

/** Of Engine 25 on; older ones take no notice. */
function annotations({ annotations: values }: ServiceModel): { Annotations?: Record<string, string> } {
  return Object.keys(values).length > 0 ? { Annotations: { ...values } } : {};
}

function rights(service: ServiceModel, parts: ContainerParts): Dockerode.HostConfig & { CgroupnsMode?: string } {
  return {
    CapAdd: [...service.capAdd],
    CapDrop: [...service.capDrop],
    ...(service.groupAdd.length > 0 && { GroupAdd: [...service.groupAdd] }),
    ...(service.privileged && { Privileged: true }),
    ...(service.readOnly && { ReadonlyRootfs: true }),
    // The engine wants the newer of both separators.
    ...(service.securityOptions.length > 0 && {
      SecurityOpt: service.securityOptions.map((option) => option.replace(/^([a-z-]+):/, '$1=')),
    }),
    ...(service.pid !== null && { PidMode: joined(service.pid, parts) }),
    ...(service.ipc !== null && { IpcMode: joined(service.ipc, parts) }),
    ...(service.uts !== null && { UTSMode: service.uts }),
    ...(service.userns !== null && { UsernsMode: service.userns }),
    ...(service.cgroup !== null && { CgroupnsMode: service.cgroup }),
  };
}

function limits(service: ServiceModel): Dockerode.HostConfig {
  const { storageOptions } = service;
  return {
    Ulimits: service.ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    ...(service.shmSizeBytes !== null && { ShmSize: service.shmSizeBytes }),
    ...(service.cpus !== null && { NanoCpus: Math.round(service.cpus * 1e9) }),
    ...(service.cpuShares !== null && { CpuShares: service.cpuShares }),
    ...(service.cpuPeriodUs !== null && { CpuPeriod: service.cpuPeriodUs }),
    ...(service.cpuQuotaUs !== null && { CpuQuota: service.cpuQuotaUs }),
    ...(service.cpuRealtimePeriodUs !== null && { CpuRealtimePeriod: service.cpuRealtimePeriodUs }),
    ...(service.cpuRealtimeRuntimeUs !== null && { CpuRealtimeRuntime: service.cpuRealtimeRuntimeUs }),
    ...(service.cpuset !== null && { CpusetCpus: service.cpuset }),
    ...(service.memoryBytes !== null && { Memory: service.memoryBytes }),
    ...(service.memoryReservationBytes !== null && { MemoryReservation: service.memoryReservationBytes }),
    ...(service.memorySwapBytes !== null && { MemorySwap: service.memorySwapBytes }),
    ...(service.memorySwappiness !== null && { MemorySwappiness: service.memorySwappiness }),
    ...(service.oomKillDisable && { OomKillDisable: true }),
    ...(service.oomScoreAdjustment !== null && { OomScoreAdj: service.oomScoreAdjustment }),
    ...(service.pids !== null && { PidsLimit: service.pids }),
    ...(service.cgroupParent !== null && { CgroupParent: service.cgroupParent }),
    ...(Object.keys(storageOptions).length > 0 && { StorageOpt: { ...storageOptions } }),
    ...(service.blockIo !== null && blockIo(service.blockIo)),
  };
}

function blockIo(limit: BlockIoModel): Dockerode.HostConfig {
  const rates = (of: readonly BlockIoLimit[]): { Path: string; Rate: number }[] =>
    of.map(({ path, rate }) => ({ Path: path, Rate: rate }));
  return {
    ...(limit.weight !== null && { BlkioWeight: limit.weight }),
    BlkioWeightDevice: limit.weightDevices.map(({ path, weight }) => ({ Path: path, Weight: weight })),
    BlkioDeviceReadBps: rates(limit.readBps),
    BlkioDeviceReadIOps: rates(limit.readIops),
    BlkioDeviceWriteBps: rates(limit.writeBps),
    BlkioDeviceWriteIOps: rates(limit.writeIops),
  };
}

function devices(service: ServiceModel): Dockerode.HostConfig {
  const isPath = ({ source }: { source: string }): boolean => source.startsWith('/');
  const paths = service.devices.filter(isPath);
  const named = service.devices.filter((device) => !isPath(device)).map(({ source }) => source);
  const requests = [
    ...[...service.gpus, ...service.reservedDevices].map(request),
    ...(named.length > 0 ? [{ Driver: 'cdi', DeviceIDs: named }] : []),
  ];
  return {
    ...(paths.length > 0 && {
      Devices: paths.map(({ source, target, permissions }) => ({
        PathOnHost: source,
        PathInContainer: target,
        CgroupPermissions: permissions,
      })),
    }),
    ...(service.deviceCgroupRules.length > 0 && { DeviceCgroupRules: [...service.deviceCgroupRules] }),
    ...(requests.length > 0 && { DeviceRequests: requests }),
  };
}

function request({ driver, count, deviceIds, capabilities, options }: DeviceRequest): Dockerode.DeviceRequest {
  return {
    ...(driver !== null && { Driver: driver }),
    // Without a number and without ids it means all.
    ...(deviceIds.length === 0 && { Count: count ?? -1 }),
    ...(deviceIds.length > 0 && { DeviceIDs: [...deviceIds] }),
    // `gpus` asks for GPUs by its name.
    Capabilities: [capabilities.length > 0 ? [...capabilities] : ['gpu']],
    Options: { ...options },
  };
}

function mounts(service: ServiceModel, parts: ContainerParts): Dockerode.HostConfig {
  const stored = (['secrets', 'configs'] as const).flatMap((kind) =>
    service[kind].map((mount): Dockerode.MountSettings => {
      const Source = parts.stores.get(storeKey(kind, service.name, mount)) ?? '';
      return { Type: 'bind', Source, Target: storeTarget(mount, kind), ReadOnly: true };
    }),
  );
  const volumesFrom = service.volumesFrom.map((from) => {
    if (from.startsWith('container:')) return from.slice('container:'.length);
    const [name = '', ...rest] = from.split(':');
    return [parts.containers.get(name) ?? name, ...rest].join(':');
  });
  return {
    Binds: service.mounts.flatMap((mount) => shortBind(mount, parts)),
    Mounts: [...service.mounts.flatMap((mount) => mountSettings(mount, parts)), ...stored],
    Tmpfs: Object.fromEntries(service.tmpfs.map(({ target, options }) => [target, options])),
    ...(volumesFrom.length > 0 && { VolumesFrom: volumesFrom }),
  };
}

type BindModel = Extract<MountModel, { kind: 'bind' }>;

/** What the short form says less of is said in the long one. */
function isShort({ createHostPath, recursive }: BindModel): boolean {
  return createHostPath && (recursive === null || recursive === 'enabled');
}

/** Options that the types of the library do not have yet. Older engines take no notice of those of Engine 23 (API 1.42) and 25 (1.44). */
interface BindOptions {
  Propagation: Dockerode.MountPropagation;
  CreateMountpoint?: boolean;
  NonRecursive?: boolean;
  /** Of 1.44: what older engines do anyway. */
  ReadOnlyNonRecursive?: boolean;
  /** Of 1.44: `fitsEngine` refuses older ones. */
  ReadOnlyForceRecursive?: boolean;
}

function bindOptions({ propagation, recursive, createHostPath }: BindModel): BindOptions {
  return {
    Propagation: propagationOf(propagation) ?? 'rprivate',
    ...(createHostPath && { CreateMountpoint: true }),
    ...(recursive === 'disabled' && { NonRecursive: true }),
    ...(recursive === 'writable' && { ReadOnlyNonRecursive: true }),
    ...(recursive === 'readonly' && { ReadOnlyForceRecursive: true }),
  };
}

/** This form makes a folder where the source is missing, knows SELinux, and takes `nocopy` for a volume of any driver. */
function shortBind(mount: MountModel, { volumes }: ContainerParts): string[] {
  const join = (source: string, ...flags: (string | null)[]): string[] => {
    const given = [mount.readOnly ? 'ro' : null, ...flags].filter((flag) => flag !== null);
    return [[source, mount.target, ...(given.length > 0 ? [given.join(',')] : [])].join(':')];
  };
  if (mount.kind === 'bind' && isShort(mount)) return join(mount.source, mount.selinux, mount.propagation);
  if (mount.kind === 'volume' && mount.noCopy) return join(volumes.get(mount.source) ?? mount.source, 'nocopy');
  return [];
}

function mountSettings(mount: MountModel, parts: ContainerParts): Dockerode.MountSettings[] {
  if (mount.kind === 'tmpfs') {
    const { sizeBytes, mode } = mount;
    // 0 is the engine's own default for both.
    const TmpfsOptions = { SizeBytes: sizeBytes ?? 0, Mode: mode ?? 0 };
    return [{ Type: 'tmpfs', Source: '', Target: mount.target, ReadOnly: mount.readOnly, TmpfsOptions }];
  }
  if (mount.kind === 'bind') {
    if (isShort(mount)) return [];
    const settings = { Type: 'bind' as const, Source: mount.source, Target: mount.target, ReadOnly: mount.readOnly };
    return [{ ...settings, BindOptions: bindOptions(mount) }];
  }
  if (mount.kind === 'volume') {
    if (mount.noCopy) return [];
    const Source = parts.volumes.get(mount.source) ?? mount.source;
    return [{ Type: 'volume', Source, Target: mount.target, ReadOnly: mount.readOnly }];
  }
  // Without a source the engine makes a volume; it carries the labels too, so that a sweep finds it.
  const Labels = { ...mount.labels, ...parts.labels };
  const VolumeOptions = { NoCopy: mount.noCopy, Labels, DriverConfig: { Name: 'local', Options: {} } };
  return [{ Type: 'volume', Source: '', Target: mount.target, ReadOnly: mount.readOnly, VolumeOptions }];
}

function propagationOf(text: string | null): Dockerode.MountPropagation | undefined {
  const known = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'] as const;
  return known.find((each) => each === text);
}
