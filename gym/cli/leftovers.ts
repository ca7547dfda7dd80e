import { ok, type Result } from '../events/problem.ts';
import { notedProjects } from '../fault/notes.ts';
import { checkoutOf } from '../store/store.ts';
import { clearLeftovers } from '../verify/leftovers.ts';
import type { Context } from './context.ts';
import { problemText } from './render/problem.ts';
import { painter } from './render/style.ts';

/**
 * Removes what gyms that are gone left behind, and undoes their faults in the environments of a checkout. What could not be removed is told
 * and keeps nothing from being done; an engine that does not answer is a problem.
 */
export async function removeLeftovers(
  { cwd, env, stderr }: Context,
  checkout: string = checkoutOf(cwd),
): Promise<Result<void>> {
  const cleared = await clearLeftovers(env);
  if (!cleared.ok) return cleared;
  const swept = notedProjects(checkout).length === 0 ? ok([]) : await sweep(env, checkout);
  if (swept.ok) for (const id of swept.value) stderr.write(sweptText(id));
  const problems = [...cleared.value, ...(swept.ok ? [] : swept.problems)];
  for (const problem of problems) stderr.write(`${problemText(problem, painter(stderr))}\n`);
  return ok(undefined);
}

/** Loaded only where there is a note of a fault. */
async function sweep(env: Context['env'], checkout: string): Promise<Result<readonly string[]>> {
  const { sweepFaults } = await import('../fault/sweep.ts');
  return sweepFaults(env, checkout);
}

/** What is said of a fault that was undone for a gym that is gone. */
export function sweptText(id: string): string {
  return `${id} was left by a gym that is gone: cleared\n`;
}
