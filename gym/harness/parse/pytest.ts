import { type Case, type Parsed, testCase, unparseable } from '../cases.ts';
import { claimed, integer, isFailure, seconds } from './junit.ts';
import { expectedToFail, firstLines, placeIn } from './text.ts';
import { below, readRoot, type XmlElement } from './xml.ts';

/**
 * Reads what pytest writes with `--junit-xml`: https://docs.pytest.org/en/stable/how-to/output.html. Errors of a fixture,
 * and modules that cannot be imported, are cases there; a test that fails and whose teardown fails as well is listed twice.
 */
export function parsePytest(text: string): Parsed {
  const xml = readRoot(text, ['testsuites', 'testsuite'], "pytest's JUnit XML");
  if (xml.kind === 'malformed') return unparseable(xml.because);
  const suites =
    xml.root.name === 'testsuite' ? [xml.root] : xml.root.children.filter(({ name }) => name === 'testsuite');
  if (suites.length === 0) return unparseable('it has no test suite');
  for (const suite of suites) {
    const because = loss(suite);
    if (because !== undefined) return unparseable(because);
  }
  return { kind: 'cases', cases: suites.flatMap((suite) => below(suite, 'testcase').map(caseOf)) };
}

const suiteElements = new Set(['properties', 'testcase', 'system-out', 'system-err']);

/** What a suite counts and does not list. Its `tests` are no such count: they include subtests that passed, which it does not list. */
function loss(suite: XmlElement): string | undefined {
  const unknown = suite.children.find(({ name }) => !suiteElements.has(name));
  if (unknown !== undefined) return `it has an element <${unknown.name}>, which pytest does not write`;
  const cases = suite.children.filter(({ name }) => name === 'testcase');
  const counts = { failures: 'failure', errors: 'error', skipped: 'skipped' };
  for (const [what, element] of Object.entries(counts)) {
    const listed = cases.flatMap(({ children }) => children.filter(({ name }) => name === element)).length;
    const counted = integer(suite.attributes[what]);
    if (counted === undefined) return `it does not count its ${what}`;
    if (listed < counted) return `it counts ${counted} ${what} and lists ${listed}`;
  }
  const tests = claimed(suite, 'tests');
  return tests > 0 && cases.length === 0 ? `it counts ${tests} tests and lists none` : undefined;
}

function caseOf(element: XmlElement): Case {
  const { classname = '', name = '', file, line, time } = element.attributes;
  const path = [classname, name].filter((part) => part !== '');
  // Only in the family xunit1, and counted from 0.
  const at = { file, line: line === undefined ? undefined : (integer(line) ?? 0) + 1, durationMs: seconds(time) };
  const failure = element.children.find(isFailure);
  if (failure !== undefined) {
    return testCase(path, 'failed', { ...at, ...placeIn(failure.text), message: failureMessage(failure) });
  }
  const skipped = element.children.find((child) => child.name === 'skipped');
  if (skipped === undefined) return testCase(path, 'passed', at);
  const { type, message } = skipped.attributes;
  const module = /^\('(?<file>.+)', (?<line>\d+), ["'](?:Skipped: )?(?<told>[\s\S]*)["']\)$/.exec(
    skipped.text.slice(0, 2_000),
  )?.groups;
  if (module !== undefined) {
    return testCase(path, 'skipped', {
      ...at,
      file: module['file'],
      line: integer(module['line']),
      message: firstLines(module['told']),
    });
  }
  const reason = type === 'pytest.xfail' ? expectedToFail(message) : message;
  return testCase(path, 'skipped', { ...at, ...placeIn(skipped.text), message: firstLines(reason) });
}

/** "collection failure" and "internal error" say nothing: the error is at the end, or in lines that begin with E. */
function failureMessage({ attributes, text }: XmlElement): string | undefined {
  const { message } = attributes;
  if (message !== undefined && !/^(?:collection failure|internal error)$/.test(message)) return firstLines(message);
  const errors = text.split('\n').filter((line) => /^E\s/.test(line));
  const told = errors.length > 0 ? errors.map((line) => line.slice(1).trim()) : text.trimEnd().split('\n').slice(-1);
  return firstLines(`${message ?? ''}: ${told.join('\n')}`);
}
