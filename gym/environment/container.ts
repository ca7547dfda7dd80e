import type Dockerode from 'dockerode';
import { ok, type Result } from '../events/problem.ts';
import type { Attachment, ServiceModel } from './compose/model.ts';
import type { Engine } from './engine.ts';
import { type ContainerParts, hostConfig, joined, sysctls } from './host-config.ts';
import { label } from './labels.ts';

/** What the engine creates a service's container from. Its own health checks are off: gym probes faster than they can be set to. */
export function containerOptions(service: ServiceModel, parts: ContainerParts): Dockerode.ContainerCreateOptions {
  const { slot } = parts;
  const host = hostConfig(service, parts);
  const network: NetworkOptions =
    slot === undefined ? networkOptions(service, parts) : { HostConfig: { NetworkMode: `container:${slot}` } };
  return {
    name: `${parts.project}-${service.name}`,
    Image: parts.image,
    ...(service.platform !== null && { platform: service.platform }),
    Env: Object.entries(service.environment).map(([name, value]) => `${name}=${value}`),
    Labels: { ...service.labels, ...parts.labels, [label.service]: service.name },
    Healthcheck: { Test: ['NONE'] },
    ...(service.command !== null && { Cmd: [...service.command] }),
    ...(service.entrypoint !== null && { Entrypoint: [...service.entrypoint] }),
    ...(service.workingDir !== null && { WorkingDir: service.workingDir }),
    ...(service.user !== null && { User: service.user }),
    ...(service.stopSignal !== null && { StopSignal: service.stopSignal }),
    ...(service.stopGracePeriodMs !== null && { StopTimeout: Math.ceil(service.stopGracePeriodMs / 1000) }),
    ...(service.stdinOpen && { OpenStdin: true }),
    ...(service.tty && { Tty: true }),
    ...network,
    HostConfig: { ...host, ...network.HostConfig, Sysctls: { ...host.Sysctls, ...network.HostConfig.Sysctls } },
  };
}

/** What a container's place in networks is made of. */
export type NetworkOptions = Pick<
  Dockerode.ContainerCreateOptions,
  'ExposedPorts' | 'Hostname' | 'Domainname' | 'MacAddress' | 'NetworkingConfig'
> & { readonly HostConfig: Dockerode.HostConfig };

/** A service's place in its first network, with all that goes with it: names, published ports, file of hosts, resolver. */
export function networkOptions(
  service: ServiceModel,
  parts: Pick<ContainerParts, 'project' | 'networks' | 'containers'>,
): NetworkOptions {
  const first = service.networks[0];
  const network = first === undefined ? undefined : parts.networks.get(first.network);
  const mode = service.networkMode ?? network ?? 'none';
  const sharesNetwork = /^(?:service|container):/.test(mode);
  const publishes = mode !== 'host' && mode !== 'none' && !sharesNetwork;
  const ports = service.ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`);
  return {
    ...(!sharesNetwork && { ExposedPorts: exposedPorts(service) }),
    ...(service.hostname !== null && { Hostname: service.hostname }),
    ...(service.domainName !== null && { Domainname: service.domainName }),
    ...(service.macAddress !== null && { MacAddress: service.macAddress }),
    HostConfig: {
      NetworkMode: joined(mode, parts),
      ...(publishes && {
        PortBindings: Object.fromEntries(ports.map((port) => [port, [{ HostIp: '127.0.0.1', HostPort: '' }]])),
      }),
      ExtraHosts: [...service.extraHosts],
      ...(service.dns.length > 0 && { Dns: [...service.dns] }),
      ...(service.dnsOptions.length > 0 && { DnsOptions: [...service.dnsOptions] }),
      ...(service.dnsSearch.length > 0 && { DnsSearch: [...service.dnsSearch] }),
      Sysctls: sysctls(service, 'network'),
    },
    ...(first !== undefined &&
      network !== undefined && {
        NetworkingConfig: { EndpointsConfig: { [network]: endpoint(service, first, parts.project) } },
      }),
  };
}

/** Connects a container that is not started yet to the networks after the first. */
export async function connectFurther(
  { docker, call }: Engine,
  id: string,
  service: ServiceModel,
  { project, networks }: Pick<ContainerParts, 'project' | 'networks'>,
): Promise<Result<void>> {
  for (const attachment of service.networks.slice(1)) {
    const { network } = attachment;
    const connected = await call(`connecting ${service.name} to ${network}`, () =>
      docker
        .getNetwork(networks.get(network) ?? network)
        .connect({ Container: id, EndpointConfig: endpoint(service, attachment, project) }),
    );
    if (!connected.ok) return connected;
  }
  return ok(undefined);
}

/** A service's place in one of its networks, as the engine takes it. */
function endpoint(service: ServiceModel, attachment: Attachment, project: string): Dockerode.EndpointSettings {
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
