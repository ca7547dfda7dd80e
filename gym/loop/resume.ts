import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import { type LoopLimits, readJournal } from '../store/journal.ts';
import { namesMeant, type Store } from '../store/store.ts';
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

/** What `gym loop --resume WHICH` names: a loop by its name or a unique end of it, or a task by its name or file. */
export interface Which {
  readonly name: string;
  readonly taskFile: string | undefined;
}

/** The loop that is named; of a task, or of all, the newest that did not come to its end and that no process works on. */
export function findResumable(store: Store, which?: Which): Result<ResumableLoop> {
  const runs = join(store.directory, 'runs');
  const loops = (existsSync(runs) ? readdirSync(runs) : [])
    .filter((each) => existsSync(journalFile(store, each)))
    .sort()
    .reverse();
  const named = which === undefined ? [] : namesMeant(loops, which.name);
  const [loop] = named;
  if (loop !== undefined) return named.length === 1 ? theLoop(store, loop) : ambiguous(which?.name ?? '', named);
  const ofTask = loops.flatMap((each) => {
    const progress = progressOf(store, each);
    return progress !== undefined && (which === undefined || isOf(progress, which)) ? [progress] : [];
  });
  if (which !== undefined && which.taskFile === undefined && ofTask.length === 0) {
    const message = `there is no loop or task ${which.name}`;
    return failed({ kind: 'usage', message, remedy: 'list them with: gym runs' });
  }
  const open = ofTask.find((each) => isOpen(each) && !isTaken(join(runs, each.started.loop)));
  if (open !== undefined) return ok(offer(open));
  const message = `there is no loop ${which === undefined ? '' : `of ${which.name} `}to resume`;
  return failed({ kind: 'usage', message, remedy: start });
}

function ambiguous(name: string, loops: readonly string[]): Result<never> {
  const message = `${name} may be any of: ${loops.join(', ')}`;
  return failed({ kind: 'usage', message, remedy: 'list them with: gym runs' });
}

function theLoop(store: Store, loop: string): Result<ResumableLoop> {
  const progress = progressOf(store, loop);
  if (progress !== undefined && isOpen(progress)) return ok(offer(progress));
  const how = progress?.ended == null ? 'never began' : `ended: ${progress.ended.because}`;
  return failed({ kind: 'usage', message: `the loop ${loop} ${how}`, remedy: start });
}

function isOf({ started }: Progress, { name, taskFile }: Which): boolean {
  return started.task === name || started.taskFile === taskFile;
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
  return join(store.runDirectory(loop), 'journal.ndjson');
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
