import { sweep } from '../environment/sweep.ts';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import { killOrphans } from '../store/processes.ts';

/**
 * Ends and removes what gyms that are gone (kill -9, a crash) left behind on this machine: the processes that they
 * started first, then their containers, networks and volumes.
 */
export async function clearLeftovers(ambient: Readonly<Record<string, string | undefined>>): Promise<Result<void>> {
  const stubborn = (await killOrphans()).map((pid): Problem => {
    const message = `process ${pid}, which a gym that is gone has left, could not be killed`;
    return { kind: 'environment', message, remedy: `Look at it: ps -fp ${pid}` };
  });
  const swept = await sweep(ambient);
  const [first, ...others] = [...stubborn, ...(swept.ok ? [] : swept.problems)];
  return first === undefined ? ok(undefined) : failed(first, ...others);
}
