import { z } from 'zod';
import { type Case, type Parsed, testCase, unparseable } from '../cases.ts';
import { readJson } from './json.ts';
import { expectedToFail, firstLines, flaky, milliseconds, passedUnexpectedly, placeIn, withoutSource } from './text.ts';

const count = z.number().int().nonnegative();

const errorSchema = z.object({
  message: z.string().optional(),
  value: z.string().optional(),
  stack: z.string().optional(),
  location: z.object({ file: z.string(), line: count }).optional(),
});
type TestError = z.output<typeof errorSchema>;

const testSchema = z.object({
  projectName: z.string().default(''),
  expectedStatus: z.string(),
  status: z.enum(['expected', 'unexpected', 'flaky', 'skipped']),
  annotations: z.array(z.object({ type: z.string(), description: z.string().optional() })).default([]),
  results: z.array(
    z.object({ status: z.string().optional(), duration: z.number(), errors: z.array(errorSchema).default([]) }),
  ),
});
type Test = z.output<typeof testSchema>;

const specSchema = z.object({
  title: z.string(),
  file: z.string(),
  line: count,
  tests: z.array(testSchema),
});
type Spec = z.output<typeof specSchema>;

interface Suite {
  readonly title: string;
  readonly specs: Spec[];
  readonly suites?: Suite[] | undefined;
}
const suiteSchema: z.ZodType<Suite> = z.object({
  title: z.string(),
  specs: z.array(specSchema),
  suites: z.lazy(() => z.array(suiteSchema).optional()),
});

/** https://playwright.dev/docs/test-reporters#json-reporter; its types are in `@playwright/test/reporter`. */
const reportSchema = z.object({
  config: z.object({ rootDir: z.string() }),
  suites: z.array(suiteSchema),
  errors: z.array(errorSchema),
  stats: z.object({ expected: count, unexpected: count, flaky: count, skipped: count }),
});

/** Reads Playwright's reporter `json`. Errors outside of tests (global set-up, an import) are failed cases. */
export function parsePlaywright(text: string): Parsed {
  const read = readJson(text, reportSchema, 'the JSON of Playwright');
  if (read.kind === 'unreadable') return unparseable(read.because);
  const { config, suites, errors, stats } = read.value;
  const found = suites.flatMap((suite) => specsOf(suite, []));
  const tests = found.flatMap(({ spec }) => spec.tests);
  for (const status of ['expected', 'unexpected', 'flaky', 'skipped'] as const) {
    const listed = tests.filter((test) => test.status === status).length;
    if (listed !== stats[status]) return unparseable(`it counts ${stats[status]} ${status} tests and lists ${listed}`);
  }
  const hasProjects = new Set(tests.map(({ projectName }) => projectName)).size > 1;
  const cases = found.flatMap(({ spec, path }) =>
    spec.tests.map((test) => {
      const file = `${config.rootDir}/${spec.file}`;
      const title = hasProjects ? `${spec.title} [${test.projectName}]` : spec.title;
      return caseOf(test, [file, ...path, title], { file, line: spec.line });
    }),
  );
  return { kind: 'cases', cases: [...cases, ...errors.map(outside)] };
}

/** The outermost suites are files. */
function specsOf(suite: Suite, path: readonly string[]): { spec: Spec; path: readonly string[] }[] {
  const inner = (suite.suites ?? []).flatMap((one) => specsOf(one, [...path, one.title]));
  return [...suite.specs.map((spec) => ({ spec, path })), ...inner];
}

const outside = (error: TestError): Case => testCase(['outside of tests'], 'failed', told(error));

function caseOf(test: Test, path: readonly string[], own: { file: string; line: number }): Case {
  const { status, expectedStatus, results } = test;
  const last = results.at(-1);
  const durationMs = last === undefined ? undefined : milliseconds(last.duration);
  const errors = results.flatMap((result) => result.errors.slice(0, 1));
  const at = (message: string | undefined) => ({ ...own, durationMs, message });
  switch (status) {
    case 'unexpected': {
      const error = last?.errors[0];
      if (error !== undefined) return testCase(path, 'failed', { ...own, durationMs, ...defined(told(error)) });
      return testCase(path, 'failed', at(expectedStatus === 'failed' ? passedUnexpectedly : last?.status));
    }
    case 'flaky':
      return testCase(path, 'passed', at(flaky(errors[0] && told(errors[0]).message)));
    case 'skipped':
      return testCase(path, 'skipped', at(expectedStatus === 'skipped' ? reason(test) : 'it did not run'));
    case 'expected':
      if (expectedStatus === 'passed') return testCase(path, 'passed', at(undefined));
      return testCase(path, 'skipped', at(expectedStatus === 'skipped' ? reason(test) : expectedToFail(reason(test))));
  }
}

const reason = ({ annotations }: Test): string | undefined =>
  annotations.find(({ type }) => /^(?:skip|fixme|fail)$/.test(type))?.description;

function told({ message, value, stack, location }: TestError) {
  // The stack that some messages end with says less than the place.
  const text = withoutSource(message ?? value ?? stack ?? '').replace(/\n[ \t]+at [\s\S]*$/, '');
  const place = location === undefined ? placeIn(stack) : { file: location.file, line: location.line };
  return { ...place, message: firstLines(text) };
}

/** So that a place that is not told does not hide the test's own. */
const defined = (details: { file?: string; line?: number; message: string | undefined }) =>
  details.file === undefined ? { message: details.message } : details;
