import { listText } from '../judge/text.ts';
import { protectionIn } from '../verify/protecting.ts';
import { differences, protectedFiles, withoutHeldOut } from '../workspace/baseline.ts';
import type { LoopContext } from './context.ts';

/**
 * Says which protected files of the user's checkout are not as they were when the loop began; empty where all are. Nothing is judged by
 * them, but a person should know: the agent may have reached for them.
 */
export async function checkoutChanges({ request, progress }: LoopContext): Promise<string> {
  const { task, environmentVariables } = request;
  const before = progress().worktree?.protectedFiles;
  if (before === undefined) return '';
  const after = await protectedFiles(task.root, protectionIn(task, task.root, environmentVariables).covers);
  const changed = differences(before, withoutHeldOut(after, task));
  if (changed.length === 0) return '';
  return `protected files of the checkout changed since the start, the loop is judged with those of the start: ${listText(changed)}`;
}
