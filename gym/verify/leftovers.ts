import { isMiscounted } from '../environment/down.ts';
import { connectEngine } from '../environment/engine.ts';
import { sweepEngine } from '../environment/sweep.ts';
import { ok, type Problem, type Result } from '../events/problem.ts';
import { killOrphans } from '../store/processes.ts';

/**
 * Ends and removes what gyms that are gone (kill -9, a crash) left behind on this machine: the processes that they
 * started first, then their containers, networks and volumes. Gives what could not be removed. That no engine answers is a
 * problem of kind `environment`.
 */
export async function clearLeftovers(
  ambient: Readonly<Record<string, string | undefined>>,
): Promise<Result<readonly Problem[]>> {
  const stubborn = (await killOrphans()).map((pid): Problem => {
    const message = `process ${pid}, which a gym that is gone has left, could not be killed`;
    return { kind: 'environment', message, remedy: `Look at it: ps -fp ${pid}` };
  });
  const engine = await connectEngine(ambient);
  if (!engine.ok) return engine;
  const swept = await sweepEngine(engine.value);
  // Such a network is told of by gym gc; before every command it would only be in the way.
  return ok([...stubborn, ...(swept.ok ? [] : swept.problems.filter((each) => !isMiscounted(each)))]);
}
