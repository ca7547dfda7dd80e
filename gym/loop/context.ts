import type { Emit } from '../events/event.ts';
import type { JournalEntryBody, Worktree } from '../store/journal.ts';
import type { Progress } from './progress.ts';
import type { LoopRequest } from './request.ts';

/** What the steps of a loop work with. */
export interface LoopContext {
  readonly request: LoopRequest;
  /** The loop's folder in the store: prompts, logs, verdicts. */
  readonly directory: string;
  readonly emit: Emit;
  /** Aborted by a person, or when the minutes are over. */
  readonly signal: AbortSignal;
  readonly clock: () => number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Where the loop stands now. */
  progress(): Progress;
  /** Writes to the journal, and moves the progress on. */
  record(body: JournalEntryBody): void;
}

/** The worktree, in a step that comes after it was made. */
export function worktreeOf(context: LoopContext): Worktree {
  const { worktree } = context.progress();
  if (worktree === null) throw new Error('a step was taken before the worktree was made');
  return worktree;
}

/** The file with the last verdict, as JSON, that attempt `attempt` led to. */
export function verdictFile({ directory }: LoopContext, attempt: number): string {
  return `${directory}/verdict-${attempt}.json`;
}
