import { expect, test } from 'vitest';
import { sum } from '../../../gym/judge/quantity.ts';
import { type SampleTampering, shifted, tampered } from '../../../gym/judge/tamper.ts';
import type { Evidence } from '../../../gym/task/measurement.ts';
import { evidenceOf, samples } from './samples.ts';

const looked = sum('got.bytes', { by: ['channel'] });
const evidence = evidenceOf({ got: [...samples('other', 9n), ...samples('bytes', { tcp: 5n, shm: 7n })] });
const valuesOf = (changed: Evidence | null) =>
  changed?.readings.get('got')?.samples.map(({ labels, value }) => `${labels['channel'] ?? 'other'} ${value}`);

test.each<[SampleTampering, string[]]>([
  ['scale', ['other 9', 'tcp 5', 'shm 14']],
  ['drop', ['other 9', 'tcp 5']],
  ['duplicate', ['other 9', 'tcp 5', 'shm 7', 'shm 7']],
  ['swap', ['other 9', 'tcp 7', 'shm 5']],
  ['reorder', ['other 9', 'shm 7', 'tcp 5']],
  ['constant', ['other 9', 'tcp 7', 'shm 7']],
  ['nan', ['other 9', 'tcp 5', 'shm NaN']],
  ['empty', ['other 9']],
])('%s changes what is looked at and nothing else', (how, values) => {
  expect(valuesOf(tampered(evidence, looked, how))).toEqual(values);
  expect(valuesOf(evidence)).toEqual(['other 9', 'tcp 5', 'shm 7']);
});

test('only what is selected is tampered with', () => {
  const tcp = sum('got.bytes', { where: { channel: 'tcp' } });
  expect(valuesOf(tampered(evidence, tcp, 'scale'))).toEqual(['other 9', 'tcp 10', 'shm 7']);
  expect(tampered(evidence, tcp, 'swap')).toBeNull();
  expect(tampered(evidence, sum('gone.bytes'), 'scale')).toBeNull();
  expect(tampered(evidence, sum('got.gone'), 'scale')).toBeNull();
});

test('an amount is added to the largest', () => {
  expect(valuesOf(shifted(evidence, looked, -3))).toEqual(['other 9', 'tcp 5', 'shm 4']);
  expect(shifted(evidenceOf({ got: samples('bytes', 5n, 'hash') }), looked, 1)).toBeNull();
});
