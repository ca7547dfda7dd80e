import { z } from 'zod';
import { type Case, type Parsed, testCase, unparseable } from '../cases.ts';
import { readJson } from './json.ts';
import { firstLines, milliseconds, placeIn } from './text.ts';

const count = z.number().int().nonnegative();

const testSchema = z.object({
  name: z.string(),
  status: z.enum(['passed', 'failed', 'skipped', 'pending', 'other']),
  rawStatus: z.string().optional(),
  duration: z.number().nonnegative().optional(),
  suite: z.union([z.string(), z.array(z.string())]).optional(),
  message: z.string().nullish(),
  trace: z.string().nullish(),
  filePath: z.string().nullish(),
  line: z.number().int().positive().nullish(),
});

/** Common Test Report Format: https://ctrf.io/docs/specification/overview */
const reportSchema = z.object({
  results: z.object({
    tool: z.object({ name: z.string() }),
    summary: z.object({ tests: count, passed: count, failed: count, skipped: count, pending: count, other: count }),
    tests: z.array(testSchema),
  }),
});

/** What tools call a test that did not run; CTRF knows these as `other` where a reporter does not translate them. */
const notRun = new Set(['todo', 'skipped', 'pending', 'disabled']);

/** Reads CTRF. `other` is neither a pass nor a skip: it counts as failed unless the tool's own word says not run. */
export function parseCtrf(text: string): Parsed {
  const read = readJson(text, reportSchema, 'CTRF');
  if (read.kind === 'unreadable') return unparseable(read.because);
  const { summary, tests } = read.value.results;
  if (summary.tests !== tests.length) {
    return unparseable(`its summary counts ${summary.tests} tests and ${tests.length} are listed`);
  }
  const cases = tests.map(caseOf);
  if (summary.failed === 0 || cases.some((one) => one.state === 'failed')) return { kind: 'cases', cases };
  return unparseable(`its summary counts ${summary.failed} failed tests and none is listed`);
}

function caseOf(test: z.output<typeof testSchema>): Case {
  const place = placeIn(test.trace ?? undefined) ?? { file: test.filePath ?? undefined, line: test.line ?? undefined };
  return testCase(casePath(test), stateOf(test), {
    ...place,
    message: firstLines(test.message ?? test.trace ?? undefined),
    durationMs: test.duration === undefined ? undefined : milliseconds(test.duration),
  });
}

function stateOf({ status, rawStatus }: z.output<typeof testSchema>): Case['state'] {
  if (status === 'passed' || status === 'failed') return status;
  return status === 'other' && !notRun.has(rawStatus?.toLowerCase() ?? '') ? 'failed' : 'skipped';
}

/** Reporters differ: some repeat the whole name as the suite, some the file. */
function casePath({ suite, name, filePath }: z.output<typeof testSchema>): string[] {
  const suites = typeof suite === 'string' ? suite.split(' > ') : (suite ?? []);
  const own = suites.join(' > ') === name ? [] : suites;
  const file = filePath ?? '';
  const [first] = own;
  const inFile = first !== undefined && (file === first || file.endsWith(`/${first}`)) ? own.slice(1) : own;
  return [file, ...inFile, name].filter((part) => part !== '');
}
