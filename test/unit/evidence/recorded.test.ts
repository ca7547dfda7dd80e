import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readRecorded, recordEvidence, recordReading } from '../../../gym/evidence/recorded.ts';
import type { Evidence, Reading } from '../../../gym/task/measurement.ts';
import { temporaryFolder } from '../harness/support.ts';

test('evidence that was recorded is read back as it was judged', () => {
  const folder = temporaryFolder();
  const readings: Reading[] = [
    {
      source: 'workers',
      witness: false,
      nonce: 'n',
      window: { fromMs: 1, toMs: 2 },
      samples: [
        { metric: 'bytes', labels: { channel: 'tcp' }, value: 2n ** 70n, unit: 'bytes', n: 3 },
        { metric: 'latency', labels: {}, value: 1.5, unit: 'ms', atMs: 5 },
        { metric: 'odd', labels: {}, value: Number.NaN, unit: 'ratio' },
      ],
      documents: [
        { value: { a: [1], n: 2n ** 63n, $bigint: 'a key', none: Number.NaN }, place: { file: 'a.json', line: 2 } },
        { value: { a: 1 }, place: { file: 'b.yaml', line: 1 }, lines: { '/a': 3 } },
        { value: 'x'.repeat(3_000_000), place: { service: 'app' } },
      ],
    },
    { source: 'index', witness: false, samples: [] },
    { source: 'kernel', witness: true, samples: [], problem: 'it is gone' },
  ];
  const recorded = readings.map((reading) => ({ ...reading, file: recordReading(folder, reading) }));
  const evidence: Evidence = {
    readings: new Map(recorded.map((reading) => [reading.source, reading])),
    logs: new Map([['app', { service: 'app', file: '/tmp/app.log' }]]),
    nonce: 'n',
    cutShort: 'the stage e2e did not pass (fail)',
  };
  recordEvidence(folder, evidence);
  expect(readRecorded(folder)).toStrictEqual(evidence);
});

test('a run without evidence has none', () => {
  expect(readRecorded(temporaryFolder())).toBeUndefined();
});

test('a quarter of a million samples are recorded and read back, and a file that is cut short is not taken for whole', () => {
  const folder = temporaryFolder();
  const samples = Array.from({ length: 250_000 }, (_, at) => ({
    metric: 'latency',
    labels: { at: String(at) },
    value: at / 8,
    unit: 'ms' as const,
  }));
  const reading: Reading = { source: 'many', witness: false, samples };
  const file = recordReading(folder, reading);
  expect(file).toBe('evidence/many.ndjson');
  recordEvidence(folder, { readings: new Map([['many', reading]]), logs: new Map() });
  const read = readRecorded(folder)?.readings.get('many');
  expect(read?.samples.length).toBe(samples.length);
  expect([0, 123_456, 249_999].map((at) => read?.samples[at])).toEqual([0, 123_456, 249_999].map((at) => samples[at]));
  truncateSync(join(folder, file), 1_000_000);
  expect(() => readRecorded(folder)).toThrow();
});
