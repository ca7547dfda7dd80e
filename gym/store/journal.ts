import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { loopEnd, state, usage } from '../events/event.ts';
import { problem } from '../events/problem.ts';

const limits = z.object({ attempts: z.number(), minutes: z.number(), usd: z.number().nullable() });
/** Budgets of a loop. `usd`: null where there is no bound. */
export type LoopLimits = z.infer<typeof limits>;

const worktree = z.object({
  /** Top folder of the worktree. */
  directory: z.string(),
  /** The task's folder in it: the workspace. */
  workspace: z.string(),
  gitDirectory: z.string(),
  /**
   * `linked`: the branch is in the user's repository. `own`: there was none, so it is in a repository beside the worktree. `isolated`: in both, so
   * that whoever works in the worktree finds no history.
   */
  kind: z.enum(['linked', 'own', 'isolated']),
  /** Of an isolated one, the git directory of the user's repository. */
  home: z.string().optional(),
  branch: z.string(),
  /** Commit of the start state. */
  start: z.string(),
  /** Tree from which protected files are taken, where it is not that of the start commit: with hidden files, which that has not. */
  baseline: z.string().optional(),
  /** Hash by path of the checkout's protected files when the worktree was made. */
  protectedFiles: z.record(z.string(), z.string()).optional(),
});
/** The worktree in which the agent of a loop works, with its branch. */
export type Worktree = z.infer<typeof worktree>;

const session = z.object({ id: z.string(), used: usage });
const attempt = z.number().int().nonnegative();

const entryBody = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('started'),
    loop: z.string(),
    task: z.string(),
    taskFile: z.string(),
    /** As given to `--agent`. */
    agent: z.string(),
    limits,
  }),
  /** Another gym goes on with the loop; `usedMs` is what the ones before it took. */
  z.object({ type: z.literal('resumed'), usedMs: z.number(), limits }),
  z.object({ type: z.literal('worktree-made'), worktree }),
  z.object({ type: z.literal('attempt-begins'), attempt }),
  z.object({
    type: z.literal('agent-finished'),
    attempt,
    outcome: z.enum(['claimed-done', 'stopped', 'failed', 'aborted']),
    /** Why it failed. */
    problem: problem.optional(),
    usage,
    session: session.nullable(),
    durationMs: z.number(),
  }),
  z.object({ type: z.literal('checkpointed'), attempt, commit: z.string(), files: z.number() }),
  z.object({ type: z.literal('verify-begins'), attempt, run: z.string() }),
  z.object({
    type: z.literal('judged'),
    attempt,
    run: z.string(),
    state,
    exitCode: z.number(),
    /** The service that could not be brought up; none: it was not a service's doing. */
    service: z.string().optional(),
    distance: z.number().nullable(),
    headline: z.string(),
    /** The verdict in terse words, for the next prompt. */
    words: z.string(),
    durationMs: z.number(),
  }),
  /** Written when all is in order for good or until a resume. */
  z.object({ type: z.literal('ended'), end: loopEnd, because: z.string() }),
]);
/** What a loop is about to do, or what came of it. */
export type JournalEntryBody = z.infer<typeof entryBody>;

const entry = z.intersection(z.object({ v: z.literal(1), at: z.number() }), entryBody);
/** One line of a journal; `at` in epoch milliseconds. */
export type JournalEntry = z.infer<typeof entry>;

/** A journal that is open for writing. */
export interface Journal {
  /** Gives back the entry once it is on the disk. */
  append(body: JournalEntryBody): JournalEntry;
  close(): void;
}

/** Opens a journal for appending; a torn last line is cut off first. */
export function openJournal(file: string, clock: () => number = Date.now): Journal {
  cutTornLine(file);
  const descriptor = openSync(file, 'a');
  return {
    append(body) {
      const next: JournalEntry = { v: 1, at: clock(), ...body };
      writeSync(descriptor, `${JSON.stringify(next)}\n`);
      fsyncSync(descriptor);
      return next;
    },
    close: () => closeSync(descriptor),
  };
}

/** Reads a journal; a torn last line never happened. Any other bad line is a bug of the writer and throws. */
export function readJournal(file: string): JournalEntry[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  lines.pop();
  return lines.map((line) => entry.parse(JSON.parse(line)));
}

/** Cuts off what a kill in mid-write left after the last line break of a file, so that it can be appended to. */
export function cutTornLine(file: string): void {
  if (!existsSync(file)) return;
  const content = readFileSync(file);
  const end = content.lastIndexOf(0x0a) + 1;
  if (end < content.length) truncateSync(file, end);
}
