import { z } from 'zod';
import { type Case, type Parsed, testCase, unparseable } from '../cases.ts';
import { readJson } from './json.ts';
import { firstLines, milliseconds, placeIn } from './text.ts';

const duration = z.number().nonnegative().nullish();

const assertionSchema = z.object({
  ancestorTitles: z.array(z.string()),
  title: z.string(),
  status: z.enum(['passed', 'failed', 'skipped', 'pending', 'todo', 'disabled', 'focused']),
  duration,
  failureMessages: z.array(z.string()).nullish(),
  location: z.object({ line: z.number().int().positive() }).nullish(),
});

const fileSchema = z.object({
  name: z.string(),
  status: z.string(),
  message: z.string().nullish(),
  assertionResults: z.array(assertionSchema),
});

/** Vitest's JSON reporter and Jest's `--json`, which it follows. */
const reportSchema = z.object({
  numTotalTests: z.number().int().nonnegative(),
  success: z.boolean(),
  testResults: z.array(fileSchema),
});

/** Reads the JSON of Vitest or Jest. A file that could not be loaded is a failed case. */
export function parseVitest(text: string): Parsed {
  const read = readJson(text, reportSchema, 'the JSON of Vitest or Jest');
  if (read.kind === 'unreadable') return unparseable(read.because);
  const { numTotalTests, testResults, success } = read.value;
  const listed = testResults.reduce((sum, file) => sum + file.assertionResults.length, 0);
  if (listed !== numTotalTests) return unparseable(`it says that it has ${numTotalTests} tests and lists ${listed}`);
  const cases = testResults.flatMap(fileCases);
  if (success || listed === 0 || cases.some((one) => one.state === 'failed')) return { kind: 'cases', cases };
  const message = 'the tool reports no success, though no case failed: see its output';
  return { kind: 'cases', cases: [...cases, testCase(['all cases'], 'failed', { message })] };
}

function fileCases(file: z.output<typeof fileSchema>): Case[] {
  const cases = file.assertionResults.map((assertion) => assertionCase(assertion, file.name));
  if (file.status !== 'failed' || cases.some((one) => one.state === 'failed')) return cases;
  const message = firstLines(file.message ?? undefined);
  const place = placeIn(file.message ?? undefined);
  return [...cases, testCase([file.name], 'failed', { message, file: place?.file ?? file.name, line: place?.line })];
}

function assertionCase(assertion: z.output<typeof assertionSchema>, file: string): Case {
  const { status, location, failureMessages } = assertion;
  const failure = failureMessages?.[0];
  const state = status === 'passed' || status === 'failed' ? status : 'skipped';
  const place = placeIn(failure) ?? { file, line: location?.line };
  return testCase([file, ...assertion.ancestorTitles, assertion.title], state, {
    ...place,
    message: firstLines(withoutStack(failure)),
    durationMs: typeof assertion.duration === 'number' ? milliseconds(assertion.duration) : undefined,
  });
}

/** The frames of a stack say less than the place. */
const withoutStack = (failure: string | undefined): string | undefined => failure?.replace(/\n\s+at [\s\S]*$/, '');
