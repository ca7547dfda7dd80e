import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { parseResults } from '../../../../gym/harness/parse/index.ts';
import type { ResultFormat } from '../../../../gym/task/result-format.ts';

const sample = (name: string): string =>
  readFileSync(new URL(`../../../fixtures/results/${name}`, import.meta.url), 'utf8');
const root = '/home/dev/shop';

/** `state id @file:line | first line of the message`, as a person would list them. */
function listed(format: ResultFormat, text: string): string[] | string {
  const parsed = parseResults(format, text, root);
  if (parsed.kind === 'unparseable') return parsed.because;
  return parsed.cases.map(({ state, id, file, line, message }) => {
    const place = file === undefined ? '' : ` @${file}${line === undefined ? '' : `:${line}`}`;
    return `${state} ${id}${place}${message === undefined ? '' : ` | ${message.split('\n')[0]}`}`;
  });
}

const vitestCart = [
  "failed broken.test.ts @broken.test.ts:1 | Cannot find module './missing.ts' imported from broken.test.ts",
  'passed cart.test.ts > cart > adds an item',
  'failed cart.test.ts > cart > charges <tax> & "fees" @cart.test.ts:5 | expected { total: 3 } to deeply equal { total: 4 }',
  'passed cart.test.ts > cart > empty > has a total of 0',
  'skipped cart.test.ts > cart > empty > cannot be paid',
  'skipped cart.test.ts > not done yet',
];

describe('what the tools really write', () => {
  const samples: [ResultFormat, string, string[]][] = [
    ['junit', 'vitest-cart.junit.xml', vitestCart],
    ['tap', 'vitest-cart.tap', vitestCart],
    ['tap', 'vitest-cart.flat.tap', vitestCart],
    [
      'vitest',
      'vitest-cart.json',
      [
        "failed broken.test.ts @broken.test.ts | Cannot find module './missing.ts' imported from broken.test.ts",
        'passed cart.test.ts > cart > adds an item @cart.test.ts',
        'failed cart.test.ts > cart > charges <tax> & "fees" @cart.test.ts:5 | AssertionError: expected { total: 3 } to deeply equal { total: 4 }',
        'passed cart.test.ts > cart > empty > has a total of 0 @cart.test.ts',
        'skipped cart.test.ts > cart > empty > cannot be paid @cart.test.ts',
        'skipped cart.test.ts > not done yet @cart.test.ts',
      ],
    ],
    [
      'vitest',
      'jest-cart.json',
      [
        'passed t/cart.test.cjs > cart > adds an item @t/cart.test.cjs:2',
        'failed t/cart.test.cjs > cart > charges <tax> @t/cart.test.cjs:3 | Error: expect(received).toEqual(expected) // deep equality',
        'skipped t/cart.test.cjs > cart > cannot be paid @t/cart.test.cjs:4',
        'skipped t/cart.test.cjs > not done yet @t/cart.test.cjs:6',
        'failed t/broken.test.cjs @t/broken.test.cjs:1 | Test suite failed to run',
      ],
    ],
    [
      'junit',
      'jest-cart.junit.xml',
      [
        'passed cart > cart adds an item',
        'failed cart > cart charges <tax> @t/cart.test.cjs:3 | Error: expect(received).toEqual(expected) // deep equality',
        'skipped cart > cart cannot be paid',
        'passed cart > not done yet',
      ],
    ],
    [
      'ctrf',
      'jest-cart.ctrf.json',
      [
        'passed t/cart.test.cjs > cart > cart adds an item @t/cart.test.cjs',
        'failed t/cart.test.cjs > cart > cart charges <tax> @t/cart.test.cjs:3 | Error: expect(received).toEqual(expected) // deep equality',
        'skipped t/cart.test.cjs > cart > cart cannot be paid @t/cart.test.cjs',
        'skipped t/cart.test.cjs > not done yet @t/cart.test.cjs',
      ],
    ],
    [
      'ctrf',
      'vitest-cart.ctrf.json',
      [
        'passed cart.test.ts > cart > adds an item @cart.test.ts',
        'failed cart.test.ts > cart > charges <tax> & "fees" @cart.test.ts:5 | expected { total: 3 } to deeply equal { total: 4 }',
        'passed cart.test.ts > cart > empty > has a total of 0 @cart.test.ts',
        'skipped cart.test.ts > cart > empty > cannot be paid @cart.test.ts',
        'skipped cart.test.ts > not done yet @cart.test.ts',
      ],
    ],
    [
      'junit',
      'node-cart.junit.xml',
      [
        'passed cart > adds an item @cart.test.mjs',
        // Node escapes quotes twice.
        'failed cart > charges <tax> & &quot;fees&quot; @cart.test.mjs:6 | Expected values to be strictly equal:',
        'passed cart > empty > has a total of 0 @cart.test.mjs',
        'skipped cart > empty > cannot be paid @cart.test.mjs | no terminal',
        'passed a parent with parts > first part @cart.test.mjs',
        'failed a parent with parts > second part #2 @cart.test.mjs:14 | broken pipe',
        // Node's JUnit does not have the failure of the parent itself; its exit code does.
        'passed a parent that fails itself > good part @cart.test.mjs',
        'skipped not done yet @cart.test.mjs | later',
        'failed runs too long @cart.test.mjs | test timed out after 30ms',
      ],
    ],
    [
      'tap',
      'node-cart.tap',
      [
        'passed cart > adds an item',
        'failed cart > charges <tax> & "fees" @cart.test.mjs:6 | Expected values to be strictly equal:',
        'passed cart > empty > has a total of 0',
        'skipped cart > empty > cannot be paid | no terminal',
        'passed a parent with parts > first part',
        'failed a parent with parts > second part #2 @cart.test.mjs:15 | broken pipe',
        'passed a parent that fails itself > good part',
        'failed a parent that fails itself @cart.test.mjs:20 | parent is broken',
        'skipped not done yet @cart.test.mjs:22 | later',
        'failed runs too long @cart.test.mjs:23 | test timed out after 30ms',
      ],
    ],
    ['junit', 'node-pass.junit.xml', ['passed sum > adds @pass.test.mjs', 'passed sum > adds nothing @pass.test.mjs']],
    ['tap', 'node-pass.tap', ['passed sum > adds', 'passed sum > adds nothing']],
    ['junit', 'node-syntax.junit.xml', ['failed syntax.test.mjs @syntax.test.mjs | test failed']],
    ['tap', 'node-syntax.tap', ['failed syntax.test.mjs @syntax.test.mjs:1 | test failed']],
    [
      'tap',
      'tape-cart.tap',
      [
        'passed adds an item',
        'failed charges tax @tape.cjs:2 | equal: expected 4, actual 3',
        'skipped not done @tape.cjs:4',
      ],
    ],
    [
      'junit',
      'pytest-cart.junit.xml',
      [
        'passed pytest > tests.test_cart.TestCart > test_adds_an_item',
        "failed pytest > tests.test_cart.TestCart > test_charges_tax @tests/test_cart.py:9 | AssertionError: assert {'total': 3} == {'total': 4}",
        'skipped pytest > tests.test_cart.TestCart > test_cannot_be_paid | no terminal',
        'failed pytest > tests.test_cart > test_teardown_breaks @tests/test_cart.py:19 | failed on teardown with "RuntimeError: till does not close"',
        'skipped pytest > tests.test_cart > test_known_bug',
        'passed pytest > tests.test_cart > test_parametrized[1]',
        'failed pytest > tests.test_cart > test_parametrized[2] @tests/test_cart.py:33 | AssertionError: n is <too> big & more',
      ],
    ],
    [
      'junit',
      'surefire-cart.junit.xml',
      [
        'skipped shop.CartTest > cannotBePaid | no terminal',
        'failed shop.CartTest > breaks @CartTest.java:22 | till is shut',
        'passed shop.CartTest > addsAnItem',
        'failed shop.CartTest > chargesTax @CartTest.java:17 | tax & fees ==> expected: <4> but was: <3>',
      ],
    ],
    ['junit', 'node-none.junit.xml', []],
    ['tap', 'node-none.tap', []],
    ['junit', 'vitest-none.junit.xml', []],
    ['vitest', 'vitest-none.json', []],
    ['junit', 'pytest-none.junit.xml', []],
  ];
  test.each(samples)('%s: %s', (format, name, expected) => {
    expect(listed(format, sample(name))).toEqual(expected);
  });
});

describe('a file that was cut off', () => {
  test.each<[ResultFormat, string]>([
    ['junit', 'node-pass.junit.xml'],
    ['junit', 'surefire-cart.junit.xml'],
    ['junit', 'pytest-cart.junit.xml'],
    ['vitest', 'vitest-cart.json'],
    ['ctrf', 'jest-cart.ctrf.json'],
  ])('%s: %s is unparseable at any length', (format, name) => {
    const whole = sample(name).trimEnd();
    const step = Math.max(1, Math.floor(whole.length / 400));
    for (let length = 0; length < whole.length; length += step) {
      expect(parseResults(format, whole.slice(0, length), root).kind, `${length} of ${whole.length}`).toBe(
        'unparseable',
      );
    }
  });

  it('never makes TAP pass with fewer cases', () => {
    for (const name of ['node-pass.tap', 'vitest-cart.flat.tap', 'vitest-cart.tap']) {
      const whole = sample(name).trimEnd();
      const count = listed('tap', whole).length;
      for (let length = 0; length < whole.length; length += 1) {
        const parsed = parseResults('tap', whole.slice(0, length), root);
        if (parsed.kind === 'unparseable' || parsed.cases.some(({ state }) => state === 'failed')) continue;
        expect(parsed.cases.length, `${name}: ${length} of ${whole.length}`).toBe(count);
      }
    }
  });
});
