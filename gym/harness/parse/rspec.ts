import { z } from 'zod';
import { type Case, type Parsed, testCase, unparseable } from '../cases.ts';
import { readJson } from './json.ts';
import { expectedToFail, firstLines, milliseconds, placeIn } from './text.ts';

const count = z.number().int().nonnegative();

const exampleSchema = z.object({
  description: z.string(),
  full_description: z.string(),
  status: z.enum(['passed', 'failed', 'pending']),
  file_path: z.string(),
  line_number: z.number().int().positive(),
  run_time: z.number().nonnegative().nullish(),
  pending_message: z.string().nullish(),
  exception: z.object({ message: z.string().nullish(), backtrace: z.array(z.string()).nullish() }).nullish(),
});
type Example = z.output<typeof exampleSchema>;

/** https://rspec.info/features/3-13/rspec-core/formatters/json-formatter/ */
const reportSchema = z.object({
  examples: z.array(exampleSchema),
  messages: z.array(z.string()).default([]),
  summary: z.object({
    example_count: count,
    failure_count: count,
    pending_count: count,
    errors_outside_of_examples_count: count,
  }),
});

/** Reads RSpec's `--format json`. A file that does not load, or a hook around a context that breaks, is a failed case. */
export function parseRspec(text: string): Parsed {
  const read = readJson(text, reportSchema, 'the JSON of RSpec');
  if (read.kind === 'unreadable') return unparseable(read.because);
  const { examples, messages, summary } = read.value;
  const has = (status: Example['status']): number => examples.filter((one) => one.status === status).length;
  for (const [what, counted, listed] of [
    ['examples', summary.example_count, examples.length],
    ['failures', summary.failure_count, has('failed')],
    ['pending examples', summary.pending_count, has('pending')],
  ] as const) {
    if (counted !== listed) return unparseable(`it counts ${counted} ${what} and lists ${listed}`);
  }
  const errors = summary.errors_outside_of_examples_count;
  return { kind: 'cases', cases: [...examples.map(exampleCase), ...outsideCases(errors, messages)] };
}

function outsideCases(errors: number, messages: readonly string[]): Case[] {
  const told = messages.filter((message) => /^\s*An error occurred /.test(message));
  const cases = told.map((message) => outsideCase(firstLines(message), placeIn(message)));
  const more = errors - told.length;
  return more > 0 ? [...cases, outsideCase(`errors outside of examples: ${more}; see the output`)] : cases;
}

const outsideCase = (message: string | undefined, place = {}): Case =>
  testCase(['outside of examples'], 'failed', { ...place, message });

function exampleCase(example: Example): Case {
  const { status, description, full_description: full, exception, run_time: runSeconds } = example;
  const group = full.endsWith(description) ? full.slice(0, full.length - description.length).trim() : '';
  const path = group === '' ? [full] : [group, description];
  const own = { file: example.file_path.replace(/^\.\//, ''), line: example.line_number };
  const place = placeIn(exception?.backtrace?.join('\n')) ?? own;
  return testCase(path, status === 'pending' ? 'skipped' : status, {
    ...place,
    message: status === 'pending' ? pendingReason(example) : firstLines(exception?.message ?? undefined),
    durationMs: typeof runSeconds === 'number' ? milliseconds(runSeconds * 1000) : undefined,
  });
}

/** RSpec says "pending" of examples that are skipped and of those that ran and failed as expected. */
function pendingReason({ pending_message: reason, exception }: Example): string | undefined {
  const told = reason ?? undefined;
  return exception === undefined || exception === null ? firstLines(told) : firstLines(expectedToFail(told));
}
