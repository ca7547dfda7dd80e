import { expect, test } from 'vitest';
import { gotWant } from '../../../gym/judge/got-want.ts';

/** As the tools write them; `test/fixtures/results` has whole files of several. */
test.each([
  ['Vitest', 'AssertionError: expected { total: 3 } to deeply equal { total: 4 }', '{ total: 3 }', '{ total: 4 }'],
  ['Vitest, toBe', "expected 'a' to be 'b' // Object.is equality", "'a'", "'b'"],
  ['Jest', 'expect(received).toBe(expected) // Object.is equality\n\nExpected: 4\nReceived: 3', '3', '4'],
  [
    'Jest, a difference',
    'Error: expect(received).toEqual(expected) // deep equality\n\n- Expected  - 1\n+ Received  + 1\n\n  Object {\n-   "total": 4,\n+   "total": 3, …',
    '"total": 3, …',
    '"total": 4,',
  ],
  ['node:assert', 'Expected values to be strictly equal:\n\n3 !== 4', '3', '4'],
  [
    'node:assert, a difference',
    'Expected values to be strictly deep-equal:\n+ actual - expected\n\n  {\n+   total: 3\n-   total: 4\n  }',
    'total: 3',
    'total: 4',
  ],
  ['JUnit Jupiter', 'org.opentest4j.AssertionFailedError: expected: <4> but was: <3>', '3', '4'],
  ['JUnit 4', 'expected:<4> but was:<3>', '3', '4'],
  ['tape', 'equal: expected 4, actual 3', '3', '4'],
  ['testify', '\tError:      \tNot equal: \n\t            \texpected: 4\n\t            \tactual  : 3', '3', '4'],
  ['Go', 'sum_test.go:7: Sum(1, 2) = 3, want 4', '3', '4'],
  ['RSpec', '\nexpected: 4\n     got: 3\n\n(compared using ==)', '3', '4'],
  ['xUnit', 'Assert.Equal() Failure: Values differ\nExpected: 4\nActual:   3', '3', '4'],
  ['NUnit', '  Expected: 4\n  But was:  3', '3', '4'],
])('%s', (_, message, got, want) => {
  expect(gotWant(message)).toEqual({ got, want });
});

test.each([
  'till is shut',
  'tax & fees ==> expected: <4> but was: <3>',
  'assert 3 == 4',
  'expected 3 to be greater than 4',
  '',
  '- Expected\n+ Received',
])('%j is left as it is', (message) => {
  expect(gotWant(message)).toBeUndefined();
});

test('any length takes no time', () => {
  const began = performance.now();
  for (const scrap of ['expected ', 'expected: <', 'to be ', 'a, want ', 'got: ', '- Expected\n'])
    gotWant(scrap.repeat(300).slice(0, 2000));
  expect(performance.now() - began).toBeLessThan(500);
});
