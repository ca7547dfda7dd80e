import type Dockerode from 'dockerode';
import type { Attachment, ServiceModel } from './compose/model.ts';
import { type ContainerParts, hostConfig } from './host-config.ts';
import { label } from './labels.ts';

/** What the engine creates a service's container from. Its own health checks are off: gym probes faster than they can be set to. */
export function containerOptions(service: ServiceModel, parts: ContainerParts): Dockerode.ContainerCreateOptions {
  const first = service.networks[0];
  const network = first === undefined ? undefined : parts.networks.get(first.network);
  const sharesNetwork = /^(?:service|container):/.test(service.networkMode ?? '');
  return {
    name: `${parts.project}-${service.name}`,
    Image: parts.image,
    ...(service.platform !== null && { platform: service.platform }),
    Env: Object.entries(service.environment).map(([name, value]) => `${name}=${value}`),
    Labels: { ...service.labels, ...parts.labels, [label.service]: service.name },
    Healthcheck: { Test: ['NONE'] },
    ...(!sharesNetwork && { ExposedPorts: exposedPorts(service) }),
    ...(service.command !== null && { Cmd: [...service.command] }),
    ...(service.entrypoint !== null && { Entrypoint: [...service.entrypoint] }),
    ...(service.workingDir !== null && { WorkingDir: service.workingDir }),
    ...(service.user !== null && { User: service.user }),
    ...(service.hostname !== null && { Hostname: service.hostname }),
    ...(service.domainName !== null && { Domainname: service.domainName }),
    ...(service.macAddress !== null && { MacAddress: service.macAddress }),
    ...(service.stopSignal !== null && { StopSignal: service.stopSignal }),
    ...(service.stopGracePeriodMs !== null && { StopTimeout: Math.ceil(service.stopGracePeriodMs / 1000) }),
    ...(service.stdinOpen && { OpenStdin: true }),
    ...(service.tty && { Tty: true }),
    HostConfig: hostConfig(service, parts, network),
    ...(first !== undefined &&
      network !== undefined && {
        NetworkingConfig: { EndpointsConfig: { [network]: endpoint(service, first, parts.project) } },
      }),
  };
}

/** A service's place in one of its networks, as the engine takes it. */
export function endpoint(service: ServiceModel, attachment: Attachment, project: string): Dockerode.EndpointSettings {
  const { aliases, ipv4Address, ipv6Address, linkLocalIps, macAddress, driverOptions } = attachment;
  const links = service.links.map((link) => {
    const [target = '', alias = target] = link.split(':');
    return `${project}-${target}:${alias}`;
  });
  const hasAddress = ipv4Address !== null || ipv6Address !== null || linkLocalIps.length > 0;
  return {
    Aliases: [service.name, ...(service.containerName === null ? [] : [service.containerName]), ...aliases],
    ...(links.length > 0 && { Links: links }),
    ...(macAddress !== null && { MacAddress: macAddress }),
    ...(Object.keys(driverOptions).length > 0 && { DriverOpts: { ...driverOptions } }),
    ...(hasAddress && {
      IPAMConfig: {
        ...(ipv4Address !== null && { IPv4Address: ipv4Address }),
        ...(ipv6Address !== null && { IPv6Address: ipv6Address }),
        ...(linkLocalIps.length > 0 && { LinkLocalIPs: [...linkLocalIps] }),
      },
    }),
  };
}

function exposedPorts({ ports, expose }: ServiceModel): Record<string, Record<string, never>> {
  const exposed = expose.flatMap((text) => {
    const [, first, last = first, protocol = 'tcp'] = /^(\d+)(?:-(\d+))?(?:\/(\w+))?$/.exec(text) ?? [];
    const count = Number(last) - Number(first) + 1;
    return Array.from({ length: count }, (_, index) => `${Number(first) + index}/${protocol}`);
  });
  const published = ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`);
  return Object.fromEntries([...exposed, ...published].map((port) => [port, {}]));
}
