import type { CaseCounts } from '../events/event.ts';

/** One test of a stage, as its tool reported it. */
export interface Case {
  /** Names from the outermost suite to the test, joined by " > "; unique within a stage. */
  readonly id: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  /** Where it failed or, where the tool tells, where it is defined. Relative to the folder that the stage ran in. */
  readonly file?: string;
  readonly line?: number;
  /** The first lines of what the tool said about it. */
  readonly message?: string;
  readonly durationMs?: number;
}

/** What a result file holds. One that cannot be read fully is never taken for one without cases. */
export type Parsed =
  | { readonly kind: 'cases'; readonly cases: readonly Case[] }
  | { readonly kind: 'unparseable'; readonly because: string };

/** A result file that cannot be judged by, and why. */
export const unparseable = (because: string): Parsed => ({ kind: 'unparseable', because });

/** A case as a parser builds it; what the tool did not tell is left out. */
export function testCase(
  path: readonly string[],
  state: Case['state'],
  details: { [Key in 'file' | 'line' | 'message' | 'durationMs']?: Case[Key] | undefined } = {},
): Case {
  const { file, line, message, durationMs } = details;
  return {
    id: path.join(' > '),
    state,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    ...(message === undefined || message === '' ? {} : { message }),
    ...(durationMs === undefined ? {} : { durationMs }),
  };
}

/** Numbers of cases by state. */
export function countCases(cases: readonly Case[]): CaseCounts {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { state } of cases) counts[state] += 1;
  return counts;
}
