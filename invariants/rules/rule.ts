import type { Path } from '../../gym/judge/documents.ts';
import type { Document } from '../../gym/task/measurement.ts';

/** One thing in a document that is not as a rule wants it. */
export interface Violation {
  /** What is wrong, as what is said of the value at `path`: `is missing`, `has no tag`. Never a secret itself. */
  readonly message: string;
  /** Keys and indices that lead to it; none: it is the document as a whole. The line is found by it. */
  readonly path?: Path;
  /** The line in the file, where the rule knows it better. */
  readonly line?: number;
}

/**
 * A rule over one document: what is wrong in it, an empty list where nothing is, and null where the rule has nothing to say of such a
 * document (a rule over services, where there is none). `others`: all documents of the source, for what has to agree; none of a log.
 * The function's name is what the rule is called in a judgement.
 */
export type Rule = (document: Document, others: readonly Document[]) => readonly Violation[] | null;

/** A map of a document. */
export type Fields = Readonly<Record<string, unknown>>;

/** Gives a rule the name that it is exported by; a bundler may rename the function. */
export function rule(name: string, check: Rule): Rule {
  return Object.defineProperty<Rule>((document, others) => check(document, others), 'name', { value: name });
}

/** Whether a value is a map, not a list. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is at a path; `undefined`: nothing. What an object inherits is not there. */
export function valueAt(value: unknown, ...path: Path): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = Reflect.get(at, key);
  }
  return at;
}

/** The entries of a map, or none. */
export function entriesOf(value: unknown): [string, unknown][] {
  return isFields(value) ? Object.entries(value) : [];
}

/** The items of a list, or none. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** One violation, or none. */
export function unless(isKept: boolean, message: string, path: Path): Violation[] {
  return isKept ? [] : [{ message, path }];
}

/** A value in a message, in at most 80 characters. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
