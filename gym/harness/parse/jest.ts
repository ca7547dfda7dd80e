import { z } from 'zod';
import { type Case, type Parsed, testCase, unparseable } from '../cases.ts';
import { readJson } from './json.ts';
import { expectedToFail, firstLines, flaky, milliseconds, placeIn, withoutSource } from './text.ts';

const count = z.number().int().nonnegative();

const assertionSchema = z.object({
  ancestorTitles: z.array(z.string()),
  title: z.string(),
  status: z.enum(['passed', 'failed', 'skipped', 'pending', 'todo', 'disabled', 'focused']),
  duration: z.number().nonnegative().nullish(),
  failureMessages: z.array(z.string()).nullish(),
  location: z.object({ line: z.number().int().positive() }).nullish(),
  /** Jest only: written with `it.failing`. */
  failing: z.boolean().optional(),
  /** Jest only: how often it was run, with `jest.retryTimes`. */
  invocations: count.optional(),
});

const fileSchema = z.object({
  name: z.string(),
  status: z.string(),
  message: z.string().nullish(),
  assertionResults: z.array(assertionSchema),
});

/** https://jestjs.io/docs/configuration#testresultsprocessor-string; Vitest's reporter `json` follows it. */
const reportSchema = z.object({
  numTotalTests: count,
  numFailedTests: count,
  numPassedTests: count,
  numFailedTestSuites: count,
  success: z.boolean(),
  testResults: z.array(fileSchema),
});

/** What Jest puts before an error outside of the tests: in an import, or in an `afterAll`. */
const outside = 'Test suite failed to run';

/** What it puts before an error of syntax. */
const advice = / *Jest encountered an unexpected token[\s\S]*?Details:\s*/;

/** Reads Jest's `--json` and the JSON of Vitest. A file that breaks outside of its tests is a failed case. */
export function parseJest(text: string): Parsed {
  const read = readJson(text, reportSchema, 'the JSON of Vitest or Jest');
  if (read.kind === 'unreadable') return unparseable(read.because);
  const { numTotalTests, testResults, success } = read.value;
  const listed = testResults.flatMap(({ assertionResults }) => assertionResults);
  if (listed.length !== numTotalTests) {
    return unparseable(`it says that it has ${numTotalTests} tests and lists ${listed.length}`);
  }
  for (const [status, claimed] of [
    ['failed', read.value.numFailedTests],
    ['passed', read.value.numPassedTests],
  ] as const) {
    const found = listed.filter((one) => one.status === status).length;
    if (found !== claimed) return unparseable(`it counts ${claimed} ${status} tests and lists ${found}`);
  }
  const cases = testResults.flatMap(fileCases);
  const lost = read.value.numFailedTestSuites - failedSuites(testResults);
  if (lost > 0)
    cases.push(outsideCase(`suites that failed outside of their tests, as in a hook: ${lost}; see the output`));
  if (success || listed.length === 0 || cases.some((one) => one.state === 'failed')) return { kind: 'cases', cases };
  const message = 'the tool reports no success, though no case failed: see its output';
  return { kind: 'cases', cases: [...cases, outsideCase(message)] };
}

const outsideCase = (message: string): Case => testCase(['outside of tests'], 'failed', { message });

/** Files that failed, and suites in which a test did. Vitest counts both; Jest counts files. */
function failedSuites(files: readonly z.output<typeof fileSchema>[]): number {
  const suites = files.flatMap(({ name, status, assertionResults }) => {
    const failed = assertionResults.filter((one) => one.status === 'failed');
    const describes = failed.flatMap(({ ancestorTitles: titles }) =>
      titles.map((_, index) => JSON.stringify([name, ...titles.slice(0, index + 1)])),
    );
    return status === 'failed' ? [JSON.stringify([name]), ...describes] : describes;
  });
  return new Set(suites).size;
}

function fileCases(file: z.output<typeof fileSchema>): Case[] {
  const cases = file.assertionResults.map((assertion) => assertionCase(assertion, file.name));
  const told = file.message ?? '';
  const start = told.indexOf(outside);
  if (file.status !== 'failed' || (start === -1 && cases.some((one) => one.state === 'failed'))) return cases;
  const error = told.slice(Math.max(0, start)).replace(advice, '');
  const place = placeIn(error);
  const message = firstLines(withoutStack(withoutSource(error)));
  return [...cases, testCase([file.name], 'failed', { message, file: place?.file ?? file.name, line: place?.line })];
}

function assertionCase(assertion: z.output<typeof assertionSchema>, file: string): Case {
  const { status, location, failureMessages, failing = false, invocations = 1 } = assertion;
  const failure = failureMessages?.[0];
  const hasPassed = status === 'passed';
  const state = hasPassed && !failing ? 'passed' : status === 'failed' ? 'failed' : 'skipped';
  const place = placeIn(failure) ?? { file, line: location?.line };
  const said = firstLines(withoutStack(failure));
  const isRetried = invocations > 1 || failure !== undefined;
  return testCase([file, ...assertion.ancestorTitles, assertion.title], state, {
    ...place,
    message: !hasPassed ? said : failing ? expectedToFail() : isRetried ? flaky(said) : undefined,
    durationMs: typeof assertion.duration === 'number' ? milliseconds(assertion.duration) : undefined,
  });
}

/** The frames of a stack say less than the place. */
const withoutStack = (failure: string | undefined): string | undefined => failure?.replace(/\n[ \t]+at [\s\S]*$/, '');
