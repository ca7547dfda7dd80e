import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import { type LoopLimits, readJournal } from '../store/journal.ts';
import type { Store } from '../store/store.ts';
import { isTaken } from './owner.ts';
import { foldJournal, isResumable, type Progress } from './progress.ts';

/** A loop that can be gone on with, and what it was begun with. */
export interface ResumableLoop {
  readonly loop: string;
  readonly taskFile: string;
  readonly agentChoice: string;
  readonly limits: LoopLimits;
}

const start = 'start one with: gym loop TASK --agent AGENT';

/** The loop of that name, or else the newest that did not come to its end and that no process works on. */
export function findResumable(store: Store, name?: string): Result<ResumableLoop> {
  const runs = join(store.directory, 'runs');
  const loops = readdirSync(runs)
    .filter((each) => existsSync(journalFile(store, each)))
    .sort()
    .reverse();
  if (name === undefined) {
    for (const loop of loops) {
      const progress = progressOf(store, loop);
      if (progress !== undefined && isOpen(progress) && !isTaken(join(runs, loop))) return ok(offer(progress));
    }
    return failed({ kind: 'usage', message: 'there is no loop to resume', remedy: start });
  }
  const found = loops.filter((loop) => loop === name || loop.endsWith(name));
  const [loop] = found;
  if (loop === undefined || found.length > 1) {
    const message = found.length > 1 ? `${name} may be any of: ${found.join(', ')}` : `there is no loop ${name}`;
    return failed({ kind: 'usage', message, remedy: 'list them with: gym runs' });
  }
  const progress = progressOf(store, loop);
  if (progress === undefined || !isOpen(progress)) {
    const how = progress?.ended == null ? 'never began' : `ended: ${progress.ended.because}`;
    return failed({ kind: 'usage', message: `the loop ${loop} ${how}`, remedy: start });
  }
  return ok(offer(progress));
}

/** Whether a loop began and did not come to its end, so that it can be gone on with. One whose journal cannot be read may be. */
export function canResume(store: Store, loop: string): boolean {
  if (!existsSync(journalFile(store, loop))) return false;
  try {
    const progress = progressOf(store, loop);
    return progress !== undefined && isOpen(progress);
  } catch {
    return true;
  }
}

/** The journal of a loop. */
export function journalFile(store: Store, loop: string): string {
  return join(store.directory, 'runs', loop, 'journal.ndjson');
}

function progressOf(store: Store, loop: string): Progress | undefined {
  return foldJournal(readJournal(journalFile(store, loop)));
}

function isOpen({ ended }: Progress): boolean {
  return ended === null || isResumable(ended.end);
}

function offer({ started, limits }: Progress): ResumableLoop {
  return { loop: started.loop, taskFile: started.taskFile, agentChoice: started.agent, limits };
}
