import { ok, type Problem, type Result } from '../events/problem.ts';
import { notedProjects } from '../fault/notes.ts';
import { checkoutOf } from '../store/store.ts';
import { clearLeftovers } from '../verify/leftovers.ts';
import type { Caller } from './caller.ts';

/** What gyms that are gone had left. */
export interface Cleared {
  /** Ids of the faults that were undone. */
  readonly faults: readonly string[];
  /** What could not be removed. */
  readonly problems: readonly Problem[];
}

/**
 * Removes what gyms that are gone left behind, and undoes their faults in the environments of a checkout. An engine that does
 * not answer is a problem.
 */
export async function clearAll({ cwd, env }: Caller, checkout: string = checkoutOf(cwd)): Promise<Result<Cleared>> {
  const cleared = await clearLeftovers(env);
  if (!cleared.ok) return cleared;
  const swept = notedProjects(checkout).length === 0 ? ok([]) : await sweep(env, checkout);
  return ok({
    faults: swept.ok ? swept.value : [],
    problems: [...cleared.value, ...(swept.ok ? [] : swept.problems)],
  });
}

/** Loaded only where there is a note of a fault. */
async function sweep(env: Caller['env'], checkout: string): Promise<Result<readonly string[]>> {
  const { sweepFaults } = await import('../fault/sweep.ts');
  return sweepFaults(env, checkout);
}
