import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Case, testCase } from '../../../gym/harness/cases.ts';
import { groupedFailures, signatureOf } from '../../../gym/judge/signature.ts';

test.each([
  ['timed out after 300 ms', 'timed out after 1,250.5 ms'],
  ['no user 3f2504e0-4f89-11d3-9a0c-0305e82c3301', 'no user a81bc81b-dead-4e5d-abff-90865d1e13b1'],
  ['object 0x7ffee3 leaked', 'object 0x10 leaked'],
  ['commit 7c39a2bd is gone', 'commit 15e7b96aa01 is gone'],
  ['at 2026-11-20T08:15:30.250Z: closed', 'at 2025-01-01 00:00:00+01:00: closed'],
  ["Cannot find module './a/b.ts' from '/home/x/t.ts:7:9'", "Cannot find module '../c.ts' from 'C:\\work\\u.ts:1'"],
  ['read ECONNRESET\n    by peer 1', 'read ECONNRESET by peer 2'],
])('%j and %j are one signature', (one, other) => {
  expect(signatureOf(one)).toBe(signatureOf(other));
});

test.each([
  ['expected 3 to be 4', 'expected 3 to equal 4'],
  ['read ECONNRESET', 'read ETIMEDOUT'],
  ['feedface is bad', 'cafe is bad'],
])('%j and %j are not', (one, other) => {
  expect(signatureOf(one)).not.toBe(signatureOf(other));
});

test('numbers never matter, and a message of any kind has a signature in time', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), fc.nat(), fc.nat(), (text, one, other) => {
      expect(signatureOf(`${one} ${text}`)).toBe(signatureOf(`${other} ${text}`));
    }),
    { numRuns: 50 },
  );
  const began = performance.now();
  for (const scrap of ['a', 'a/', '/', '1', 'a1', '-', '. ', 'C:']) signatureOf(scrap.repeat(2000));
  expect(performance.now() - began).toBeLessThan(500);
});

test('up to three of one signature stand one by one, of more the first with how many and in how many files', () => {
  const failed = (id: string, message: string, file?: string): Case => testCase([id], 'failed', { message, file });
  const cases = [
    failed('a', 'lost 1'),
    testCase(['fine'], 'passed'),
    ...Array.from({ length: 300 }, (_, n) => failed(`many ${n}`, `refused on port ${n}`, `t/${n % 12}.ts`)),
    failed('b', 'lost 2'),
    failed('c', 'lost 33'),
    failed('last', 'alone', 't/x.ts'),
  ];
  expect(groupedFailures(cases)).toEqual([
    { id: 'a', message: 'lost 1' },
    { id: 'b', message: 'lost 2' },
    { id: 'c', message: 'lost 33' },
    { id: 'many 0', file: 't/0.ts', message: 'refused on port 0', alike: 299, files: 12 },
    { id: 'last', file: 't/x.ts', message: 'alone' },
  ]);
});

test('whatever order a tool reports them in, they are listed by file, line and name', () => {
  const places = [
    ['z', 'a.ts', 2],
    ['x 2', 'a.ts', 10],
    ['x 10', 'a.ts', 10],
    ['y', 'b2.ts', 1],
    ['y', 'b10.ts', 1],
  ] as const;
  const cases = places.map(([id, file, line]) => testCase([id], 'failed', { file, line, message: id }));
  fc.assert(
    fc.property(fc.shuffledSubarray(cases, { minLength: cases.length }), (shuffled) => {
      expect(groupedFailures(shuffled).map(({ id, file }) => [id, file])).toEqual(
        cases.map(({ id, file }) => [id, file]),
      );
    }),
  );
});
