import type { PortModel } from './model.ts';
import type { Reader } from './reader.ts';
import type { Node } from './tree.ts';

const longKeys = ['target', 'published', 'protocol', 'host_ip', 'mode', 'name', 'app_protocol'];

/** `ports`, short and long form, with ranges. What the file says of the host's side is read over: see PortModel. */
export function readPorts(reader: Reader, node: Node | undefined): readonly PortModel[] {
  return reader.items(node, 'ports').flatMap((item) => {
    if (item.kind === 'scalar') return shortForm(reader, item.text, item.line);
    const fields = reader.fields(item, 'ports', longKeys);
    const containerPort = reader.integer(fields.get('target'), 'ports: target');
    const protocol = protocolOf(reader.text(fields.get('protocol'), 'ports: protocol') ?? 'tcp');
    if (containerPort === null || protocol === undefined) {
      reader.complain(item.line, 'ports: needs "target", and tcp, udp or sctp as "protocol"');
      return [];
    }
    return [{ containerPort, protocol }];
  });
}

function shortForm(reader: Reader, text: string, line: number): readonly PortModel[] {
  const match = /^(?:.*:)?(\d+)(?:-(\d+))?(?:\/([a-z]+))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  const protocol = protocolOf(match?.[3] ?? 'tcp');
  if (match === null || protocol === undefined || !(first >= 1 && first <= last && last <= 65_535)) {
    reader.complain(line, `ports: "${text}" is none of PORT, HOST:PORT, ADDRESS:HOST:PORT, each with /tcp or /udp`);
    return [];
  }
  return Array.from({ length: last - first + 1 }, (_, index) => ({ containerPort: first + index, protocol }));
}

function protocolOf(text: string): PortModel['protocol'] | undefined {
  return text === 'tcp' || text === 'udp' || text === 'sctp' ? text : undefined;
}
