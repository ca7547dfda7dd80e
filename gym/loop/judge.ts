import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ok, type Result } from '../events/problem.ts';
import { isGreen } from '../judge/verdict.ts';
import { readProposals } from '../store/proposals.ts';
import { newRunName, writeAtomically } from '../store/store.ts';
import { commitBaseline, startCommit } from '../workspace/baseline.ts';
import { checkOut } from '../workspace/worktree.ts';
import { type LoopContext, verdictFile, worktreeOf } from './context.ts';
import { lastCommit } from './progress.ts';

/**
 * Verifies what was committed of the worktree, whatever is still written to it; protected files come from the objects of the start commit: the checkout is in the reach of an
 * agent. Events come before the journal: a kill between makes the attempt be judged again, and readers take the last verdict.
 */
export async function judgeAttempt(context: LoopContext, attempt: number): Promise<Result<void>> {
  const { request, emit, signal, clock } = context;
  const { task, store, history, environmentVariables, loop, listeners } = request;
  const run = newRunName(new Date(clock()));
  context.record({ type: 'verify-begins', attempt, run });
  const worktree = worktreeOf(context);
  const commit = startCommit(worktree);
  const baseline = await commitBaseline(commit);
  if (!baseline.ok) return baseline;
  const committed = join(store.runDirectory(run), 'committed');
  const last = lastCommit(context.progress()) ?? worktree.start;
  const files = await checkOut(worktree, last, task.hidden, committed);
  if (!files.ok) return files;
  const { workspace } = worktree;
  const verdict = await request.verify({
    ...{ task, store, history, environmentVariables, loop, listeners, signal, run, workspace },
    files: files.value,
    baseline: baseline.value,
    // Open ones are tried beside; that one is accepted counts for what comes after the loop.
    proposals: readProposals(store).filter((each) => each.loop === loop && each.state === 'open'),
    compareWith: commit,
  });
  rmSync(committed, { recursive: true, force: true });
  // Cut short, so it says nothing about the workspace.
  if (signal.aborted && !isGreen(verdict.state)) return ok(undefined);
  writeAtomically(verdictFile(context, attempt), `${JSON.stringify(verdict, null, 2)}\n`);
  const { state, exitCode, distance, headline, durationMs } = verdict;
  emit({ type: 'attempt.judged', attempt, judgedRun: run, state, distance, headline, durationMs });
  const words = request.describe(verdict);
  const broken = verdict.problems.find(({ kind, place }) => kind === 'environment' && place?.service !== undefined);
  const service = broken?.place?.service;
  const judged = { state, exitCode, distance, headline, words, durationMs, ...(service !== undefined && { service }) };
  context.record({ type: 'judged', attempt, run, ...judged });
  return ok(undefined);
}
