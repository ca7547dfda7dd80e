import type { PortModel } from './model.ts';
import { type Reader, uniqueBy } from './reader.ts';
import type { Node, Scalar } from './tree.ts';

/** `ports`, short and long form, with ranges. */
export function readPorts(reader: Reader, node: Node | undefined): readonly PortModel[] {
  const ports = reader.items(node, 'ports').flatMap((item) => {
    if (item.kind === 'scalar') return shortForm(reader, item);
    const fields = reader.fields(item, 'services.*.ports[]', 'ports');
    const containerPort = reader.integer(fields.get('target'), 'ports: target');
    const protocol = protocolOf(reader.text(fields.get('protocol'), 'ports: protocol') ?? 'tcp');
    if (containerPort === null || protocol === undefined) {
      reader.complain(item, 'ports: needs "target", and tcp, udp or sctp as "protocol"');
      return [];
    }
    const published = reader.text(fields.get('published'), 'ports: published') || null;
    return [{ containerPort, protocol, published, hostIp: reader.text(fields.get('host_ip'), 'ports: host_ip') }];
  });
  return uniqueBy(ports, (port) =>
    [port.hostIp ?? '0.0.0.0', port.published, port.containerPort, port.protocol].join(),
  );
}

/** Source: docker/go-connections, nat.ParsePortSpec. */
function shortForm(reader: Reader, item: Scalar): readonly PortModel[] {
  const match = /^(?:(?:\[([^\]]+)\]|([\d.]*)):)?(?:([\d-]*):)?(\d+)(?:-(\d+))?(?:\/([a-zA-Z]+))?$/.exec(item.text);
  const twoParts = match !== null && match[3] === undefined && match[1] === undefined;
  // `8080:80`: what stands before the only colon is a port, no address.
  const hostPort = (twoParts ? match[2] : match?.[3]) || null;
  const address = (twoParts ? undefined : (match?.[1] ?? match?.[2])) || null;
  const [first, last] = [Number(match?.[4]), Number(match?.[5] ?? match?.[4])];
  const protocol = protocolOf((match?.[6] ?? 'tcp').toLowerCase());
  const host = /^(\d+)(?:-(\d+))?$/.exec(hostPort ?? '0');
  const [hostFirst, hostLast] = [Number(host?.[1]), Number(host?.[2] ?? host?.[1])];
  const count = last - first + 1;
  const fits = hostPort === null || count === 1 || hostLast - hostFirst + 1 === count;
  const valid = first >= 1 && first <= last && last <= 65_535 && hostFirst <= hostLast && hostLast <= 65_535;
  if (protocol === undefined || host === null || !valid || !fits) {
    reader.complain(
      item,
      `ports: "${item.text}" is none of PORT, HOST:PORT, ADDRESS:HOST:PORT, each with /tcp or /udp`,
    );
    return [];
  }
  return Array.from({ length: count }, (_, index) => {
    const published = hostPort === null ? null : count === 1 ? hostPort : String(hostFirst + index);
    return { containerPort: first + index, protocol, hostIp: address, published };
  });
}

function protocolOf(text: string): PortModel['protocol'] | undefined {
  return text === 'tcp' || text === 'udp' || text === 'sctp' ? text : undefined;
}
