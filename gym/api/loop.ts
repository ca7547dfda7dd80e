import { chooseAgent } from '../agent/choose.ts';
import { startWatchdog } from '../environment/watchdog.ts';
import type { Listener } from '../events/log.ts';
import { ok, type Result } from '../events/problem.ts';
import { terse } from '../judge/terse.ts';
import { runLoop } from '../loop/loop.ts';
import type { LoopReport } from '../loop/report.ts';
import type { LoopRequest } from '../loop/request.ts';
import { openHistory } from '../store/history.ts';
import { checkoutOf, openStore } from '../store/store.ts';
import type { Task } from '../task/schema.ts';
import { verify } from '../verify/verify.ts';
import { refillSlots } from './background.ts';
import type { Caller } from './caller.ts';
import { type Cleared, clearAll } from './leftovers.ts';

/** What is asked of one loop, begun or gone on with. */
export interface LoopAsked extends Caller, Pick<LoopRequest, 'task' | 'loop' | 'agentChoice' | 'limits' | 'signal'> {
  /** Hears what gyms that are gone had left. */
  readonly onCleared?: (cleared: Cleared) => void;
}

/** A loop that can begin. */
export interface ReadyLoop {
  /** Runs it to its end, or until it is stopped. Problems alone: it could not begin. */
  run(listener: Listener): Promise<Result<LoopReport>>;
}

/** Sees that the agent and the engine are there, removes what others left, and gives a loop as it is asked for by a command line or a program. */
export async function prepareLoop(asked: LoopAsked): Promise<Result<ReadyLoop>> {
  const { task, env, onCleared } = asked;
  const agent = chooseAgent(asked.agentChoice, task, { ...env });
  if (!agent.ok) return agent;
  const cleared = await clearAll(asked);
  if (!cleared.ok) return cleared;
  onCleared?.(cleared.value);
  const { loop, agentChoice, limits, signal } = asked;
  const run = async (listener: Listener): Promise<Result<LoopReport>> => {
    const watchdog = startWatchdog(env);
    const store = openStore(checkoutOf(task.root));
    const history = openHistory(store);
    try {
      const report = await runLoop({
        ...{ task, loop, agentChoice, limits, signal, store, history },
        agent: agent.value,
        environmentVariables: env,
        listeners: [listener, refilling(asked, task)],
        verify,
        describe: terse,
      });
      // Where the environment failed something may be left on the engine: the watchdog looks.
      if (report.ok && report.value.end !== 'environment') watchdog.end();
      return report;
    } finally {
      history.close();
    }
  };
  return ok({ run });
}

/** While the agent works there is time for it. */
function refilling(caller: Caller, task: Task): Listener {
  return ({ type }) => {
    if (type === 'run.finished') refillSlots(caller, task);
  };
}
