import { existsSync, globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { killLeftovers } from '../agent/program.ts';
import { type EventLog, openEventLog, readEvents } from '../events/log.ts';
import { failed, ok, type Result } from '../events/problem.ts';
import { isGreen } from '../judge/verdict.ts';
import { isVouchedFor } from '../store/audit.ts';
import type { RunRow } from '../store/history.ts';
import { cutTornLine, type Journal, type JournalEntry, openJournal, readJournal } from '../store/journal.ts';
import { protectionIn } from '../verify/protecting.ts';
import { makeWorktree, removeWorktree } from '../workspace/worktree.ts';
import { runAttempt, saveAttempt } from './attempt.ts';
import { checkoutChanges } from './checkout.ts';
import { type LoopContext, worktreeOf } from './context.ts';
import { judgeAttempt } from './judge.ts';
import { takeLoop } from './owner.ts';
import { advance, foldJournal, isResumable, nextStep, type Step } from './progress.ts';
import { type Ending, type LoopReport, reportOf } from './report.ts';
import type { LoopRequest } from './request.ts';
import { journalFile } from './resume.ts';

/** Longest timer of Node; a loop with more minutes has no timer, only the question between two steps. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Runs a loop to its end, or goes on with it where a journal of its name tells that it was begun.
 *
 *     make-worktree ──► verify 0 ──green──────────────────────────────► end: done
 *                       │  ▲ environment, once (then end: environment)     ▲
 *                       ▼  └──┘                                            │
 *           ┌──────► attempt n ──► checkpoint n ──► verify n ──green───────┘
 *           │           └─failed─► end: agent-failed   │
 *           └──budget left─────────────────────────────┴──► end: stalled, usd, attempts
 *
 *     any ──a person──► end: stopped            any ──the clock──► end: minutes
 *
 * A service that the attempt keeps from coming up, twice, is judged as any other failure: the next attempt is told of it.
 *
 * Each step is taken from the journal alone (`nextStep`), so a loop that was killed anywhere goes on where it was. What no attempt can
 * mend (the task's files, git) ends it, with problems in its report; what keeps it from beginning (no instruction, an owner that is still
 * there) gives problems alone.
 */
export async function runLoop(request: LoopRequest): Promise<Result<LoopReport>> {
  const { store, task, loop } = request;
  const instruction = join(task.root, task.instruction);
  if (!existsSync(instruction)) {
    return failed({ kind: 'definition', message: 'there is no such instruction file', place: { file: instruction } });
  }
  const directory = store.makeRunDirectory(loop);
  const owner = takeLoop(directory, loop);
  if (!owner.ok) return owner;
  try {
    return await runOwned(request, directory);
  } finally {
    owner.value.release();
  }
}

async function runOwned(request: LoopRequest, directory: string): Promise<Result<LoopReport>> {
  const { store, loop, limits } = request;
  const clock = request.clock ?? Date.now;
  const lastSign = lastSignOfLife(request, directory);
  const log = openLoopLog(request, directory, clock);
  const journal = openJournal(journalFile(store, loop), clock);
  let progress = beginOrResume(request, journal, lastSign);
  const usedMs = () => progress.usedMs + clock() - progress.since;

  await killLeftovers(loop);
  const minutes = new AbortController();
  const leftMs = limits.minutes * 60_000 - usedMs();
  const timer = leftMs > longestTimerMs ? undefined : setTimeout(() => minutes.abort(), Math.max(0, leftMs));
  const context: LoopContext = {
    request,
    directory,
    emit: log.emit,
    signal: AbortSignal.any([request.signal, minutes.signal]),
    clock,
    wait: request.wait ?? ((ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined)),
    progress: () => progress,
    record: (body) => {
      progress = advance(progress, journal.append(body));
    },
  };
  try {
    return await steps(context, () => minutes.signal.aborted || usedMs() >= limits.minutes * 60_000, usedMs);
  } finally {
    clearTimeout(timer);
    journal.close();
    log.close();
  }
}

/** Opens the loop's events; what was seen of it before is shown to the listeners first. */
function openLoopLog(request: LoopRequest, directory: string, clock: () => number): EventLog {
  const file = join(directory, 'events.ndjson');
  cutTornLine(file);
  const before = existsSync(file) ? readEvents(file) : [];
  for (const event of before) for (const listener of request.listeners) listener(event);
  return openEventLog(file, request.loop, request.listeners, clock, before.length);
}

/** When the gym before this one was last seen at work: by its journal, its agent's output or its verification's events. */
function lastSignOfLife({ store, loop }: LoopRequest, directory: string): number {
  const file = journalFile(store, loop);
  if (!existsSync(file)) return 0;
  const entries = readJournal(file);
  const run = entries.findLast(({ type }) => type === 'verify-begins');
  const runs = run?.type === 'verify-begins' ? [store.runDirectory(run.run)] : [];
  const written = [directory, ...runs].flatMap((folder) =>
    globSync('*.{ndjson,log}', { cwd: folder }).map((name) => join(folder, name)),
  );
  return Math.max(entries.at(-1)?.at ?? 0, ...written.map((each) => statSync(each).mtimeMs));
}

/** Writes the first entry of this gym. Time counts up to the last sign of life of the one before. */
function beginOrResume(
  { task, store, history, loop, limits, agentChoice }: LoopRequest,
  journal: Journal,
  lastSign: number,
) {
  // Whoever killed the gym before this one may have written a pass into the journal: it is judged again unless the chain has it.
  const isBacked = (entry: JournalEntry): boolean =>
    entry.type !== 'judged' || !isGreen(entry.state) || isVouchedFor(history, entry.run, entry.state);
  const before = foldJournal(readJournal(journalFile(store, loop)).filter(isBacked));
  if (before !== undefined) {
    const usedMs = before.usedMs + Math.max(0, lastSign - before.since);
    return advance(before, journal.append({ type: 'resumed', usedMs, limits }));
  }
  const started = { type: 'started', loop, task: task.name, taskFile: task.file, agent: agentChoice, limits } as const;
  const progress = foldJournal([journal.append(started)]);
  if (progress === undefined) throw new Error('a journal began with something else than its start');
  return progress;
}

async function steps(context: LoopContext, isLate: () => boolean, usedMs: () => number): Promise<Result<LoopReport>> {
  const startedAt = context.progress().started.at;
  const running = { state: 'running', exitCode: null, headline: '', startedAt, durationMs: null };
  context.request.history.save(historyRow(context, running));
  if (context.progress().worktree !== null) announce(context);
  let told = '';
  for (;;) {
    const changes = await checkoutChanges(context);
    if (changes !== '' && changes !== told) context.emit({ type: 'noted', text: changes });
    told = changes;
    const step: Step = context.request.signal.aborted
      ? { act: 'end', end: 'stopped', because: 'stopped by a person' }
      : nextStep(context.progress(), isLate());
    const besides = changes === '' ? '' : `; ${changes}`;
    if (step.act === 'end') {
      return ok(finish(context, { end: step.end, because: step.because + besides, problems: [] }, usedMs()));
    }
    const done = await take(context, step);
    if (done.ok) continue;
    for (const problem of done.problems) context.emit({ type: 'problem.found', problem });
    const because = done.problems[0].message + besides;
    return ok(finish(context, { end: 'environment', because, problems: done.problems }, usedMs()));
  }
}

async function take(context: LoopContext, step: Exclude<Step, { act: 'end' }>): Promise<Result<void>> {
  switch (step.act) {
    case 'make-worktree': {
      const { task, store, loop, environmentVariables } = context.request;
      const made = await makeWorktree(task, store, loop, protectionIn(task, task.root, environmentVariables));
      if (!made.ok) return made;
      context.record({ type: 'worktree-made', worktree: made.value });
      announce(context);
      return ok(undefined);
    }
    case 'attempt':
      return runAttempt(context, step.attempt);
    case 'checkpoint':
      return saveAttempt(context, step.attempt);
    case 'verify':
      return judgeAttempt(context, step.attempt);
  }
}

function announce(context: LoopContext): void {
  const { task, agent, limits } = context.request;
  const { branch, directory } = worktreeOf(context);
  context.emit({ type: 'loop.started', task: task.name, agent: agent.name, branch, worktree: directory, limits });
}

/** Puts all in order, then writes the end; done again after a kill in between. */
function finish(context: LoopContext, ending: Ending, durationMs: number): LoopReport {
  const { end, because } = ending;
  const progress = context.progress();
  const report = reportOf(progress, ending, durationMs);
  const attempts = report.attempts.filter(({ attempt }) => attempt > 0).length;
  context.emit({ type: 'loop.finished', end, because, attempts, branch: report.branch ?? '', durationMs });
  if (progress.worktree !== null && !isResumable(end)) removeWorktree(progress.worktree);
  const startedAt = progress.started.at;
  const row = historyRow(context, { state: end, exitCode: report.exitCode, headline: because, startedAt, durationMs });
  // It stands on its runs, which have links of their own.
  context.request.history.end(row, {});
  context.record({ type: 'ended', end, because });
  return report;
}

interface HistoryPart {
  readonly state: string;
  readonly exitCode: number | null;
  readonly headline: string;
  readonly startedAt: number;
  readonly durationMs: number | null;
}

function historyRow({ request, progress }: LoopContext, part: HistoryPart): RunRow {
  const { loop, task } = request;
  const distance = progress().attempts.findLast(({ judged }) => judged !== null)?.judged?.distance ?? null;
  return { ...part, run: loop, kind: 'loop', task: task.name, distance, loop: null };
}
