import { type Cleared, clearAll } from '../api/leftovers.ts';
import { ok, type Result } from '../events/problem.ts';
import type { Context } from './context.ts';
import { problemText } from './render/problem.ts';
import { painter } from './render/style.ts';

/** Removes what gyms that are gone left behind, and tells of it. What could not be removed keeps nothing from being done. */
export async function removeLeftovers(context: Context, checkout?: string): Promise<Result<void>> {
  const cleared = await clearAll(context, checkout);
  if (!cleared.ok) return cleared;
  tellLeftovers(context, cleared.value);
  return ok(undefined);
}

/** Tells on standard error what gyms that are gone had left. */
export function tellLeftovers({ stderr }: Context, { faults, problems }: Cleared): void {
  for (const id of faults) stderr.write(sweptText(id));
  for (const problem of problems) stderr.write(`${problemText(problem, painter(stderr))}\n`);
}

/** What is said of a fault that was undone for a gym that is gone. */
export function sweptText(id: string): string {
  return `${id} was left by a gym that is gone: cleared\n`;
}
