import { noUsage, plusUsage } from '../agent/usage.ts';
import type { LoopEnd, Usage } from '../events/event.ts';
import { countText, shareText, verbFor } from '../judge/text.ts';
import { isGreen } from '../judge/verdict.ts';
import type { JournalEntry, LoopLimits, Worktree } from '../store/journal.ts';

type Entry<Type extends JournalEntry['type']> = Extract<JournalEntry, { type: Type }>;

/** What is known of one attempt; attempt 0 is the start state. */
export interface AttemptRecord {
  readonly attempt: number;
  /** How often it was begun: more than once after it was cut. */
  readonly begun: number;
  /** What all of its beginnings used. */
  readonly spent: Usage;
  readonly agent: Entry<'agent-finished'> | null;
  readonly saved: Entry<'checkpointed'> | null;
  /** Verifications since the last resume that could not bring up the environment. */
  readonly environmentFailures: number;
  readonly judged: Entry<'judged'> | null;
}

/** Where a loop stands: a fold over its journal. */
export interface Progress {
  readonly started: Entry<'started'>;
  readonly limits: LoopLimits;
  /** Time that the gyms before this one took. */
  readonly usedMs: number;
  /** When this gym took over, epoch milliseconds. */
  readonly since: number;
  readonly worktree: Worktree | null;
  readonly attempts: readonly AttemptRecord[];
  readonly ended: Entry<'ended'> | null;
}

/** What is to be done next. */
export type Step =
  | { readonly act: 'make-worktree' }
  | { readonly act: 'attempt'; readonly attempt: number }
  | { readonly act: 'checkpoint'; readonly attempt: number }
  | { readonly act: 'verify'; readonly attempt: number }
  | { readonly act: 'end'; readonly end: LoopEnd; readonly because: string };

/** Attempts in a row without any change after which a loop is given up. */
export const stalledAttempts = 3;
/** Verifications that may fail on the environment before the loop is given up. */
const environmentTries = 2;

/** Whether a loop that ended so can be gone on with: what stopped it was not its budget. */
export function isResumable(end: LoopEnd): boolean {
  return end === 'stopped' || end === 'environment' || end === 'agent-failed';
}

/** Folds a journal; undefined when not even its first line was written. */
export function foldJournal(entries: readonly JournalEntry[]): Progress | undefined {
  const [first, ...others] = entries;
  if (first?.type !== 'started') return undefined;
  const begin: Progress = {
    started: first,
    limits: first.limits,
    usedMs: 0,
    since: first.at,
    worktree: null,
    attempts: [],
    ended: null,
  };
  return others.reduce(advance, begin);
}

/** The progress after one more entry. */
export function advance(progress: Progress, entry: JournalEntry): Progress {
  switch (entry.type) {
    case 'started':
      return progress;
    case 'resumed':
      return {
        ...progress,
        limits: entry.limits,
        usedMs: entry.usedMs,
        since: entry.at,
        attempts: progress.attempts.map(afterResume),
        ended: null,
      };
    case 'worktree-made':
      return { ...progress, worktree: entry.worktree };
    case 'attempt-begins':
      return change(progress, entry.attempt, ({ begun }) => ({ begun: begun + 1, agent: null, saved: null }));
    case 'agent-finished':
      return change(progress, entry.attempt, ({ spent }) => ({ agent: entry, spent: plusUsage(spent, entry.usage) }));
    case 'checkpointed':
      return change(progress, entry.attempt, () => ({ saved: entry }));
    case 'verify-begins':
      return change(progress, entry.attempt, () => ({ judged: null }));
    case 'judged':
      return change(progress, entry.attempt, ({ environmentFailures }) => ({
        judged: entry,
        environmentFailures: entry.exitCode === 4 ? environmentFailures + 1 : 0,
      }));
    case 'ended':
      return { ...progress, ended: entry };
  }
}

/** What a gym that goes on makes of an attempt: what failed or was cut short is tried again. */
function afterResume(record: AttemptRecord): AttemptRecord {
  const isWhole = record.agent?.outcome === 'claimed-done' || record.agent?.outcome === 'stopped';
  return {
    ...record,
    environmentFailures: 0,
    judged: wasJudged(record) ? record.judged : null,
    ...(isWhole ? {} : { agent: null, saved: null }),
  };
}

/** A verdict on the workspace, and not on what gym had to judge it with. */
function wasJudged({ attempt, judged }: AttemptRecord): boolean {
  return judged !== null && judged.exitCode !== 4 && !(attempt === 0 && judged.exitCode === 2);
}

function change(progress: Progress, attempt: number, by: (record: AttemptRecord) => Partial<AttemptRecord>): Progress {
  const blank = { attempt, begun: 0, spent: noUsage, agent: null, saved: null, environmentFailures: 0, judged: null };
  const record = progress.attempts.find((each) => each.attempt === attempt) ?? blank;
  const others = progress.attempts.filter((each) => each.attempt !== attempt);
  return { ...progress, attempts: [...others, { ...record, ...by(record) }] };
}

/** What all attempts used. */
export function spentBy(progress: Progress): Usage {
  return progress.attempts.reduce((sum, { spent }) => plusUsage(sum, spent), noUsage);
}

/** The commit that the worktree is at, or is put back to. */
export function lastCommit({ attempts, worktree }: Progress): string | undefined {
  return attempts.findLast(({ saved }) => saved !== null)?.saved?.commit ?? worktree?.start;
}

/** What is to be done next; `isLate`: the minutes of the loop are over. */
export function nextStep(progress: Progress, isLate: boolean): Step {
  const { worktree, attempts, limits } = progress;
  if (worktree === null) return { act: 'make-worktree' };
  const last = attempts.at(-1);
  const attempt = last?.attempt ?? 0;
  const late = {
    act: 'end',
    end: 'minutes',
    because: `${countText(limits.minutes, 'minute')} ${verbFor(limits.minutes, 'is', 'are')} over`,
  } as const;

  if (last?.agent?.outcome === 'failed') {
    return { act: 'end', end: 'agent-failed', because: last.agent.problem?.message ?? 'the agent failed' };
  }
  // Work that a budget cut short is kept on the branch, though nobody judged it.
  if (last?.agent != null && last.saved === null) return { act: 'checkpoint', attempt };
  if (last?.judged == null) {
    if (isLate) return late;
    return attempt > 0 && last?.agent == null ? { act: 'attempt', attempt } : { act: 'verify', attempt };
  }
  return afterVerdict(progress, last, last.judged) ?? (isLate ? late : { act: 'attempt', attempt: attempt + 1 });
}

/** How a verdict ends the loop, or sends it back to the judge; undefined: it goes on with another attempt. */
function afterVerdict(progress: Progress, last: AttemptRecord, judged: Entry<'judged'>): Step | undefined {
  const { attempt } = last;
  if (judged.exitCode === 4) {
    if (last.environmentFailures < environmentTries) return { act: 'verify', attempt };
    // The start state came up: that a service does not build or start any more is what the attempt has done, and the next one is told.
    if (attempt === 0 || judged.service === undefined)
      return { act: 'end', end: 'environment', because: judged.headline };
    return endOfBudget(progress, attempt);
  }
  if (isGreen(judged.state)) return { act: 'end', end: 'done', because: judged.headline };
  // No agent has touched it yet, so the definition itself is wrong.
  if (attempt === 0 && judged.exitCode === 2) return { act: 'end', end: 'environment', because: judged.headline };
  return endOfBudget(progress, attempt);
}

function endOfBudget(progress: Progress, attempt: number): Step | undefined {
  const { limits } = progress;
  if (isStalled(progress.attempts)) {
    const because = `nothing changed in ${stalledAttempts} attempts in a row`;
    return { act: 'end', end: 'stalled', because };
  }
  const { costUsd } = spentBy(progress);
  if (limits.usd !== null && costUsd !== null && costUsd >= limits.usd) {
    return { act: 'end', end: 'usd', because: `$${costUsd.toFixed(2)} of $${limits.usd} are spent` };
  }
  if (attempt < limits.attempts) return undefined;
  return {
    act: 'end',
    end: 'attempts',
    because: `${shareText(attempt, limits.attempts, 'attempt')} ${verbFor(attempt, 'is', 'are')} made`,
  };
}

function isStalled(attempts: readonly AttemptRecord[]): boolean {
  if (attempts.length <= stalledAttempts) return false;
  const [before, ...recent] = attempts.slice(-stalledAttempts - 1);
  return recent.every(({ saved, judged }) => saved?.files === 0 && judged?.distance === before?.judged?.distance);
}
