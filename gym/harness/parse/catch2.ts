import { type Case, type Parsed, testCase, unparseable } from '../cases.ts';
import { integer, seconds } from './junit.ts';
import { expectedToFail, firstLines, passedUnexpectedly } from './text.ts';
import { below, readRoot, type XmlElement } from './xml.ts';

/**
 * Reads Catch2's own XML (`-r xml`): https://github.com/catchorg/Catch2/blob/devel/docs/reporters.md. Each innermost
 * section is a case, as each is run by itself. A program that ends in the middle of a test leaves half a file.
 */
export function parseCatch2(text: string): Parsed {
  const xml = readRoot(text, ['Catch2TestRun', 'Catch'], "Catch2's XML");
  if (xml.kind === 'malformed') return unparseable(xml.because);
  const { root } = xml;
  const tests = below(root, 'TestCase');
  const totals = root.children.find(({ name }) => name === 'OverallResultsCases');
  if (totals === undefined) return unparseable('it has no totals');
  const counts = ['successes', 'failures', 'expectedFailures', 'skips'].map(
    (what) => integer(totals.attributes[what]) ?? 0,
  );
  const counted = counts.reduce((sum, one) => sum + one, 0);
  if (tests.length !== counted) return unparseable(`it counts ${counted} test cases and lists ${tests.length}`);
  const failures = tests.filter((test) => overall(test)?.attributes['success'] === 'false').length;
  if (failures !== counts[1]) return unparseable(`it counts ${counts[1]} failed test cases and lists ${failures}`);
  const open = tests.find((test) => !/^(?:true|false)$/.test(overall(test)?.attributes['success'] ?? ''));
  if (open !== undefined) return unparseable(`test case "${open.attributes['name'] ?? ''}" has no result`);
  return { kind: 'cases', cases: tests.flatMap(testCases) };
}

/** A test case's own result. */
const overall = ({ children }: XmlElement): XmlElement | undefined =>
  children.find(({ name }) => name === 'OverallResult');

const sections = ({ children }: XmlElement): XmlElement[] => children.filter(({ name }) => name === 'Section');

function testCases(test: XmlElement): Case[] {
  const path = [test.attributes['name'] ?? ''];
  const inner = sections(test).flatMap((section) => sectionCases(section, path));
  const result = overall(test)?.attributes ?? {};
  const failed = result['success'] === 'false' && (hasFailure(test) || !inner.some(({ state }) => state === 'failed'));
  // With sections it is told by them, unless it fails outside of them.
  if (inner.length > 0 && !failed) return inner;
  const durationMs = seconds(result['durationInSeconds']);
  const said = saidIn(test);
  if (failed) {
    const message = said.message ?? (isMeantToFail(test) ? passedUnexpectedly : undefined);
    return [...inner, testCase(path, 'failed', { ...said, message, durationMs })];
  }
  if (hasFailure(test)) {
    return [testCase(path, 'skipped', { ...said, message: expectedToFail(said.message), durationMs })];
  }
  const isSkipped = (integer(result['skips']) ?? 0) > 0;
  return [testCase(path, isSkipped ? 'skipped' : 'passed', { ...said, durationMs })];
}

function sectionCases(section: XmlElement, outer: readonly string[]): Case[] {
  const path = [...outer, section.attributes['name'] ?? ''];
  const inner = sections(section).flatMap((one) => sectionCases(one, path));
  const result = section.children.find(({ name }) => name === 'OverallResults')?.attributes ?? {};
  const count = (what: string): number => integer(result[what]) ?? 0;
  const said = saidIn(section);
  const details = { ...said, durationMs: seconds(result['durationInSeconds']) };
  if (inner.length > 0)
    return hasFailure(section) && count('failures') > 0 ? [...inner, testCase(path, 'failed', details)] : inner;
  if (count('failures') > 0 || integer(result['failures']) === undefined) return [testCase(path, 'failed', details)];
  if (count('expectedFailures') > 0) {
    return [testCase(path, 'skipped', { ...details, message: expectedToFail(said.message) })];
  }
  return [testCase(path, result['skipped'] === 'true' ? 'skipped' : 'passed', details)];
}

const isMeantToFail = ({ attributes }: XmlElement): boolean => /\[!shouldfail\]/.test(attributes['tags'] ?? '');

/** Failures of its own, not of a section in it. */
const hasFailure = (element: XmlElement): boolean => element.children.some(isFailure);

const isFailure = ({ name, attributes }: XmlElement): boolean =>
  name === 'Failure' ||
  name === 'Exception' ||
  name === 'FatalErrorCondition' ||
  (name === 'Expression' && attributes['success'] === 'false');

interface Said {
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly message: string | undefined;
}

/** The first failure, or reason to skip, with the notes before it; else where the test stands. */
function saidIn(element: XmlElement): Said {
  const notes: string[] = [];
  const told = element.children.find((child) => {
    if (child.name === 'Info' || child.name === 'Warning') notes.push(child.text.trim());
    return isFailure(child) || child.name === 'Skip';
  });
  const { filename: file, line } = (told ?? element).attributes;
  const message = told === undefined ? undefined : firstLines([toldBy(told), ...notes].join('\n'));
  return { file, line: integer(line), message };
}

/** `CHECK( total == 4 )`, what it came to, and an exception or a signal in it. */
function toldBy(element: XmlElement): string {
  if (element.name !== 'Expression') return element.text.trim();
  const [original, expanded, ...more] = element.children.map(({ text }) => text.trim());
  const { type } = element.attributes;
  const came = expanded === original ? undefined : `with expansion: ${expanded}`;
  return [type === undefined ? undefined : `${type}( ${original} )`, came, ...more].filter(Boolean).join('\n');
}
