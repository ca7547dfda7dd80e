import { expect, test } from 'vitest';
import {
  amountText,
  countText,
  differenceText,
  firstClause,
  groupedText,
  listText,
  numberText,
  percentText,
  shareText,
  verbFor,
} from '../../../gym/judge/text.ts';

test.each<[bigint | number, string]>([
  [2n ** 64n, '18,446,744,073,709,551,616'],
  [-1234567, '-1,234,567'],
  [1234.56789, '1,234.5679'],
  [0.00001234, '0.00001234'],
  [-0.5, '-0.5'],
  [0, '0'],
])('the number %s', (value, text) => expect(numberText(value)).toBe(text));

test('amounts, differences and shares', () => {
  expect(amountText(255n, 'hash')).toBe('0xff');
  expect(amountText(5n, 'bytes')).toBe('5 bytes');
  expect(differenceText(16_105_544n, 268_435_456n, 'bytes')).toBe('+16,105,544 bytes (+6 %)');
  expect(differenceText(-3n, 0n, 'count')).toBe('-3');
  expect(differenceText(-3n, -6n, 'count')).toBe('-3 (-50 %)');
  expect([0.06123, -0.07, 12.5, 1e-9].map(percentText)).toEqual(['6.12 %', '-7 %', '1250 %', '1e-7 %']);
  expect(listText(['a', 'b', 'c'], 2)).toBe('a, b and 1 more');
  expect([countText(1, 'patch'), countText(2, 'patch'), countText(1024, 'case')]).toEqual([
    '1 patch',
    '2 patches',
    '1,024 cases',
  ]);
});

test.each([
  [1, 1, '1 of 1 check does not hold'],
  [1, 1200, '1 of 1,200 checks does not hold'],
  [0, 2, '0 of 2 checks do not hold'],
  [2, 2, '2 of 2 checks do not hold'],
])('%i of %i in words', (part, of, words) =>
  expect(`${shareText(part, of, 'check')} ${verbFor(part, 'does', 'do')} not hold`).toBe(words),
);

test('digits in groups, as they are kept in a verdict', () => {
  const digits = ['268435456', '-4026532', '1234', '0.12345'];
  expect(digits.map(groupedText)).toEqual(['268,435,456', '-4,026,532', '1234', '0.12345']);
});

test.each([
  [
    'the parts come to 68,135,192 bytes, not 67,108,864 bytes: +1.53 %',
    'the parts come to 68,135,192 bytes, not 67,108,864 bytes',
  ],
  ['1 of 2 cases failed: adds up\n3 is not 4', '1 of 2 cases failed'],
  ['it listens on db:5432; too late', 'it listens on db:5432'],
  ['x'.repeat(200), `${'x'.repeat(119)}…`],
])('the first clause of %j', (sentence, clause) => expect(firstClause(sentence)).toBe(clause));
