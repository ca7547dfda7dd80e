import { type Case, type Parsed, testCase, unparseable } from '../cases.ts';
import { integer } from './junit.ts';
import { firstLines, milliseconds, placeIn } from './text.ts';
import { below, readRoot, type XmlElement } from './xml.ts';

/** Outcomes of a test: https://learn.microsoft.com/dotnet/api/microsoft.visualstudio.testtools.unittesting.unittestoutcome */
const states: ReadonlyMap<string, Case['state']> = new Map([
  ['Passed', 'passed'],
  ['Warning', 'passed'],
  ['Completed', 'passed'],
  ['Failed', 'failed'],
  ['Error', 'failed'],
  ['Timeout', 'failed'],
  ['Aborted', 'failed'],
  ['Disconnected', 'failed'],
  ['PassedButRunAborted', 'failed'],
  ['InProgress', 'failed'],
  ['NotExecuted', 'skipped'],
  ['NotRunnable', 'skipped'],
  ['Inconclusive', 'skipped'],
  ['Pending', 'skipped'],
]);

/**
 * Reads what `dotnet test --logger trx` writes. Rows of a data-driven test are cases. Errors of the run (a test host that
 * crashed, a fixture of an assembly) are a failed case.
 */
export function parseTrx(text: string): Parsed {
  const xml = readRoot(text, ['TestRun'], 'TRX');
  if (xml.kind === 'malformed') return unparseable(xml.because);
  const { root } = xml;
  const results = below(root, 'UnitTestResult');
  const [summary] = below(root, 'ResultSummary');
  const [counters] = summary === undefined ? [] : below(summary, 'Counters');
  if (summary === undefined || counters === undefined) return unparseable('it has no summary of the run');
  const unknown = results.find((one) => stateOf(one) === undefined);
  if (unknown !== undefined)
    return unparseable(`it has a result with the outcome "${unknown.attributes['outcome'] ?? ''}"`);
  for (const [what, listed] of [
    ['total', results.length],
    ['passed', results.filter((one) => stateOf(one) === 'passed').length],
    ['failed', results.filter((one) => stateOf(one) === 'failed').length],
  ] as const) {
    const counted = integer(counters.attributes[what]);
    if (counted === undefined || listed < counted)
      return unparseable(`it counts ${counted ?? 'no'} ${what} and lists ${listed}`);
  }
  const classes = classNames(root);
  const top = root.children.filter(({ name }) => name === 'Results').flatMap(({ children }) => children);
  const cases = top.filter(({ name }) => name === 'UnitTestResult').flatMap((one) => resultCases(one, classes));
  return { kind: 'cases', cases: [...cases, ...runErrors(summary, cases)] };
}

const stateOf = ({ attributes }: XmlElement): Case['state'] | undefined => states.get(attributes['outcome'] ?? '');

/** The class of each test, by the test's id. */
function classNames(root: XmlElement): Map<string, string> {
  const names = below(root, 'UnitTest').map((test): [string, string] => {
    const method = test.children.find(({ name }) => name === 'TestMethod');
    // Older adapters write "Class, Assembly, Version=…".
    return [test.attributes['id'] ?? '', method?.attributes['className']?.split(',', 1)[0] ?? ''];
  });
  return new Map(names);
}

function resultCases(result: XmlElement, classes: ReadonlyMap<string, string>): Case[] {
  const inner = result.children.filter(({ name }) => name === 'InnerResults').flatMap(({ children }) => children);
  const cases = inner.filter(({ name }) => name === 'UnitTestResult').flatMap((one) => resultCases(one, classes));
  const own = resultCase(result, classes.get(result.attributes['testId'] ?? '') ?? '');
  if (cases.length === 0) return [own];
  return own.state === 'failed' && !cases.some(({ state }) => state === 'failed') ? [...cases, own] : cases;
}

function resultCase(result: XmlElement, className: string): Case {
  const { testName = '', duration } = result.attributes;
  const name = testName.startsWith(`${className}.`) ? testName.slice(className.length + 1) : testName;
  const [message] = below(result, 'Message');
  const [stack] = below(result, 'StackTrace');
  return testCase(
    [className, name].filter((part) => part !== ''),
    stateOf(result) ?? 'failed',
    {
      ...placeIn(stack?.text),
      message: firstLines(message?.text),
      durationMs: durationMs(duration),
    },
  );
}

/** xUnit repeats each failed test there as "[FAIL]". */
function runErrors(summary: XmlElement, cases: readonly Case[]): Case[] {
  const hasFailed = cases.some(({ state }) => state === 'failed');
  const told = below(summary, 'RunInfo')
    .filter(({ attributes }) => attributes['outcome'] !== 'Warning')
    .map((info) =>
      below(info, 'Text')
        .map(({ text }) => text.trim())
        .join('\n'),
    )
    .filter((line) => !(hasFailed && /\[FAIL\]$|^Exit code indicates failure/.test(line)));
  const isFailed = !/^(?:Completed|Passed|Warning)$/.test(summary.attributes['outcome'] ?? '');
  if (told.length === 0 && (hasFailed || !isFailed)) return [];
  const message = firstLines(told.join('\n')) ?? `the run's outcome is ${summary.attributes['outcome'] ?? 'missing'}`;
  return [testCase(['all tests'], 'failed', { ...placeIn(told.join('\n')), message })];
}

/** Of "00:00:01.2345678", after days where there are some. */
function durationMs(text: string | undefined): number | undefined {
  const [, days = '0', hours, minutes, seconds] = /^(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(text ?? '') ?? [];
  if (seconds === undefined) return undefined;
  return milliseconds((((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000);
}
