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
      documents: [{ value: { a: [1] }, place: { file: 'a.json', line: 2 } }],
    },
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
