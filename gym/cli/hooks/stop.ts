import { join } from 'node:path';
import type { Answer } from '../../hooks/answer.ts';
import type { HookInput } from '../../hooks/input.ts';
import { type Judged, onStop } from '../../hooks/stop.ts';
import { openStore } from '../../store/store.ts';
import { limitsSchema } from '../../task/schema.ts';
import type { Context } from '../context.ts';
import { openTask } from '../tasks.ts';
import { judge } from './judge.ts';

/** Judges the task of a checkout because the agent wants to stop. */
export async function stop(context: Context, top: string, named: string, input: HookInput): Promise<Answer> {
  const here = { ...context, cwd: top };
  const task = await openTask(named, here);
  const judgeTask = async (limit: AbortSignal): Promise<Judged> => {
    if (!task.ok) return { kind: 'problems', problems: task.problems };
    const signal = AbortSignal.any([context.signal, limit]);
    return {
      kind: 'verdict',
      verdict: await judge({ context: here, task: task.value, called: named, signal, listeners: [] }),
    };
  };
  return onStop({
    session: input.session,
    turn: input.turn,
    // A task file that does not load has no limits of its own.
    limits: task.ok ? task.value.limits : limitsSchema.parse({}),
    directory: join(openStore(top).directory, 'hooks', 'turns'),
    judge: judgeTask,
    clock: Date.now,
  });
}
