import { type Case, type Parsed, testCase, unparseable } from '../cases.ts';
import { integer, isFailure, seconds } from './junit.ts';
import { firstLines, placeIn } from './text.ts';
import { below, readRoot, type XmlElement } from './xml.ts';

/**
 * Reads GoogleTest's `--gtest_output=xml:FILE`: https://google.github.io/googletest/advanced.html#generating-an-xml-report.
 * A program that crashes writes none.
 */
export function parseGtest(text: string): Parsed {
  const xml = readRoot(text, ['testsuites'], 'the XML of GoogleTest');
  if (xml.kind === 'malformed') return unparseable(xml.because);
  const { root } = xml;
  const suites = root.children.filter(({ name }) => name === 'testsuite');
  if (integer(root.attributes['tests']) === undefined) return unparseable('it does not count its tests');
  for (const element of [root, ...suites]) {
    const cases = below(element, 'testcase');
    const failed = cases.filter(({ children }) => children.some(isFailure)).length;
    const because = less(element, 'tests', cases.length) ?? less(element, 'failures', failed);
    if (because !== undefined) return unparseable(because);
  }
  const cases: Case[] = [];
  for (const suite of suites) {
    for (const element of below(suite, 'testcase')) {
      const made = caseOf(element, suite.attributes['name'] ?? '');
      if (typeof made === 'string') return unparseable(made);
      cases.push(made);
    }
  }
  return { kind: 'cases', cases };
}

const less = ({ name, attributes }: XmlElement, what: string, listed: number): string | undefined => {
  const counted = integer(attributes[what]) ?? 0;
  return listed < counted ? `<${name}> counts ${counted} ${what} and lists ${listed}` : undefined;
};

/** A case, or why it is none that GoogleTest writes. */
function caseOf(element: XmlElement, suite: string): Case | string {
  const { name = '', file, line, status, result, time } = element.attributes;
  // Failures of SetUpTestSuite, of TearDownTestSuite and of an Environment have no name.
  const path = [suite, name === '' ? 'set-up or teardown' : name];
  const at = { file, line: integer(line), durationMs: seconds(time?.replace(/\.$/, '')) };
  const failures = element.children.filter(isFailure);
  if (failures.length > 0) {
    const place = placeIn(failures[0]?.text);
    return testCase(path, 'failed', { ...at, ...place, message: firstLines(failures.map(said).join('\n')) });
  }
  if (status === 'notrun') return testCase(path, 'skipped', at);
  if (status !== 'run') return `${path.join('.')} has the status "${status ?? ''}"`;
  const skipped = element.children.find((child) => child.name === 'skipped');
  if (result === 'skipped' || skipped !== undefined) {
    return testCase(path, 'skipped', { ...at, message: skipped === undefined ? undefined : firstLines(said(skipped)) });
  }
  // Without `result` before GoogleTest 1.10.
  return result === undefined || result === 'completed'
    ? testCase(path, 'passed', at)
    : `${path.join('.')} has the result "${result}"`;
}

/** The first line is the place. */
const said = ({ text }: XmlElement): string => text.replace(/^\s*(?:\S+:\d+|unknown file)\n/, '');
