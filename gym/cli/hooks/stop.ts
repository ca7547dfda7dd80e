import { join } from 'node:path';
import { openTask } from '../../api/tasks.ts';
import { verifyTask } from '../../api/verify.ts';
import { ok } from '../../events/problem.ts';
import type { Answer } from '../../hooks/answer.ts';
import type { HookInput } from '../../hooks/input.ts';
import { onStop } from '../../hooks/stop.ts';
import { openStore } from '../../store/store.ts';
import { limitsSchema } from '../../task/schema.ts';
import type { Context } from '../context.ts';

/** Judges the task of a checkout because the agent wants to stop. */
export async function stop({ env, signal }: Context, top: string, named: string, input: HookInput): Promise<Answer> {
  const caller = { cwd: top, env };
  const task = await openTask(named, caller);
  return onStop({
    session: input.session,
    turn: input.turn,
    // A task file that does not load has no limits of its own.
    limits: task.ok ? task.value.limits : limitsSchema.parse({}),
    directory: join(openStore(top).directory, 'hooks', 'turns'),
    judge: async (limit) => {
      const judged = await verifyTask({ ...caller, named, listeners: [], signal: AbortSignal.any([signal, limit]) });
      return judged.ok ? ok(judged.value.verdict) : judged;
    },
    clock: Date.now,
  });
}
