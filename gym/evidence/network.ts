import type { Environment } from '../environment/environment.ts';
import { failed, ok, type Result } from '../events/problem.ts';
import type { Sample } from '../task/measurement.ts';
import type { NetworkSource } from '../task/source.ts';
import { type BeginSource, notRead } from './reader.ts';

/** Counters of one interface as the kernel keeps them, since it exists. */
export interface InterfaceCounters {
  readonly rxBytes: bigint;
  readonly rxPackets: bigint;
  readonly txBytes: bigint;
  readonly txPackets: bigint;
}

const command = ['sh', '-c', 'cat /proc/net/dev; grep -H . /sys/class/net/*/address'];

/** Kernel counters of services' interfaces: what went through while the stage ran. All are read at once, so that all are of one moment. */
export const beginNetwork: BeginSource<'network'> = async (source, { environment }) => {
  const readAll = () =>
    Promise.all(source.services.map((service) => readCounters(environment, service, source.network)));
  const before = await readAll();
  return async () => {
    const after = await readAll();
    const samples: Sample[] = [];
    for (const [index, service] of source.services.entries()) {
      const notBefore = notRead(`the counters of ${service} were not read before the stage`);
      const [then = notBefore, now = notBefore] = [before[index], after[index]];
      if (!now.ok) return now;
      if (!then.ok) return then;
      const counted = counterSamples(service, then.value, now.value, source);
      if (!counted.ok) return counted;
      samples.push(...counted.value);
    }
    return ok({ samples });
  };
};

/** Reads the counters of a service's interface on a network from a helper that shares its network namespace. */
async function readCounters(
  environment: Environment,
  service: string,
  network: string,
): Promise<Result<InterfaceCounters>> {
  const read = await environment.observe({ kind: 'network', service }, command);
  if (!read.ok) return read;
  const address = environment.macAddress(service, network);
  const name = address === undefined ? undefined : interfaceOf(read.value, address);
  const counters = name === undefined ? undefined : parseCounters(read.value, name);
  if (counters !== undefined) return ok(counters);
  return failed({
    kind: 'evidence',
    message: `${service} has no interface on the network ${network}`,
    place: { service },
  });
}

/** `/sys/class/net/eth1/address:02:42:0a:c8:00:02` names the interface that has the hardware address. */
function interfaceOf(text: string, address: string): string | undefined {
  const pattern = new RegExp(`^/sys/class/net/([^/]+)/address:${address}$`, 'im');
  return pattern.exec(text)?.[1];
}

/** A line of /proc/net/dev: `eth1: bytes packets errs drop fifo frame compressed multicast bytes packets …` (proc(5)). */
export function parseCounters(text: string, name: string): InterfaceCounters | undefined {
  const line = text.split('\n').find((each) => each.trimStart().startsWith(`${name}:`));
  const numbers = line
    ?.slice(line.indexOf(':') + 1)
    .trim()
    .split(/\s+/)
    .map((word) => (/^\d+$/.test(word) ? BigInt(word) : undefined));
  const [rxBytes, rxPackets, , , , , , , txBytes, txPackets] = numbers ?? [];
  if (rxBytes === undefined || rxPackets === undefined || txBytes === undefined || txPackets === undefined)
    return undefined;
  return { rxBytes, rxPackets, txBytes, txPackets };
}

/**
 * What went through between two readings, and the same with the headers taken off packet by packet. Counters that ran
 * backwards are a problem: the service was started again in between, and what it counted before is lost.
 */
export function counterSamples(
  service: string,
  before: InterfaceCounters,
  after: InterfaceCounters,
  source: NetworkSource,
): Result<Sample[]> {
  const header = BigInt(source.headerBytes);
  const rx = { bytes: after.rxBytes - before.rxBytes, packets: after.rxPackets - before.rxPackets };
  const tx = { bytes: after.txBytes - before.txBytes, packets: after.txPackets - before.txPackets };
  if ([rx.bytes, rx.packets, tx.bytes, tx.packets].some((difference) => difference < 0n)) {
    const message = `the counters of ${service} ran backwards: it was started again during the stage`;
    return failed({ kind: 'evidence', message, place: { service } });
  }
  const sample = (metric: string, value: bigint, unit: 'bytes' | 'count'): Sample => ({
    metric,
    value,
    unit,
    labels: { service },
  });
  return ok([
    sample('tx_bytes', tx.bytes, 'bytes'),
    sample('tx_packets', tx.packets, 'count'),
    sample('tx_payload_bytes', tx.bytes - header * tx.packets, 'bytes'),
    sample('rx_bytes', rx.bytes, 'bytes'),
    sample('rx_packets', rx.packets, 'count'),
    sample('rx_payload_bytes', rx.bytes - header * rx.packets, 'bytes'),
  ]);
}
