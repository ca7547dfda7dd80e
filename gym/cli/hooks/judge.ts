import { startWatchdog } from '../../environment/watchdog.ts';
import type { Listener } from '../../events/log.ts';
import type { Verdict } from '../../judge/verdict.ts';
import { openHistory } from '../../store/history.ts';
import { checkoutOf, newRunName, openStore } from '../../store/store.ts';
import type { Task } from '../../task/schema.ts';
import { verify } from '../../verify/verify.ts';
import { refillSlots } from '../background.ts';
import type { Context } from '../context.ts';
import { removeLeftovers } from '../leftovers.ts';

/** One verification for a hook. */
export interface JudgeRequest {
  readonly context: Context;
  readonly task: Task;
  readonly called: string;
  /** Folder to be judged; the task's own by default. */
  readonly workspace?: string;
  readonly signal: AbortSignal;
  readonly listeners: readonly Listener[];
}

/** Verifies as `gym verify` does. */
export async function judge({ context, task, called, workspace, signal, listeners }: JudgeRequest): Promise<Verdict> {
  const watchdog = startWatchdog(context.env);
  await removeLeftovers(context);
  const store = openStore(checkoutOf(task.root));
  const history = openHistory(store);
  try {
    const verdict = await verify({
      task,
      called,
      workspace: workspace ?? task.root,
      store,
      history,
      run: newRunName(new Date()),
      environmentVariables: context.env,
      listeners,
      signal,
    });
    if (!verdict.problems.some(({ kind }) => kind === 'environment')) watchdog.end();
    refillSlots(context, task);
    return verdict;
  } finally {
    history.close();
  }
}
