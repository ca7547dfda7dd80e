import type {
  Attachment,
  BuildModel,
  ComposeModel,
  DeviceRequest,
  HealthModel,
  MountModel,
  NetworkModel,
  ServiceModel,
  StoreMount,
} from '../../../gym/environment/compose/model.ts';

/** What `docker compose config --format json` would print of a model; what is empty there is left out by `comparable`. */
export function toComposeConfig(model: ComposeModel): unknown {
  const named = (name: string, of: { external?: string | null; fixedName: string | null }): string =>
    of.external ?? of.fixedName ?? `${model.name}_${name}`;
  const stores = (kind: 'secrets' | 'configs'): unknown =>
    mapped(model[kind], (store) => ({
      name: named(store.name, store),
      ...(store.from.kind === 'file' && { file: store.from.file }),
      ...(store.from.kind === 'variable' && { environment: store.from.variable }),
      ...(store.from.kind === 'content' && { content: store.from.content }),
    }));
  return {
    name: model.name,
    services: mapped(model.services, service),
    networks: mapped(model.networks, (each) => network(each, named(each.name, each))),
    volumes: mapped(model.volumes, (each) => ({
      name: named(each.name, each),
      external: each.external !== null || undefined,
      driver: each.driver,
      driver_opts: each.driverOptions,
      labels: each.labels,
    })),
    secrets: stores('secrets'),
    configs: stores('configs'),
  };
}

function mapped<Value>(all: ReadonlyMap<string, Value>, make: (value: Value) => unknown): Record<string, unknown> {
  return Object.fromEntries([...all].map(([name, value]) => [name, make(value)]));
}

function network(of: NetworkModel, name: string): unknown {
  return {
    name,
    external: of.external !== null || undefined,
    driver: of.driver,
    driver_opts: of.driverOptions,
    internal: of.internal || undefined,
    attachable: of.attachable || undefined,
    enable_ipv4: of.ipv4,
    enable_ipv6: of.ipv6,
    labels: of.labels,
    ipam: {
      driver: of.ipam?.driver,
      config: of.ipam?.pools.map(({ subnet, ipRange, gateway, auxAddresses }) => ({
        subnet,
        ip_range: ipRange,
        gateway,
        aux_addresses: auxAddresses,
      })),
    },
  };
}

function service(of: ServiceModel): unknown {
  return {
    ...identity(of),
    ...places(of),
    ...limits(of),
    build: of.build === null ? undefined : build(of.build),
    healthcheck: of.healthcheck === null ? undefined : health(of.healthcheck),
    depends_on: Object.fromEntries(
      of.dependsOn.map(({ service: name, condition, required }) => [
        name,
        {
          condition: {
            started: 'service_started',
            healthy: 'service_healthy',
            completed: 'service_completed_successfully',
          }[condition],
          required,
        },
      ]),
    ),
  };
}

function identity(of: ServiceModel): Record<string, unknown> {
  return {
    image: of.image,
    platform: of.platform,
    pull_policy: of.pullPolicy,
    command: of.command,
    entrypoint: of.entrypoint,
    environment: of.environment,
    working_dir: of.workingDir,
    user: of.user,
    group_add: of.groupAdd,
    stdin_open: of.stdinOpen || undefined,
    tty: of.tty || undefined,
    init: of.init,
    stop_signal: of.stopSignal,
    stop_grace_period: of.stopGracePeriodMs === null ? undefined : goDuration(of.stopGracePeriodMs),
    labels: of.labels,
    annotations: of.annotations,
    logging: of.logging,
    profiles: of.profiles,
    privileged: of.privileged || undefined,
    read_only: of.readOnly || undefined,
    cap_add: of.capAdd,
    cap_drop: of.capDrop,
    security_opt: of.securityOptions,
    sysctls: of.sysctls,
    storage_opt: of.storageOptions,
    runtime: of.runtime,
    pid: of.pid,
    ipc: of.ipc,
    uts: of.uts,
    userns_mode: of.userns,
    cgroup: of.cgroup,
  };
}

function places(of: ServiceModel): Record<string, unknown> {
  return {
    networks: Object.fromEntries(of.networks.map((each) => [each.network, attachment(each)])),
    network_mode: of.networkMode,
    container_name: of.containerName,
    hostname: of.hostname,
    domainname: of.domainName,
    mac_address: of.macAddress,
    ports: of.ports.map(({ containerPort, protocol, hostIp, published }) => ({
      target: containerPort,
      protocol,
      host_ip: hostIp,
      published,
    })),
    expose: of.expose,
    links: of.links,
    dns: of.dns,
    dns_opt: of.dnsOptions,
    dns_search: of.dnsSearch,
    extra_hosts: of.extraHosts.map((host) => host.replace(':', '=')).sort(),
    volumes: of.mounts.map(mount),
    tmpfs: of.tmpfs.map(({ target, options }) => (options === '' ? target : `${target}:${options}`)),
    volumes_from: of.volumesFrom,
    secrets: of.secrets.map(storeMount),
    configs: of.configs.map(storeMount),
  };
}

function attachment(of: Attachment): unknown {
  return {
    aliases: of.aliases,
    ipv4_address: of.ipv4Address,
    ipv6_address: of.ipv6Address,
    link_local_ips: of.linkLocalIps,
    mac_address: of.macAddress,
    driver_opts: of.driverOptions,
    priority: of.priority === 0 ? undefined : of.priority,
    joined: true,
  };
}

function mount(of: MountModel): unknown {
  const common = { target: of.target, read_only: of.readOnly || undefined };
  if (of.kind === 'tmpfs') {
    return { type: 'tmpfs', ...common, tmpfs: { size: text(of.sizeBytes), mode: of.mode } };
  }
  if (of.kind === 'bind') {
    const { createHostPath, propagation, selinux, recursive } = of;
    const bind = { create_host_path: createHostPath || undefined, propagation, selinux, recursive };
    return { type: 'bind', source: of.source, ...common, bind };
  }
  const volume = { nocopy: of.noCopy || undefined, labels: of.labels };
  return { type: 'volume', source: of.kind === 'volume' ? of.source : undefined, ...common, volume };
}

function storeMount({ source, target, uid, gid, mode }: StoreMount): unknown {
  return { source, target, uid, gid, mode: mode === null ? undefined : `0${mode.toString(8)}` };
}

function limits(of: ServiceModel): Record<string, unknown> {
  const { blockIo } = of;
  const rates = (all: readonly { path: string; rate: number }[] | undefined): unknown =>
    all?.map(({ path, rate }) => ({ Path: path, Rate: String(rate) }));
  return {
    cpus: of.cpus,
    cpu_shares: of.cpuShares,
    cpu_period: of.cpuPeriodUs,
    cpu_quota: of.cpuQuotaUs,
    cpu_rt_period: of.cpuRealtimePeriodUs,
    cpu_rt_runtime: of.cpuRealtimeRuntimeUs,
    cpuset: of.cpuset,
    mem_limit: text(of.memoryBytes),
    mem_reservation: text(of.memoryReservationBytes),
    memswap_limit: text(of.memorySwapBytes),
    mem_swappiness: text(of.memorySwappiness),
    oom_kill_disable: of.oomKillDisable || undefined,
    oom_score_adj: of.oomScoreAdjustment === 0 ? undefined : of.oomScoreAdjustment,
    pids_limit: of.pids,
    shm_size: text(of.shmSizeBytes),
    ulimits: Object.fromEntries(
      of.ulimits.map(({ name, soft, hard }) => [name, soft === hard ? soft : { soft, hard }]),
    ),
    cgroup_parent: of.cgroupParent,
    blkio_config: {
      weight: blockIo?.weight,
      weight_device: blockIo?.weightDevices.map(({ path, weight }) => ({ Path: path, Weight: weight })),
      device_read_bps: rates(blockIo?.readBps),
      device_read_iops: rates(blockIo?.readIops),
      device_write_bps: rates(blockIo?.writeBps),
      device_write_iops: rates(blockIo?.writeIops),
    },
    devices: of.devices,
    device_cgroup_rules: of.deviceCgroupRules,
    gpus: of.gpus.map(request),
    deploy: { resources: { reservations: { devices: of.reservedDevices.map(request) } } },
  };
}

function request({ driver, count, deviceIds, capabilities, options }: DeviceRequest): unknown {
  return { driver, count, device_ids: deviceIds, capabilities, options };
}

function build(of: BuildModel): unknown {
  return {
    context: of.context,
    dockerfile: of.dockerfileInline === null ? of.dockerfile : undefined,
    dockerfile_inline: of.dockerfileInline,
    target: of.target,
    args: of.args,
    labels: of.labels,
    network: of.network,
    shm_size: text(of.shmSizeBytes),
    extra_hosts: of.extraHosts.map((host) => host.replace(':', '=')).sort(),
    additional_contexts: of.additionalContexts,
    ssh: of.ssh,
    secrets: of.secrets,
  };
}

function health(of: HealthModel): unknown {
  if (of.kind === 'off') return { disable: true };
  const duration = (ms: number | null): string | undefined => (ms === null ? undefined : goDuration(ms));
  const test =
    of.test === null
      ? undefined
      : of.test.kind === 'shell'
        ? ['CMD-SHELL', of.test.script]
        : ['CMD', ...of.test.command];
  return {
    test,
    interval: duration(of.intervalMs),
    timeout: duration(of.timeoutMs),
    retries: of.retries,
    start_period: duration(of.startPeriodMs),
    start_interval: duration(of.startIntervalMs),
  };
}

function text(value: number | null): string | undefined {
  return value === null ? undefined : String(value);
}

/** As Go's Duration.String() prints it: `1h0m0s`, `1m30s`, `1.5s`, `500ms`, `100µs`. */
export function goDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s';
  if (milliseconds < 1e-3) return `${Math.round(milliseconds * 1e6)}ns`;
  if (milliseconds < 1) return `${Number((milliseconds * 1e3).toFixed(3))}µs`;
  if (milliseconds < 1000) return `${Number(milliseconds.toFixed(6))}ms`;
  const hours = Math.floor(milliseconds / 36e5);
  const minutes = Math.floor((milliseconds % 36e5) / 6e4);
  const seconds = Number(((milliseconds % 6e4) / 1e3).toFixed(9));
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}
