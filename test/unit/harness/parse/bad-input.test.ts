import { describe, expect, it, test } from 'vitest';
import { parseResults, resultLimitBytes } from '../../../../gym/harness/parse/index.ts';
import type { ResultFormat } from '../../../../gym/task/result-format.ts';

const parse = (format: ResultFormat, text: string) => parseResults(format, text, '/home/dev/shop');

/** States and ids, as far as that is what is asked. */
function states(format: ResultFormat, text: string): string[] {
  const parsed = parse(format, text);
  return parsed.kind === 'cases' ? parsed.cases.map(({ state, id }) => `${state} ${id}`) : [parsed.because];
}

/** Every element holds ten of the one before: 10^9 characters if it were expanded. */
const bomb = `<?xml version="1.0"?><!DOCTYPE t [<!ENTITY a0 "x">${Array.from(
  { length: 9 },
  (_, index) => `<!ENTITY a${index + 1} "${`&a${index};`.repeat(10)}">`,
).join('')}]><testsuite name="s"><testcase name="&a9;"/></testsuite>`;

const ctrf = (summary: object, tests: object[]): string =>
  JSON.stringify({ results: { tool: { name: 'x' }, summary, tests } });
const counts = { tests: 1, passed: 1, failed: 0, skipped: 0, pending: 0, other: 0 };

describe('what cannot be judged by is unparseable and says why', () => {
  test.each<[string, ResultFormat, string, RegExp]>([
    ['nothing', 'junit', '', /empty/],
    ['blanks', 'junit', ' \n', /empty/],
    ['text', 'junit', 'all is well', /not well-formed XML/],
    ['a page', 'junit', '<html><body/></html>', /its root is <html>/],
    ['a wrong end tag', 'junit', '<testsuite><testcase name="a"></testsuite></testcase>', /not well-formed.*line 1/],
    ['two documents', 'junit', '<testsuite/><testsuite/>', /two roots/],
    ['text after the end', 'junit', '<testsuite></testsuite>ok', /not well-formed/],
    ['tests that are not there', 'junit', '<testsuite tests="3" name="a"/>', /has 3 tests and lists none/],
    ['entities that grow', 'junit', bomb, /document type/],
    [
      'a document type',
      'junit',
      '<!-- x --><!DOCTYPE testsuite SYSTEM "file:///etc/passwd"><testsuite/>',
      /document type/,
    ],
    ['elements without end', 'junit', '<a>'.repeat(5_000) + '</a>'.repeat(5_000), /nested/i],
    ['JSON', 'junit', '{"a": 1}', /not well-formed/],
    ['nothing', 'tap', '', /no TAP/],
    ['text', 'tap', 'all is well\nreally\n', /no TAP/],
    ['no plan', 'tap', 'TAP version 13\nok 1 - a\n', /no plan/],
    ['an open diagnostic', 'tap', '1..1\nnot ok 1 - a\n  ---\n  message: x\n', /not closed/],
    ['subtests without their point', 'tap', '1..1\nok 1 - a\n    ok 1 - b\n    1..1\n', /without their test point/],
    ['two plans', 'tap', '1..1\nok 1 - a\n1..1\n', /second plan/],
    ['nothing', 'vitest', '', /empty/],
    ['half of it', 'vitest', '{"numTotalTests": 1,', /not JSON/],
    ['other JSON', 'vitest', '[]', /not the JSON of Vitest or Jest/],
    [
      'lost tests',
      'vitest',
      '{"numTotalTests": 2, "numPassedTests": 2, "numFailedTests": 0, "numFailedTestSuites": 0, "success": true, "testResults": []}',
      /has 2 tests and lists 0/,
    ],
    ['other JSON', 'ctrf', '{"results": {}}', /not CTRF: results\.tool/],
    ['lost tests', 'ctrf', ctrf(counts, []), /counts 1 tests and 0 are listed/],
    [
      'an unknown status',
      'ctrf',
      ctrf(counts, [{ name: 'a', status: 'great' }]),
      /not CTRF: results\.tests\.0\.status/,
    ],
    ['a hidden failure', 'ctrf', ctrf({ ...counts, failed: 1 }, [{ name: 'a', status: 'passed' }]), /counts 1 failed/],
    ['too much', 'tap', `1..0\n${'#'.repeat(resultLimitBytes)}`, /larger than 32 MiB/],
  ])('%s as %s', (_what, format, text, because) => {
    const start = performance.now();
    const parsed = parse(format, text);
    expect(parsed).toMatchObject({ kind: 'unparseable', because: expect.stringMatching(because) });
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});

describe('JUnit dialects', () => {
  test.each<[string, string, string[]]>([
    ['an empty suite', '<testsuites><testsuite name="a" tests="0"/></testsuites>', []],
    [
      'go-junit-report',
      '<testsuites tests="2" failures="1"><testsuite name="shop/cart" tests="2" failures="1"><properties><property name="go.version" value="go1.25"/></properties><testcase name="TestAdd" classname="shop/cart" time="0.010"/><testcase name="TestTax/with_fees" classname="shop/cart"><failure message="Failed" type="">    cart_test.go:12: 3, not 4</failure></testcase></testsuite></testsuites>',
      ['passed shop/cart > TestAdd', 'failed shop/cart > TestTax/with_fees'],
    ],
    [
      'GoogleTest, with a test that is disabled',
      '<testsuites tests="2" disabled="1"><testsuite name="Cart" tests="2"><testcase name="Adds" status="run" result="completed" classname="Cart"/><testcase name="DISABLED_Pays" status="notrun" result="suppressed" classname="Cart"/></testsuite></testsuites>',
      ['passed Cart > Adds', 'skipped Cart > DISABLED_Pays'],
    ],
    [
      'a failure that only the suite counts',
      '<testsuite name="a" tests="1" failures="0" errors="1"><testcase name="b"/></testsuite>',
      ['passed a > b', 'failed a > all cases'],
    ],
    [
      'a suite that breaks in its set-up',
      '<testsuite name="a"><error message="no database"/><testcase name="b"/></testsuite>',
      ['failed a > all cases', 'passed a > b'],
    ],
    [
      'a failed status without a failure',
      '<testsuite name="a"><testcase name="b" status="failed"/></testsuite>',
      ['failed a > b'],
    ],
    [
      'a skipped case whose teardown breaks',
      '<testsuite name="a"><testcase name="b"><skipped/><error message="x"/></testcase></testsuite>',
      ['failed a > b'],
    ],
    [
      'a todo that fails, counted by its suite (Node)',
      '<testsuites><testsuite name="a" failures="1"><testcase name="b"><skipped type="todo"/><failure message="x"/></testcase></testsuite></testsuites>',
      ['skipped a > b'],
    ],
    [
      'a file without tests, which Node calls passed',
      '<testsuites><testcase name="empty.test.mjs" classname="test" file="/home/dev/shop/empty.test.mjs"/></testsuites>',
      ['skipped empty.test.mjs'],
    ],
    [
      'two cases of one name',
      '<testsuite name="a"><testcase name="b"/><testcase name="b"><failure/></testcase></testsuite>',
      ['passed a > b', 'failed a > b (2)'],
    ],
    [
      'a document type in the output of a test',
      '<testsuite name="a"><testcase name="b"><system-out><![CDATA[<!DOCTYPE html> &lt;]]></system-out></testcase></testsuite>',
      ['passed a > b'],
    ],
    [
      'a byte order mark',
      '\ufeff<?xml version="1.0"?><testsuite name="a"><testcase name="&#x1F600;"/></testsuite>',
      ['passed a > 😀'],
    ],
  ])('%s', (_what, xml, expected) => {
    expect(states('junit', xml)).toEqual(expected);
  });

  it('reads thousands of seconds as Surefire writes them', () => {
    const parsed = parse('junit', '<testsuite name="a"><testcase name="b" time="1,234.5"/></testsuite>');
    expect(parsed).toMatchObject({ cases: [{ durationMs: 1_234_500 }] });
  });

  it('quotes only the beginning of a long message, without colours', () => {
    const long = `&#27;[31mred&#27;[0m${'\nline'.repeat(5_000)}`.replaceAll('&#27;', '\u001b');
    const parsed = parse(
      'vitest',
      JSON.stringify({
        numTotalTests: 1,
        numPassedTests: 0,
        numFailedTests: 1,
        numFailedTestSuites: 1,
        success: false,
        testResults: [
          {
            name: 'a.ts',
            status: 'failed',
            assertionResults: [{ ancestorTitles: [], title: 'b', status: 'failed', failureMessages: [long] }],
          },
        ],
      }),
    );
    expect(parsed).toMatchObject({ cases: [{ message: `red${'\nline'.repeat(7)} …` }] });
  });
});

describe('TAP', () => {
  test.each<[string, string, string[]]>([
    ['skipped as a whole', '1..0 # SKIP no database\n', []],
    ['fewer tests than planned', '1..3\nok 1 - a\nok 2 - b\n', ['passed a', 'passed b', 'failed plan']],
    ['more tests than planned', '1..1\nok 1 - a\nok 2 - b\n', ['passed a', 'passed b', 'failed plan']],
    ['no test of those planned', '1..3\n', ['failed plan']],
    ['bail out', 'ok 1 - a\nBail out! the disk is full\nok 2 - b\n', ['passed a', 'failed Bail out!']],
    ['points without names', '1..2\nok\nnot ok 2\n', ['passed test 1', 'failed test 2']],
    [
      'directives',
      '1..3\nok 1 - a # skip slow\nnot ok 2 - b # TODO later\nok 3 - # SKIP\n',
      ['skipped a', 'skipped b', 'skipped test 3'],
    ],
    ['escapes', '1..2\nok 1 - a \\# SKIP b\nok 2 - c \\\\ d\n', ['passed a # SKIP b', 'passed c \\ d']],
    ['lines that are not TAP', 'hello\n1..1\n okay then\nok 1 - a\n}\nbye\n', ['passed a']],
    ['a test named with a brace', '1..1\nok 1 - a {\n  ---\n  duration_ms: 1\n  ...\n', ['passed a {']],
    [
      'subtests in braces',
      '1..1\nok 1 - a {\n    1..2\n    ok 1 - b\n    not ok 2 - c\n}\n',
      ['passed a > b', 'failed a > c'],
    ],
    ['fewer subtests than planned', '1..1\n    1..2\n    ok 1 - b\nok 1 - a\n', ['passed a > b', 'failed a > plan']],
    ['a subtest without a plan', '1..1\n    ok 1 - b\nok 1 - a\n', ['passed a > b', 'failed a > plan']],
    ['a suite without tests', "1..1\nok 1 - a\n  ---\n  type: 'suite'\n  ...\n", ['skipped a']],
    [
      'a file without tests, which Node calls ok',
      '1..1\n# Subtest: a.test.mjs\nok 1 - a.test.mjs\n',
      ['skipped a.test.mjs'],
    ],
    ['a diagnostic that is not YAML', '1..1\nnot ok 1 - a\n  ---\n  {{{\n  ...\n', ['failed a']],
    ['CRLF', 'TAP version 14\r\n1..1\r\nok 1 - a\r\n', ['passed a']],
  ])('%s', (_what, tap, expected) => {
    expect(states('tap', tap)).toEqual(expected);
  });
});

test('CTRF: a status that is neither pass nor skip fails, unless the tool says that it did not run', () => {
  const tests = [
    { name: 'a', status: 'other', rawStatus: 'todo' },
    { name: 'b', status: 'other', rawStatus: 'interrupted', suite: ['s', 't'] },
    { name: 'c', status: 'pending' },
  ];
  expect(states('ctrf', ctrf({ ...counts, tests: 3 }, tests))).toEqual(['skipped a', 'failed s > t > b', 'skipped c']);
});

test('Vitest: errors outside of the tests are not lost', () => {
  const report = {
    numTotalTests: 1,
    numPassedTests: 1,
    numFailedTests: 0,
    numFailedTestSuites: 0,
    success: false,
    testResults: [
      { name: 'a.ts', status: 'passed', assertionResults: [{ ancestorTitles: [], title: 'b', status: 'passed' }] },
    ],
  };
  expect(states('vitest', JSON.stringify(report))).toEqual(['passed a.ts > b', 'failed outside of tests']);
});
