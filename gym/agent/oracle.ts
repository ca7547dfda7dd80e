import { basename, join } from 'node:path';
import type { Task } from '../task/schema.ts';
import { applyPatch, patchesOf } from '../workspace/patch.ts';
import { teller } from './acts.ts';
import type { Agent } from './agent.ts';
import { noUsage } from './usage.ts';

/**
 * An agent that knows the answer: its nth attempt applies the nth patch of the task's `solution/`, by name. After the
 * last one it does nothing. An attempt that was cut is rolled back by the loop, so its number alone tells the step.
 */
export function oracleAgent(task: Task): Agent {
  return {
    name: 'oracle',
    async attempt(request) {
      const account = { usage: noUsage, session: null };
      const tell = teller(request);
      const step = patchesOf(join(task.root, 'solution'))[request.attempt - 1];
      if (step === undefined) {
        tell('says', 'no step of the solution is left');
        return { ...account, kind: 'claimed-done' };
      }
      tell('says', `the next step of the solution: ${basename(step, '.patch')}`);
      const applied = await applyPatch(request.workspace, step);
      if (!applied.ok) return { ...account, kind: 'failed', problem: applied.problems[0], retry: 'never' };
      for (const path of applied.value) tell('edits', path);
      return { ...account, kind: 'claimed-done' };
    },
  };
}
