import type Dockerode from 'dockerode';
import type { MountModel, ServiceModel } from './compose/model.ts';
import { label } from './labels.ts';
import type { NetworkNames } from './networks.ts';

/** What a container is made of beside its service. */
export interface ContainerParts {
  readonly project: string;
  readonly image: string;
  readonly networks: NetworkNames;
  /** The engine's names of volumes, by their names in the Compose file. */
  readonly volumes: ReadonlyMap<string, string>;
  readonly labels: Readonly<Record<string, string>>;
}

/** What the engine creates a service's container from. Its own health checks are off: gym probes faster than they can be set to. */
export function containerOptions(service: ServiceModel, parts: ContainerParts): Dockerode.ContainerCreateOptions {
  const first = service.networks[0];
  const network = first === undefined ? undefined : parts.networks.get(first.network);
  const ports = service.ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`);
  return {
    name: `${parts.project}-${service.name}`,
    Image: parts.image,
    Env: Object.entries(service.environment).map(([name, value]) => `${name}=${value}`),
    Labels: { ...service.labels, ...parts.labels, [label.service]: service.name },
    Healthcheck: { Test: ['NONE'] },
    ExposedPorts: Object.fromEntries(ports.map((port) => [port, {}])),
    ...(service.command !== null && { Cmd: [...service.command] }),
    ...(service.entrypoint !== null && { Entrypoint: [...service.entrypoint] }),
    ...(service.workingDir !== null && { WorkingDir: service.workingDir }),
    ...(service.user !== null && { User: service.user }),
    ...(service.hostname !== null && { Hostname: service.hostname }),
    ...(service.stopSignal !== null && { StopSignal: service.stopSignal }),
    ...(service.stopGracePeriodMs !== null && { StopTimeout: Math.ceil(service.stopGracePeriodMs / 1000) }),
    HostConfig: {
      ...hostConfig(service, parts),
      NetworkMode: network ?? 'none',
      PortBindings: Object.fromEntries(ports.map((port) => [port, [{ HostIp: '127.0.0.1', HostPort: '' }]])),
    },
    ...(first !== undefined &&
      network !== undefined && {
        NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: [service.name, ...first.aliases] } } },
      }),
  };
}

function hostConfig(service: ServiceModel, parts: ContainerParts): Dockerode.HostConfig {
  return {
    RestartPolicy: { Name: 'no' },
    Binds: service.mounts.flatMap((mount) =>
      mount.kind === 'bind' ? [`${mount.source}:${mount.target}${mount.readOnly ? ':ro' : ''}`] : [],
    ),
    Mounts: service.mounts.flatMap((mount) => volumeMount(mount, parts)),
    Tmpfs: Object.fromEntries(service.mounts.flatMap(tmpfsMount)),
    CapAdd: [...service.capAdd],
    ExtraHosts: [...service.extraHosts],
    Sysctls: { ...service.sysctls },
    Ulimits: service.ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    ...(service.init !== null && { Init: service.init }),
    ...(service.shmSizeBytes !== null && { ShmSize: service.shmSizeBytes }),
  };
}

function volumeMount(mount: MountModel, parts: ContainerParts): Dockerode.MountSettings[] {
  if (mount.kind === 'anonymous') {
    // Without a source the engine makes a volume; it carries the labels too, so that a sweep finds it.
    const VolumeOptions = { NoCopy: false, Labels: { ...parts.labels }, DriverConfig: { Name: 'local', Options: {} } };
    return [{ Type: 'volume', Source: '', Target: mount.target, ReadOnly: mount.readOnly, VolumeOptions }];
  }
  if (mount.kind !== 'volume') return [];
  const Source = parts.volumes.get(mount.source) ?? mount.source;
  return [{ Type: 'volume', Source, Target: mount.target, ReadOnly: mount.readOnly }];
}

function tmpfsMount(mount: MountModel): [string, string][] {
  if (mount.kind !== 'tmpfs') return [];
  const size = mount.sizeBytes === null ? [] : [`size=${mount.sizeBytes}`];
  return [[mount.target, [...size, ...(mount.options === '' ? [] : [mount.options])].join(',')]];
}
