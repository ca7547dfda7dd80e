import { abs, agree, conservation, defineTask, json, log, networkCounters, sum, volumeFiles } from 'devgym';
import { claimed, expected, reportSchema } from './report.ts';

const workers = ['worker-1', 'worker-2', 'worker-3', 'worker-4'];
const report = { stage: 'e2e', path: '/results/report.json', schema: reportSchema };
const junit = (suite: string) => ({ format: 'junit' as const, path: `/results/${suite}.xml` });
const test = (suite: string, files: string): string =>
  `mkdir -p /results && node --test --test-reporter=junit --test-reporter-destination=/results/${suite}.xml --test-reporter=spec --test-reporter-destination=stdout ${files}`;

export default defineTask({
  name: 'shuffle',
  instruction: 'TASK.md',
  compose: 'compose.yaml',
  stages: [
    { name: 'unit', service: 'driver', command: test('unit', 'test/unit/*.test.ts'), results: junit('unit') },
    {
      name: 'integration',
      service: 'driver',
      command: test('integration', 'test/integration/*.test.ts'),
      results: junit('integration'),
    },
    {
      name: 'e2e',
      service: 'driver',
      command: test('e2e', 'harness/e2e.test.ts'),
      results: junit('e2e'),
      timeoutSeconds: 180,
    },
  ],
  measurements: {
    workers: json({ ...report, samples: claimed }),
  },
  witnesses: {
    known: json({ ...report, samples: expected }),
    kernel: networkCounters({ stage: 'e2e', services: workers, network: 'data' }),
    files: volumeFiles({ stage: 'e2e', volumes: ['host-a', 'host-b'] }),
  },
  invariants: [
    conservation({
      name: 'bytes-by-channel',
      claim: 'the payload sent, channel by channel, adds up to the bytes of the data, exactly',
      total: sum('known.payload_bytes'),
      parts: sum('workers.sent_payload_bytes', { by: ['channel'] }),
      expectedParts: sum('known.channel_bytes', { by: ['channel'] }),
    }),
    conservation({
      name: 'received-by-channel',
      claim: 'the payload received, channel by channel, adds up to the bytes of the data, exactly',
      total: sum('known.payload_bytes'),
      parts: sum('workers.received_payload_bytes', { by: ['channel'] }),
      expectedParts: sum('known.channel_bytes', { by: ['channel'] }),
    }),
    agree({
      name: 'sent-equals-received',
      claim: 'what one worker says it sent is what its peer says it received, pair by pair and channel by channel',
      observed: sum('workers.sent_payload_bytes', { by: ['from', 'to', 'channel'] }),
      witnesses: { receiver: sum('workers.received_payload_bytes', { by: ['from', 'to', 'channel'] }) },
    }),
    agree({
      name: 'rows-survive',
      claim: 'as many rows come out as went in',
      observed: sum('workers.rows'),
      witnesses: { data: sum('known.rows') },
    }),
    agree({
      name: 'checksum-survives',
      claim: 'the rows that come out are the rows that went in',
      observed: sum('workers.checksum'),
      witnesses: { data: sum('known.checksum') },
    }),
    conservation({
      name: 'wire-adds-up',
      claim: 'what flowed is payload and framing, less what compression saved, and what was sent again',
      total: sum('workers.sent_wire_bytes', { by: ['channel'] }),
      parts: {
        payload: sum('workers.sent_payload_bytes', { by: ['channel'] }),
        framing: sum('workers.sent_framing_bytes', { by: ['channel'] }),
        saved: sum('workers.sent_saved_bytes', { by: ['channel'] }),
        retried: sum('workers.sent_retried_bytes', { by: ['channel'] }),
      },
    }),
    agree({
      name: 'tcp-matches-kernel',
      claim:
        "what each worker says it sent over tcp is what the kernel counted on the data network, less the packets' headers",
      observed: sum('workers.tcp_sent_bytes', { by: ['service'] }),
      witnesses: { kernel: sum('kernel.tx_payload_bytes', { by: ['service'] }) },
      // The header model leaves a few bytes open: 8 more in the SYN of each connection, ARP frames, shorter RSTs.
      tolerance: abs(2048),
    }),
    agree({
      name: 'shm-matches-files',
      claim: 'what the workers of a host say they wrote to shared memory is the size of the files there',
      observed: sum('workers.sent_wire_bytes', { where: { channel: 'shm' }, by: ['host'] }),
      witnesses: { files: sum('files.bytes', { by: ['volume'] }) },
    }),
    log({
      name: 'config-active',
      claim: 'each worker logged the compression and the channels that were asked for as active',
      services: workers,
      line: { fields: { msg: 'config active', compression: 'zstd', channels: ['local', 'shm', 'tcp'] } },
      expect: 'present',
    }),
  ],
  protected: [
    'task.ts',
    'report.ts',
    'compose.yaml',
    'Dockerfile',
    'TASK.md',
    'harness/**',
    'test/**',
    'package*.json',
  ],
  limits: { upSeconds: 120, attempts: 8, minutes: 45 },
});
