import { z } from 'zod';
import { suggest } from './suggest.ts';

type Issue = z.core.$ZodIssue;

/** Parameters for parsing what people write: of an unknown key, the one that was probably meant is named. */
export const forAuthors: { error: z.core.$ZodErrorMap } = {
  error(issue) {
    if (issue.code !== 'unrecognized_keys' || !(issue.inst instanceof z.ZodObject)) return undefined;
    const names = Object.keys(issue.inst.shape);
    const told = issue.keys.map((key) => {
      const meant = suggest(key, names);
      return meant === undefined ? `"${key}"` : `"${key}" (did you mean "${meant}"?)`;
    });
    return `unknown key ${told.join(', ')}`;
  },
};

/**
 * Issues as their author can act on them: of a choice that does not fit, those of the alternative that was probably
 * meant; unknown keys first, because a misspelt key explains the one that is missing.
 */
export function plainIssues(issues: readonly Issue[]): Issue[] {
  const plain = issues.flatMap(resolved);
  const isUnknownKey = ({ code }: Issue): boolean => code === 'unrecognized_keys';
  return [...plain.filter(isUnknownKey), ...plain.filter((issue) => !isUnknownKey(issue))];
}

function resolved(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
  const isInside = (inner: Issue): boolean => inner.path.length > 0 || inner.code === 'unrecognized_keys';
  const [meant] = issue.errors.filter((alternative) => alternative.some(isInside)).sort((a, b) => a.length - b.length);
  if (meant === undefined) {
    const reasons = issue.errors.flat().map(({ message }) => message.replace(/^Invalid input: /, ''));
    return [{ ...issue, message: [...new Set(reasons)].join(' or ') }];
  }
  return plainIssues(meant).map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}
