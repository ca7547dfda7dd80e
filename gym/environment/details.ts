import type { Engine } from './engine.ts';
import type { NetworkNames } from './networks.ts';

/** What only a started container has. */
export interface Details {
  /** Hardware addresses by the networks' names in the Compose file. */
  readonly macAddresses: ReadonlyMap<string, string>;
  /** Ports on 127.0.0.1 by `8080/tcp`. */
  readonly ports: ReadonlyMap<string, number>;
}

/** Of a container that has ended. */
export const noDetails: Details = { macAddresses: new Map(), ports: new Map() };

/** Reads them; empty where the container has ended already. `reach` gives the port here that leads to one of the engine's machine. */
export async function readDetails(
  engine: Engine,
  id: string,
  networks: NetworkNames,
  reach: (port: number, protocol: string) => Promise<number | undefined>,
): Promise<Details> {
  const inspected = await engine.call('looking at a container', () => engine.docker.getContainer(id).inspect());
  if (!inspected.ok) return noDetails;
  const { Networks: joined, Ports: published } = inspected.value.NetworkSettings;
  const macAddresses = [...networks].flatMap(([name, engineName]): [string, string][] => {
    const address = joined[engineName]?.MacAddress;
    return address === undefined || address === '' ? [] : [[name, address]];
  });
  const ports = await Promise.all(
    Object.entries(published ?? {}).map(async ([port, bindings]): Promise<[string, number][]> => {
      const host = bindings?.[0]?.HostPort;
      const reached = host === undefined ? undefined : await reach(Number(host), port.split('/')[1] ?? 'tcp');
      return reached === undefined ? [] : [[port, reached]];
    }),
  );
  return { macAddresses: new Map(macAddresses), ports: new Map(ports.flat()) };
}
