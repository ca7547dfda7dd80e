import type { z } from 'zod';
import { plainIssues } from './issues.ts';

/**
 * A definition that does not fit its schema, thrown while a task file is evaluated and turned into problems with
 * file and line by the loader. `maker` is left out of the stack, so that its first frame is the caller's.
 */
export class DefinitionError extends Error {
  readonly what: string;
  readonly issues: readonly z.core.$ZodIssue[];

  constructor(what: string, issues: readonly z.core.$ZodIssue[], maker: (...args: never[]) => unknown) {
    const told = plainIssues(issues).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    super(`${what}: ${told.join('; ')}`);
    this.name = 'DefinitionError';
    this.what = what;
    this.issues = issues;
    Error.captureStackTrace(this, maker);
  }
}
