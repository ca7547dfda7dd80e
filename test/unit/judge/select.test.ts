import { expect, test } from 'vitest';
import { selectSamples } from '../../../gym/judge/select.ts';
import type { Reading, Sample } from '../../../gym/task/measurement.ts';

const samples = Array.from(
  { length: 60 },
  (_, index): Sample => ({
    metric: index % 5 === 0 ? 'other' : 'sent',
    labels: { worker: `w${index % 7}`, ...(index % 3 > 0 && { channel: index % 3 === 1 ? 'tcp' : 'shm' }) },
    value: BigInt(index),
    unit: 'count',
  }),
);
const reading: Reading = { source: 'app', witness: false, samples };

test.each<Record<string, string | string[]>>([
  {},
  { worker: 'w3' },
  { worker: 'w3', channel: 'tcp' },
  { channel: 'tcp', worker: 'w3' },
  { channel: ['tcp', 'shm'] },
  { channel: ['tcp', 'shm'], worker: 'w3' },
  { worker: ['w3'] },
  { worker: 'w9' },
  { channel: '' },
  { nothing: 'x' },
])('the samples with all of these labels, in the order of the reading: %j', (where) => {
  const wanted = ({ metric, labels }: Sample) =>
    metric === 'sent' && Object.entries(where).every(([label, value]) => [value].flat().includes(labels[label] ?? ''));
  expect(selectSamples(reading, 'sent', where)).toEqual(samples.filter(wanted));
});
