import type { Environment } from '../environment/environment.ts';
import { failed, ok, type Result } from '../events/problem.ts';
import type { Sample } from '../task/measurement.ts';
import { difference } from './difference.ts';
import { type BeginSource, notRead } from './reader.ts';

const files = ['dev', 'snmp', 'netstat', 'sockstat', 'sockstat6', 'tcp', 'tcp6'];
/** Each file under its name. IPv6 may be off. */
const command = ['sh', '-c', `cd /proc/net; for f in ${files.join(' ')}; do echo "== $f"; cat $f 2>/dev/null; done; :`];

/** What the kernel counts in services' network namespaces: read by a helper that shares them, of all at once, before and after the stage. */
export const beginKernel: BeginSource<'kernel'> = async ({ services }, { environment }) => {
  const readAll = () => Promise.all(services.map((service) => readKernel(environment, service)));
  const before = await readAll();
  return async () => {
    const after = await readAll();
    const samples: Sample[] = [];
    for (const [index, service] of services.entries()) {
      const notBefore = notRead(`the counters of ${service} were not read before the stage`);
      const [then = notBefore, now = notBefore] = [before[index], after[index]];
      if (!now.ok) return now;
      if (!then.ok) return then;
      const grown = kernelGrowth(service, then.value, now.value);
      if (!grown.ok) return grown;
      for (const sample of grown.value) samples.push({ ...sample, labels: { service, ...sample.labels } });
    }
    return ok({ samples });
  };
};

/** What was read of one network namespace at one moment. */
export interface KernelReading {
  readonly samples: readonly Sample[];
  readonly interfaces: readonly string[];
}

async function readKernel(environment: Environment, service: string): Promise<Result<KernelReading>> {
  const read = await environment.observe({ kind: 'network', service }, command);
  if (!read.ok) return read;
  const reading = parseKernel(read.value);
  return reading.samples.length > 0 ? ok(reading) : notRead(`the kernel told nothing of the network of ${service}`);
}

/** What grew by how much. A service that was started again has another namespace; the old one counts on, but nothing of the service. */
export function kernelGrowth(service: string, before: KernelReading, after: KernelReading): Result<Sample[]> {
  if (before.interfaces.join() === after.interfaces.join())
    return difference(before.samples, after.samples, ({ metric }) => !isGauge(metric));
  const message = `the interfaces of ${service} changed: it was started again, or cut off, during the stage`;
  return failed({ kind: 'evidence', message, place: { service } });
}

const isGauge = (metric: string): boolean =>
  metric === 'Tcp_CurrEstab' || metric === 'sockets' || metric === 'accept_queue' || metric.startsWith('sockstat_');

/** Settings that the kernel lists among its counters. */
const settings = new Set([
  'Ip_Forwarding',
  'Ip_DefaultTTL',
  'Tcp_RtoAlgorithm',
  'Tcp_RtoMin',
  'Tcp_RtoMax',
  'Tcp_MaxConn',
]);

/** The files of /proc/net, each after a line `== name`: proc_net(5), and Documentation/networking/snmp_counter.rst of Linux. */
export function parseKernel(text: string): KernelReading {
  const sections = new Map(
    text.split(/^== /m).map((section) => {
      const [name = '', ...lines] = section.split('\n');
      return [name.trim(), lines.filter((line) => line.trim() !== '')];
    }),
  );
  const of = (name: string): readonly string[] => sections.get(name) ?? [];
  const interfaces = of('dev')
    .filter((line) => line.includes(':'))
    .map(interfaceLine);
  return {
    interfaces: interfaces.map(({ name }) => name).sort(),
    samples: [
      ...interfaces.flatMap(interfaceSamples),
      ...headedSamples(of('snmp')),
      ...headedSamples(of('netstat')),
      ...[...of('sockstat'), ...of('sockstat6')].flatMap(sockstatSamples),
      ...socketSamples('tcp', of('tcp')),
      ...socketSamples('tcp6', of('tcp6')),
    ],
  };
}

const count = (metric: string, value: bigint | number, labels: Sample['labels'] = {}): Sample => ({
  metric,
  labels,
  value: BigInt(value),
  unit: 'count',
});

interface InterfaceLine {
  readonly name: string;
  readonly numbers: readonly string[];
}

function interfaceLine(line: string): InterfaceLine {
  const [name = '', rest = ''] = line.split(':');
  return { name: name.trim(), numbers: rest.trim().split(/\s+/) };
}

/** `bytes packets errs drop …` received, then the same eight sent. */
function interfaceSamples({ name, numbers }: InterfaceLine): Sample[] {
  const columns = { rx_errors: 2, rx_dropped: 3, tx_errors: 10, tx_dropped: 11 };
  return Object.entries(columns).map(([metric, at]) => count(metric, BigInt(numbers[at] ?? 0), { interface: name }));
}

/** `Tcp: ActiveOpens …` and below it `Tcp: 5 …`: two lines each. */
function headedSamples(lines: readonly string[]): Sample[] {
  return lines.flatMap((line, index) => {
    const [group = '', ...values] = line.split(/\s+/);
    const [above, ...names] = lines[index - 1]?.split(/\s+/) ?? [];
    if (index % 2 === 0 || above !== group) return [];
    return names.flatMap((name, at): Sample[] => {
      const metric = `${group.slice(0, -1)}_${name}`;
      const value = values[at] ?? '';
      if (settings.has(metric) || !/^-?\d+$/.test(value)) return [];
      return [{ ...count(metric, BigInt(value)), unit: name.endsWith('Octets') ? 'bytes' : 'count' }];
    });
  });
}

/** `TCP: inuse 5 orphan 0 tw 0 alloc 7 mem 1` */
function sockstatSamples(line: string): Sample[] {
  const [group = '', ...words] = line.split(/\s+/);
  return words.flatMap((name, at) => {
    const value = words[at + 1] ?? '';
    return at % 2 === 0 && /^\d+$/.test(value) ? [count(`sockstat_${group.slice(0, -1)}_${name}`, BigInt(value))] : [];
  });
}

/** By their numbers in include/net/tcp_states.h. */
const states = [
  '',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
  'NEW_SYN_RECV',
];

/** `sl local_address rem_address st tx_queue:rx_queue …`: what waits to be read of a listening socket are connections to be accepted. */
function socketSamples(protocol: string, lines: readonly string[]): Sample[] {
  const counts = new Map(states.slice(1, -1).map((state) => [state, 0]));
  const queues: Sample[] = [];
  for (const line of lines.slice(1)) {
    const [, local = '', , code = '', queue = ''] = line.trim().split(/\s+/);
    const state = states[Number.parseInt(code, 16)] ?? code;
    counts.set(state, (counts.get(state) ?? 0) + 1);
    if (state !== 'LISTEN') continue;
    const port = String(Number.parseInt(local.split(':')[1] ?? '', 16));
    queues.push(count('accept_queue', Number.parseInt(queue.split(':')[1] ?? '0', 16), { protocol, port }));
  }
  return [...[...counts].map(([state, sockets]) => count('sockets', sockets, { protocol, state })), ...queues];
}
