import { type SampleInput, z } from 'devgym';

// What harness/report.ts writes to /results/report.json, as far as the task judges it.

const bytes = z.number().int().nonnegative();
const channel = z.enum(['local', 'shm', 'tcp']);
const checksum = z.string().regex(/^[0-9a-f]+$/);

const usage = z.object({
  peer: z.string(),
  channel,
  rows: z.number().int(),
  payloadBytes: z.number().int(),
  framingBytes: z.number().int(),
  savedBytes: z.number().int(),
  retriedBytes: z.number().int(),
  wireBytes: z.number().int(),
});
const worker = z.object({
  worker: z.string(),
  host: z.string(),
  sent: z.array(usage),
  received: z.array(usage),
  tcp: z.object({ sentBytes: bytes, receivedBytes: bytes }),
});

/** The report of one shuffle. */
export const reportSchema = z.object({
  schema: z.literal('shuffle.report/1'),
  known: z.object({
    rows: z.number().int(),
    payloadBytes: bytes,
    checksum,
    channels: z.record(channel, bytes),
  }),
  output: z.object({ rows: z.number().int(), checksum }),
  workers: z.array(worker).min(1),
});
type Report = z.output<typeof reportSchema>;
type Worker = z.output<typeof worker>;

/** What the code under test says of the shuffle. */
export function claimed({ output, workers }: Report): SampleInput[] {
  return [
    { metric: 'rows', value: output.rows, unit: 'count' },
    { metric: 'checksum', value: BigInt(`0x${output.checksum}`), unit: 'hash' },
    ...workers.flatMap((each) => [...flows(each, 'sent'), ...flows(each, 'received'), ...tcp(each)]),
  ];
}

/** What has to come out, from the data alone: worked out by harness/known.ts, which shares no code with the system. */
export function expected({ known }: Report): SampleInput[] {
  return [
    { metric: 'rows', value: known.rows, unit: 'count' },
    { metric: 'checksum', value: BigInt(`0x${known.checksum}`), unit: 'hash' },
    { metric: 'payload_bytes', value: known.payloadBytes, unit: 'bytes' },
    ...Object.entries(known.channels).map(
      ([name, value]): SampleInput => ({ metric: 'channel_bytes', labels: { channel: name }, value, unit: 'bytes' }),
    ),
  ];
}

function flows({ worker: name, host, sent, received }: Worker, direction: 'sent' | 'received'): SampleInput[] {
  return (direction === 'sent' ? sent : received).flatMap((each) => {
    const [from, to] = direction === 'sent' ? [name, each.peer] : [each.peer, name];
    const labels = { worker: name, host, from, to, channel: each.channel };
    const sample = (metric: string, value: number): SampleInput => ({
      metric: `${direction}_${metric}`,
      labels,
      value,
      unit: metric === 'rows' ? 'count' : 'bytes',
    });
    return [
      sample('rows', each.rows),
      sample('payload_bytes', each.payloadBytes),
      sample('framing_bytes', each.framingBytes),
      // Compression takes bytes off, so that what flowed is the sum of the parts.
      sample('saved_bytes', -each.savedBytes),
      sample('retried_bytes', each.retriedBytes),
      sample('wire_bytes', each.wireBytes),
    ];
  });
}

function tcp({ worker: name, tcp: { sentBytes, receivedBytes } }: Worker): SampleInput[] {
  const labels = { service: name };
  return [
    { metric: 'tcp_sent_bytes', labels, value: sentBytes, unit: 'bytes' },
    { metric: 'tcp_received_bytes', labels, value: receivedBytes, unit: 'bytes' },
  ];
}
