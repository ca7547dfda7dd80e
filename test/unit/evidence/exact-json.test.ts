import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromExactJson, toExactJson } from '../../../gym/evidence/exact-json.ts';

test('what JSON has no words for is written in one line', () => {
  const text = toExactJson({ a: 2n ** 64n, b: [Number.NaN], $bigint: 'x' });
  expect(text).toBe('{"a":{"$bigint":"18446744073709551616"},"b":[{"$number":"NaN"}],"$$bigint":"x"}');
});

test('any document comes back, whatever its keys', () => {
  const key = fc.constantFrom('$bigint', '$$bigint', '$number', 'a');
  const document = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.bigInt(),
      fc.double().map((number) => (Object.is(number, -0) ? 0 : number)),
      fc.string(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { noNullPrototype: true }),
    ),
  })).value;
  fc.assert(
    fc.property(document, (value) => {
      expect(fromExactJson(toExactJson(value))).toEqual(value);
    }),
  );
});
