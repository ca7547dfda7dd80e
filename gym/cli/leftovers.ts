import { ok, type Result } from '../events/problem.ts';
import { clearLeftovers } from '../verify/leftovers.ts';
import type { Context } from './context.ts';
import { problemText } from './render/person.ts';
import { painter } from './render/style.ts';

/**
 * Removes what gyms that are gone left behind. What could not be removed is told and keeps nothing from being done; an
 * engine that does not answer is a problem.
 */
export async function removeLeftovers({ env, stderr }: Context): Promise<Result<void>> {
  const cleared = await clearLeftovers(env);
  if (!cleared.ok) return cleared;
  for (const problem of cleared.value) stderr.write(`${problemText(problem, painter(stderr))}\n`);
  return ok(undefined);
}
