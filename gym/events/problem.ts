import { z } from 'zod';

/** Where a problem is. Whatever is known: a file with its line, or a service of the Compose file. */
export const place = z.object({
  file: z.string().optional(),
  line: z.number().int().optional(),
  service: z.string().optional(),
});
export type Place = z.infer<typeof place>;

/**
 * Whose problem it is; each has its exit code. `usage` and `definition`: what was asked or written is wrong.
 * `environment`: it could not be brought up. `crash`: a service ended by itself, and not well, while it came up.
 * `evidence`: something could not be read, so it cannot be judged.
 */
export const problemKind = z.enum(['usage', 'definition', 'environment', 'crash', 'evidence']);

/** An expected failure: what is wrong, where, and what to do about it. A value, never thrown across a folder's border. */
export const problem = z.object({
  kind: problemKind,
  /** What is wrong, in one sentence; more lines (a log's tail, a failing build step) may follow. */
  message: z.string(),
  place: place.optional(),
  /** What to do. */
  remedy: z.string().optional(),
});
export type Problem = z.infer<typeof problem>;

/** Success and failure as values. A failure holds every problem that was found, never none. */
export type Result<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problems: readonly [Problem, ...Problem[]] };

/** A success. */
export function ok<Value>(value: Value): Result<Value> {
  return { ok: true, value };
}

/** A failure with its problems. */
export function failed(first: Problem, ...others: Problem[]): { ok: false; problems: [Problem, ...Problem[]] } {
  return { ok: false, problems: [first, ...others] };
}

/** `file:line`, `file`, `service NAME` or nothing: the place as people and editors read it. */
export function placeText(at: Place | undefined): string {
  if (at === undefined) return '';
  const file = at.file === undefined ? [] : [at.line === undefined ? at.file : `${at.file}:${at.line}`];
  const service = at.service === undefined ? [] : [`service ${at.service}`];
  return [...file, ...service].join(', ');
}

/** Problems in one sentence, with what to do about them. */
export function problemsText(problems: readonly Problem[]): string {
  return problems.map(({ message, remedy }) => (remedy === undefined ? message : `${message}. ${remedy}`)).join('; ');
}
