import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttemptOutcome, AttemptRequest, Session } from '../agent/agent.ts';
import { promptFor } from '../agent/prompt.ts';
import { noUsage, plusUsage } from '../agent/usage.ts';
import { ok, type Result } from '../events/problem.ts';
import { writeAtomically } from '../store/store.ts';
import { protectionOf } from '../workspace/protection.ts';
import { checkpoint, restore } from '../workspace/worktree.ts';
import { type LoopContext, verdictFile, worktreeOf } from './context.ts';
import { lastCommit, spentBy } from './progress.ts';

/** Pauses before an agent is tried again whose model server is overloaded; the programs themselves have waited before. */
const pausesMs = [5_000, 20_000, 60_000];

/** Lets the agent work. An attempt that was cut before is begun again from the last checkpoint, in a new conversation. */
export async function runAttempt(context: LoopContext, attempt: number): Promise<Result<void>> {
  const { request, emit, clock } = context;
  const worktree = worktreeOf(context);
  const { attempts } = context.progress();
  const wasBegun = attempts.some((each) => each.attempt === attempt && each.begun > 0);
  const session = wasBegun ? null : (attempts.at(-1)?.agent?.session ?? null);
  const from = lastCommit(context.progress()) ?? worktree.start;
  context.record({ type: 'attempt-begins', attempt });
  if (wasBegun) {
    const restored = await restore(worktree, from, request.task.hidden);
    if (!restored.ok) return restored;
  }
  emit({ type: 'attempt.started', attempt });
  const logFile = join(context.directory, `agent-${attempt}.log`);
  emit({ type: 'log.opened', source: 'agent', name: `attempt-${attempt}`, file: logFile });
  const began = clock();
  const { outcome, usage } = await tryAgent(context, attempt, logFile, session);
  emit({ type: 'agent.used', attempt, usage });
  if (outcome.kind === 'stopped') {
    emit({ type: 'noted', text: `the agent stopped (${outcome.why}): ${outcome.detail}` });
  }
  if (outcome.kind === 'failed') emit({ type: 'problem.found', problem: outcome.problem });
  context.record({
    type: 'agent-finished',
    attempt,
    outcome: outcome.kind,
    usage,
    session: outcome.session,
    durationMs: clock() - began,
    ...(outcome.kind === 'failed' ? { problem: outcome.problem } : {}),
  });
  return ok(undefined);
}

/** Runs the agent, and again where its failure may pass: once after a crash, a few times after pauses for a server's. */
async function tryAgent(
  context: LoopContext,
  attempt: number,
  logFile: string,
  first: Session | null,
): Promise<{ outcome: AttemptOutcome; usage: AttemptOutcome['usage'] }> {
  const { request, emit, wait, signal } = context;
  const pauses = [...pausesMs];
  let crashes = 0;
  let session = first;
  let usage = noUsage;
  for (;;) {
    const outcome = await request.agent.attempt(attemptRequest(context, attempt, logFile, session, usage.costUsd));
    usage = plusUsage(usage, outcome.usage);
    if (outcome.kind !== 'failed' || outcome.retry === 'never' || signal.aborted) return { outcome, usage };
    const pauseMs = outcome.retry === 'later' ? pauses.shift() : 0;
    if (outcome.retry === 'once') crashes += 1;
    if (pauseMs === undefined || crashes > 1) return { outcome, usage };
    const when = pauseMs === 0 ? 'now' : `in ${pauseMs / 1000} s`;
    emit({ type: 'agent.acted', attempt, act: 'fails', text: `${outcome.problem.message}\ntried again ${when}` });
    await wait(pauseMs, signal);
    session = outcome.session;
  }
}

function attemptRequest(
  context: LoopContext,
  attempt: number,
  logFile: string,
  session: Session | null,
  spentNow: number | null,
): AttemptRequest {
  const { request, directory, emit, signal } = context;
  const { task } = request;
  const progress = context.progress();
  const judged = progress.attempts.findLast((each) => each.judged !== null)?.judged;
  const prompt = promptFor({
    instruction: readFileSync(join(task.root, task.instruction), 'utf8'),
    attempt,
    attempts: progress.limits.attempts,
    verdict: judged?.words ?? 'not judged',
    protectedFiles: protectionOf(task).words,
    continues: session !== null,
  });
  const promptFile = join(directory, `prompt-${attempt}.md`);
  writeAtomically(promptFile, prompt);
  const { usd } = progress.limits;
  const spent = (spentBy(progress).costUsd ?? 0) + (spentNow ?? 0);
  return {
    attempt,
    loop: request.loop,
    workspace: worktreeOf(context).workspace,
    prompt,
    promptFile,
    verdictFile: verdictFile(context, judged?.attempt ?? 0),
    session,
    usdLeft: usd === null ? null : usd - spent,
    logFile,
    emit,
    signal,
  };
}

/** Commits what the agent left, so that it is judged as it is and can be come back to. */
export async function saveAttempt(context: LoopContext, attempt: number): Promise<Result<void>> {
  const worktree = worktreeOf(context);
  const parent = lastCommit(context.progress()) ?? worktree.start;
  const saved = await checkpoint(worktree, parent, `attempt ${attempt}`);
  if (!saved.ok) return saved;
  context.emit({ type: 'attempt.saved', attempt, ...saved.value });
  context.record({ type: 'checkpointed', attempt, ...saved.value });
  return ok(undefined);
}
