import { isGreen } from '../judge/verdict.ts';
import { newRunName, writeAtomically } from '../store/store.ts';
import { type LoopContext, verdictFile, worktreeOf } from './context.ts';

/**
 * Verifies the worktree; protected files come from the task's own folder. Events come before the journal: a kill between
 * makes the attempt be judged again, and readers take the last verdict.
 */
export async function judgeAttempt(context: LoopContext, attempt: number): Promise<void> {
  const { request, emit, signal, clock } = context;
  const { task, store, history, environmentVariables, loop, listeners } = request;
  const run = newRunName(new Date(clock()));
  context.record({ type: 'verify-begins', attempt, run });
  const { workspace } = worktreeOf(context);
  const verdict = await request.verify({
    ...{ task, store, history, environmentVariables, loop, listeners, signal, run, workspace },
    baseline: task.root,
  });
  // Cut short, so it says nothing about the workspace.
  if (signal.aborted && !isGreen(verdict.state)) return;
  writeAtomically(verdictFile(context, attempt), `${JSON.stringify(verdict, null, 2)}\n`);
  const { state, exitCode, distance, headline, durationMs } = verdict;
  emit({ type: 'attempt.judged', attempt, judgedRun: run, state, distance, headline, durationMs });
  const words = request.describe(verdict);
  context.record({ type: 'judged', attempt, run, state, exitCode, distance, headline, words, durationMs });
}
