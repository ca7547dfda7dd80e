import { describe, expect, it, test } from 'vitest';
import type { ResultFormat } from '../../../../gym/task/result-format.ts';
import { listed } from './tools.ts';

const event = (action: string, test: string, rest: object = {}): string =>
  JSON.stringify({ Action: action, Package: 'shop/cart', Test: test, ...rest });
const ended = (action: string): string => `{"Action":"${action}","Package":"shop/cart"}`;

describe('go test -json', () => {
  test.each<[string, string[], string[]]>([
    [
      'between output of others',
      ['go: downloading x', '{"level":"info"}', '{ not json', event('pass', 'TestA'), 'warning: {', ended('pass')],
      ['passed shop/cart > TestA'],
    ],
    [
      'benchmarks, which have no end where they do not log',
      [event('run', 'BenchmarkA'), event('run', 'BenchmarkB'), event('bench', 'BenchmarkB'), ended('pass')],
      ['passed shop/cart > BenchmarkA', 'passed shop/cart > BenchmarkB'],
    ],
    [
      'a program that ends in the middle of a test',
      [event('run', 'TestA'), event('pass', 'TestA'), event('run', 'TestB'), ended('fail')],
      ['passed shop/cart > TestA', 'failed shop/cart > TestB | it did not end'],
    ],
    [
      'a compiler that speaks on standard error, in the same stream',
      ['# shop/cart [shop/cart.test]', 'cart/cart.go:4:27: undefined: missing', 'FAIL\tshop/cart [build failed]'],
      ['failed shop/cart @cart/cart.go:4 | cart/cart.go:4:27: undefined: missing'],
    ],
    [
      'a parent that fails beside its subtests',
      [
        event('run', 'TestA'),
        event('run', 'TestA/b'),
        event('fail', 'TestA/b'),
        event('output', 'TestA', { Output: '    a_test.go:7: leaked\n' }),
        event('fail', 'TestA'),
        ended('fail'),
      ],
      ['failed shop/cart > TestA @a_test.go:7 | a_test.go:7: leaked', 'failed shop/cart > TestA > b'],
    ],
    [
      'a test without an end, though its package passed',
      [event('run', 'TestA'), ended('pass')],
      ['unparseable: shop/cart TestA has no end, though its package passed'],
    ],
    [
      'a package without an end',
      [event('pass', 'TestA')],
      ['unparseable: package shop/cart has no end: the stream was cut off'],
    ],
    ['a second end', [ended('pass'), ended('pass')], ['unparseable: line 2: an event of shop/cart after its end']],
    [
      'two runs of a package',
      [event('pass', 'TestA'), ended('pass'), ended('start'), event('fail', 'TestA'), ended('fail')],
      ['passed shop/cart > TestA', 'failed shop/cart > TestA (2)'],
    ],
    [
      'actions that are not known',
      [event('attr', 'TestA'), event('constructor', 'TestA'), event('pass', 'TestA'), ended('pass')],
      ['passed shop/cart > TestA'],
    ],
    ['no event', ['ok  \tshop/cart\t0.1s'], ['unparseable: it holds no event of go test -json']],
  ])('%s', (_what, lines, expected) => {
    expect(listed('go', `${lines.join('\n')}\n`)).toEqual(expected);
  });

  it('tells the end of a long log, where the failure is', () => {
    const logs = Array.from({ length: 20 }, (_, index) => `    a_test.go:${index + 1}: step ${index}\n`).join('');
    const lines = [event('output', 'TestA', { Output: logs }), event('fail', 'TestA'), ended('fail')];
    expect(listed('go', lines.join('\n'))).toEqual(['failed shop/cart > TestA @a_test.go:20 | a_test.go:20: step 19']);
  });
});

describe('cargo test', () => {
  const result = 'test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s';
  test.each<[string, string[], string[]]>([
    [
      'the end of its tests missing',
      ['running 1 test', 'test a ... ok'],
      ['unparseable: it ends within tests: it was cut off'],
    ],
    [
      'a test less than it counts',
      ['running 1 test', result],
      ['unparseable: line 2: it counts 1 passed, 0 failed, 0 ignored, and lists 0 passed, 0 failed, 0 ignored'],
    ],
    [
      'a test less than it announces',
      ['running 2 tests', 'test a ... ok', result],
      ['unparseable: line 3: it announces 2 tests and lists 1'],
    ],
    ['output of a test itself, past libtest', ['running 1 test', 'test a ... one', 'two', 'ok', result], ['passed a']],
    [
      'a test that prints such a word and fails',
      ['running 1 test', 'test a ... ', 'ok', 'FAILED', result.replace('ok. 1 passed; 0', 'FAILED. 0 passed; 1')],
      ['unparseable: line 5: it counts 0 passed, 1 failed, 0 ignored, and lists 1 passed, 0 failed, 0 ignored'],
    ],
    ['a result without tests', ['test a ... ok', result], ['unparseable: line 2: a result without its tests']],
    [
      'a binary without tests',
      ['     Running tests/a.rs (target/debug/deps/a-0123456789abcdef)'],
      ['unparseable: the tests of a are missing: it was cut off'],
    ],
    [
      'colours',
      [
        '\u001b[1m\u001b[32m     Running\u001b[0m tests/a.rs (target/debug/deps/a-0123456789abcdef)',
        'running 1 test',
        'test a ... \u001b[32mok\u001b[0m',
        result,
      ],
      ['passed a > a'],
    ],
    [
      'an error of cargo',
      ['error: failed to parse manifest at `/home/dev/shop/Cargo.toml`'],
      ['failed cargo | error: failed to parse manifest at `Cargo.toml`'],
    ],
    ['nothing of cargo', ['hello'], ['unparseable: it holds no output of cargo test']],
    [
      'times, slow tests and CRLF',
      ['running 1 test\r', 'test a has been running for over 60 seconds\r', 'test a ... ok <61.2s>\r', `${result}\r`],
      ['passed a'],
    ],
  ])('%s', (_what, lines, expected) => {
    expect(listed('cargo', `${lines.join('\n')}\n`)).toEqual(expected);
  });
});

test.each<[string, ResultFormat, string, string[]]>([
  [
    'pytest: fewer failures than it counts',
    'pytest',
    '<testsuite tests="2" failures="1" errors="0" skipped="0"><testcase name="a"/></testsuite>',
    ['unparseable: it counts 1 failures and lists 0'],
  ],
  [
    'pytest: an element that it does not write',
    'pytest',
    '<testsuite tests="2" failures="0" errors="0" skipped="0"><testcase name="a"/><testcasf name="b"/></testsuite>',
    ['unparseable: it has an element <testcasf>, which pytest does not write'],
  ],
  [
    'pytest: only counts',
    'pytest',
    '<testsuite tests="2" failures="0" errors="0" skipped="0"/>',
    ['unparseable: it counts 2 tests and lists none'],
  ],
  [
    'GoogleTest: a result that it does not write',
    'gtest',
    '<testsuites tests="1"><testsuite name="A"><testcase name="b" status="run" result="complated"/></testsuite></testsuites>',
    ['unparseable: A.b has the result "complated"'],
  ],
  [
    'TRX: an outcome that it does not write',
    'trx',
    '<TestRun><Results><UnitTestResult testName="a" outcome="constructor"/></Results><ResultSummary outcome="Completed"><Counters total="1" passed="1" failed="0"/></ResultSummary></TestRun>',
    ['unparseable: it has a result with the outcome "constructor"'],
  ],
  [
    'TRX: a run that failed without a reason',
    'trx',
    '<TestRun><ResultSummary outcome="Aborted"><Counters total="0" passed="0" failed="0"/></ResultSummary></TestRun>',
    ["failed all tests | the run's outcome is Aborted"],
  ],
  [
    'Catch2: a test case without its result',
    'catch2',
    '<Catch2TestRun><TestCase name="a"/><OverallResultsCases successes="1" failures="0" expectedFailures="0"/></Catch2TestRun>',
    ['unparseable: test case "a" has no result'],
  ],
  [
    'Catch2 2, with its groups',
    'catch2',
    '<Catch name="t"><Group name="t"><TestCase name="a"><OverallResult success="true"/></TestCase></Group><OverallResultsCases successes="1" failures="0" expectedFailures="0"/></Catch>',
    ['passed a'],
  ],
  [
    'RSpec: an error outside of examples without its words',
    'rspec',
    '{"examples":[],"summary":{"example_count":0,"failure_count":0,"pending_count":0,"errors_outside_of_examples_count":1}}',
    ['failed outside of examples | errors outside of examples: 1; see the output'],
  ],
  [
    'Vitest: an error in a hook, which it only counts',
    'vitest',
    '{"numTotalTests":1,"numPassedTests":1,"numFailedTests":0,"numFailedTestSuites":2,"success":false,"testResults":[{"name":"a.ts","status":"failed","message":"","assertionResults":[{"ancestorTitles":["s"],"title":"b","status":"passed"}]}]}',
    [
      'passed a.ts > s > b @a.ts',
      'failed a.ts @a.ts',
      'failed outside of tests | suites that failed outside of their tests, as in a hook: 1; see the output',
    ],
  ],
])('%s', (_what, format, text, expected) => {
  expect(listed(format, text)).toEqual(expected);
});
