import { startWatchdog } from '../environment/watchdog.ts';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import type { Verdict } from '../judge/verdict.ts';
import { runFault } from '../prove/disturbances.ts';
import { openHistory } from '../store/history.ts';
import { checkoutOf, newRunName, openStore } from '../store/store.ts';
import { checkFault } from '../verify/fault.ts';
import type { VerifyRequest } from '../verify/request.ts';
import { verify } from '../verify/verify.ts';
import { refillSlots } from './background.ts';
import type { Caller } from './caller.ts';
import { type Cleared, clearAll } from './leftovers.ts';
import { openJudged } from './tasks.ts';

/** What is asked of one verification. */
export interface VerifyAsked
  extends Caller,
    Pick<VerifyRequest, 'compareWith' | 'isCanary' | 'strict' | 'listeners' | 'signal'> {
  /** A task file, its folder, or its name; none: the only task there is. */
  readonly named?: string | undefined;
  /** Folder to be judged, laid out as the task's own, which it is by default. */
  readonly workspace?: string | undefined;
  /** Name of a fault of the task, to be done on purpose. */
  readonly fault?: string | undefined;
  /** Hears what gyms that are gone had left. */
  readonly onCleared?: (cleared: Cleared) => void;
}

/** A verdict, and the folder of its run. */
export interface Judged {
  readonly verdict: Verdict;
  readonly directory: string;
}

/**
 * One verification as it is asked for, by a command line or a program: what others left is removed, a watchdog looks on, the run is in
 * the history. Gives problems alone where nothing was begun.
 */
export async function verifyTask(asked: VerifyAsked): Promise<Result<Judged>> {
  const { named, workspace, fault, onCleared, cwd, env, ...request } = asked;
  const { compareWith } = request;
  const opened = await openJudged(named, typeof compareWith === 'string' ? compareWith : undefined, asked);
  if (!opened.ok) return opened;
  const { task, judging, proposals } = opened.value;
  const known = fault === undefined ? ok(undefined) : checkFault(task, fault);
  if (!known.ok) return known;
  if (request.isCanary === true && task.canary === undefined) return failed(noCanary(task.name));
  const watchdog = startWatchdog(env);
  // Where no engine answers, the verdict tells.
  const cleared = await clearAll(asked);
  if (cleared.ok) onCleared?.(cleared.value);
  const store = openStore(checkoutOf(task.root));
  const history = openHistory(store);
  try {
    const verdict = await verify({
      ...request,
      task,
      ...(named !== undefined && { called: named }),
      ...(judging.kind === 'commit' && { baseline: judging.baseline, proposals }),
      ...(judging.note !== undefined && { note: judging.note }),
      workspace: workspace ?? task.root,
      ...(fault !== undefined && { fault: runFault(task, fault, env) }),
      store,
      history,
      run: newRunName(new Date()),
      environmentVariables: env,
    });
    // With an engine that went away something may be left: the watchdog looks again when it is back.
    if (!verdict.problems.some(({ kind }) => kind === 'environment')) watchdog.end();
    refillSlots(asked, task);
    return ok({ verdict, directory: store.runDirectory(verdict.run) });
  } finally {
    history.close();
  }
}

function noCanary(task: string): Problem {
  const remedy = 'Its key `canary` names a load, a rate, and what is watched: docs/targets.md.';
  return { kind: 'usage', message: `${task} has no canary`, remedy };
}
