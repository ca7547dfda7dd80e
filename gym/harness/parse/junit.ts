import { type Case, type Parsed, testCase, unparseable } from '../cases.ts';
import { panicOf } from './cargo.ts';
import { firstLines, flaky, isTestFile, milliseconds, placeIn } from './text.ts';
import { readRoot, type XmlElement } from './xml.ts';

/** Values of `status` and `result` with which GoogleTest and others mark a case that did not run. */
const notRun = new Set(['notrun', 'suppressed', 'skipped', 'disabled', 'ignored', 'pending']);
const broken = new Set(['failed', 'failure', 'fail', 'error', 'errored']);
/** Class names that Node before 24 gives to every case. */
const meaningless = new Set(['', 'test', 'suite']);

/**
 * Reads JUnit XML. It has no standard; this reads what Jenkins reads (testsuites, nested testsuite, testcase with
 * failure, error, skipped) and what the tools do with it: https://github.com/testmoapp/junitxml
 */
export function parseJunit(text: string): Parsed {
  const xml = readRoot(text, ['testsuites', 'testsuite'], 'JUnit XML');
  if (xml.kind === 'malformed') return unparseable(xml.because);
  const { root } = xml;
  const cases = suiteCases(root, []);
  const declared = [root, ...root.children].reduce((most, one) => Math.max(most, claimed(one, 'tests')), 0);
  if (cases.length === 0 && declared > 0) return unparseable(`it says that it has ${declared} tests and lists none`);
  return { kind: 'cases', cases };
}

function suiteCases(suite: XmlElement, outer: readonly string[]): Case[] {
  const path = suite.name === 'testsuites' ? outer : [...outer, suite.attributes['name']?.trim() ?? ''];
  const cases = childCases(suite, path);
  const failures = claimed(suite, 'failures') + claimed(suite, 'errors');
  if (failures === 0 || showsFailure(suite)) return cases;
  const message = `${failures} failures are counted here and no case shows one`;
  return [...cases, testCase(casePath(path, '', 'all cases'), 'failed', { message })];
}

/** Whether a failure is below it, be it one that is expected (todo). */
const showsFailure = (element: XmlElement): boolean =>
  element.children.some((child) => isFailure(child) || showsFailure(child));

/** Whether an element tells that a case, or what is around it, failed. */
export const isFailure = (element: XmlElement): boolean => element.name === 'failure' || element.name === 'error';

function childCases(parent: XmlElement, path: readonly string[]): Case[] {
  return parent.children.flatMap((child) => {
    if (child.name === 'testsuite') return suiteCases(child, path);
    if (child.name === 'testcase') return [caseOf(child, path)];
    // A suite that breaks outside of its cases: in its set-up, or while it is loaded.
    if (isFailure(child)) return [testCase(casePath(path, '', 'all cases'), 'failed', said(child, ''))];
    return [];
  });
}

function caseOf(element: XmlElement, path: readonly string[]): Case {
  const { classname = '', name = '', file, line, time } = element.attributes;
  const failure = element.children.find(isFailure);
  const skipped = element.children.find((child) => child.name === 'skipped');
  const status = [element.attributes['status'], element.attributes['result']].map((word) => word?.toLowerCase() ?? '');
  const durationMs = seconds(time);
  const at = { file, line: integer(line), durationMs };
  const full = casePath(path, classname, name);
  // A failure that is expected to be there (Node's todo) has both; a skipped case whose teardown breaks has failed.
  if (failure !== undefined && (skipped === undefined || !isExpected(skipped))) {
    return testCase(full, 'failed', { ...at, ...said(failure, classname) });
  }
  if (skipped !== undefined) return testCase(full, 'skipped', { ...at, message: said(skipped, classname).message });
  if (status.some((word) => broken.has(word))) return testCase(full, 'failed', at);
  if (status.some((word) => notRun.has(word))) return testCase(full, 'skipped', at);
  if (isWholeFile(name, file, path)) return testCase(full, 'skipped', { ...at, message: 'the file has no test' });
  return testCase(full, 'passed', { ...at, message: flakiness(element) });
}

/** Node's todo, and Catch2's test that may or should fail: the failure beside it is expected. */
const isExpected = ({ attributes }: XmlElement): boolean =>
  attributes['type'] === 'todo' || attributes['message'] === 'TEST_CASE tagged with !mayfail';

/** Surefire and nextest keep the failures of a case that passed when it was run again. */
function flakiness({ children }: XmlElement): string | undefined {
  const [first] = children.filter(({ name }) => name === 'flakyFailure' || name === 'flakyError');
  return first === undefined ? undefined : flaky(said(first, '').message);
}

/** Node reports a test file without any test as a passed test with the file's name. */
const isWholeFile = (name: string, file: string | undefined, path: readonly string[]): boolean =>
  path.length === 0 && isTestFile(name) && file?.endsWith(name) === true;

/** Suites, class and name, without the repetitions in which the dialects differ. */
function casePath(path: readonly string[], classname: string, name: string): string[] {
  const suites = path.filter((part) => part !== '');
  const own = classname.trim();
  const nested = own === suites.join('.') || suites.at(-1) === own || own === name.trim();
  const full = [...suites, ...(meaningless.has(own) || nested ? [] : [own]), name.trim()];
  return full.filter((part, index) => part !== '' && part !== full[index - 1]);
}

/** nextest's message is the head of its body: where a panic was, or how many errors there were. */
const nextestHead = /^thread '.*' (?:\(\d+\) )?panicked at |^\d+ errors occurred executing test$/;

function said(element: XmlElement, owner: string): { message?: string | undefined; file?: string; line?: number } {
  const message = element.attributes['message']?.trim() ?? '';
  const body = element.text;
  const told = message === '' || nextestHead.test(message) ? (panicOf(body) ?? message) : firstLines(message);
  return { message: told, ...placeIn(body, owner) };
}

/** A number that an element has as attribute; 0 where it has none. */
export const claimed = (element: XmlElement, what: string): number => integer(element.attributes[what]) ?? 0;

/** An attribute that is a number. */
export function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Milliseconds, of seconds as JUnit has them; Surefire writes thousands with commas. */
export function seconds(text: string | undefined): number | undefined {
  const value = Number(text?.replaceAll(',', '') || Number.NaN);
  return Number.isFinite(value) && value >= 0 ? milliseconds(value * 1000) : undefined;
}
