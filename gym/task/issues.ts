import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

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
