import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Result } from '../events/problem.ts';
import { checkoutOfLoop, type ProposedFile, readProposals } from '../store/proposals.ts';
import { checkoutOf, openStore, type Store, taskFile } from '../store/store.ts';
import { loadTask } from '../task/load.ts';
import type { Task } from '../task/schema.ts';
import { acceptedFiles, modulesWith } from '../workspace/accepted.ts';
import type { Judging } from '../workspace/judging.ts';

/** The store that proposals made in a folder are kept in: in the worktree of a loop, that of the loop. */
export function proposalStore(folder: string): Store {
  return openStore(checkoutOfLoop(folder) ?? checkoutOf(folder));
}

/** The task file whose workspace a file is in. */
export function taskFileAbove(file: string): string | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, taskFile))) return join(folder, taskFile);
    if (dirname(folder) === folder) return undefined;
  }
}

/**
 * Loads a task with changes to its files, beside what a person has accepted. Their code runs in this process, so this is only for whoever makes them or
 * decides on them, and never for what judges.
 */
export function loadWith(
  file: string,
  { baseline, state }: Extract<Judging, { kind: 'commit' }>,
  changes: readonly ProposedFile[],
): Promise<Result<Task>> {
  const folder = dirname(file);
  const all = readProposals(proposalStore(folder)).filter((each) => each.folder === baseline.commit?.folder);
  return loadTask(file, modulesWith(state, [...acceptedFiles(baseline, all), ...changes], folder));
}
