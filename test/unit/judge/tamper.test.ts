import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sum } from '../../../gym/judge/quantity.ts';
import { type SampleTampering, shifted, tampered, tamperedDocuments } from '../../../gym/judge/tamper.ts';
import { truncated } from '../../../gym/judge/tamper-log.ts';
import type { Evidence } from '../../../gym/task/measurement.ts';
import { temporaryFolder } from '../../support/repository.ts';
import { documentsOf, evidenceOf, samples } from './samples.ts';

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

test('a document loses what it held, the others do not', () => {
  const documents = evidenceOf({
    got: documentsOf('got', [{ id: 'a', amount: 5 }, { id: 'b' }]),
    rows: documentsOf('rows', [[1]]),
  });
  const values = (source: string, how: Parameters<typeof tamperedDocuments>[2]) =>
    tamperedDocuments(documents, source, how)
      ?.readings.get(source)
      ?.documents?.map(({ value }) => value);
  expect(values('got', 'damage')).toEqual([{ id: null, amount: null }, { id: 'b' }]);
  expect(values('rows', 'damage')).toEqual([null]);
  expect(values('got', 'empty')).toEqual([]);
  expect(tamperedDocuments(evidence, 'got', 'damage')).toBeNull();
  expect(documents.readings.get('got')?.documents?.[0]?.value).toEqual({ id: 'a', amount: 5 });
});

test('a log is cut off in a copy', () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'w.log');
  folder.write('w.log', 'one\ntwo\n');
  const logs = evidenceOf({}, [{ service: 'w', file }]);
  const cut = (keep: 'half' | 'nothing') =>
    readFileSync(truncated(logs, 'w', keep, folder.path)?.logs.get('w')?.file ?? '', 'utf8');
  expect([cut('half'), cut('nothing'), readFileSync(file, 'utf8')]).toEqual(['one\n', '', 'one\ntwo\n']);
  expect(truncated(logs, 'other', 'half', folder.path)).toBeNull();
});
