import { join } from 'node:path';
import type { Answer } from '../../hooks/answer.ts';
import { firstGuarded } from '../../hooks/guard.ts';
import { openStore } from '../../store/store.ts';
import { displayPath } from '../../task/display-path.ts';
import { findTask } from '../../task/find.ts';
import { loadTask } from '../../task/load.ts';
import { protectionIn } from '../../verify/protecting.ts';
import { findJudging } from '../../workspace/judging.ts';
import type { Context } from '../context.ts';

/** An edit that is about to be made. */
export interface EditAhead {
  /** Absolute paths of the files that would be written. */
  readonly files: readonly string[];
  /** The top of the checkout. */
  readonly top: string;
  /** The task's folder, relative to it. */
  readonly named: string;
  /** The settings that have the hooks, relative to it. */
  readonly settings: string;
  readonly env: Context['env'];
}

/**
 * Denies an edit of what judges the task. A test that the baseline does not have may be added and changed. Where the task cannot be loaded the
 * verdict tells; until then nothing of it is known to be protected.
 */
export async function guard({ files, top, named, settings, env }: EditAhead): Promise<Answer | undefined> {
  const file = await findTask(named, top);
  const task = file.ok ? await loadTask(file.value) : file;
  if (!file.ok || !task.ok) return undefined;
  const { root } = task.value;
  const { covers, mayAdd } = protectionIn(task.value, root, env);
  const own = [join(top, settings), openStore(top).directory];
  const first = (isProtected: (path: string) => boolean) => firstGuarded(files, { root, isProtected, own });
  const covered = first(covers);
  if (covered === undefined) return undefined;
  // What the baseline has is asked of git only where it decides.
  const found = first((path) => covers(path) && !mayAdd(path)) ?? first(await inBaseline(file.value, covers));
  return found === undefined ? undefined : { act: 'deny', words: denial[found.of](displayPath(found.file)) };
}

async function inBaseline(taskFile: string, covers: (path: string) => boolean): Promise<(path: string) => boolean> {
  const judging = await findJudging(taskFile, undefined);
  if (!judging.ok || judging.value.kind === 'own') return () => false;
  const paths = new Set(judging.value.baseline.paths);
  return (path) => covers(path) && paths.has(path);
}

const denial = {
  task: (file: string): string =>
    `${file} is protected, so this edit was not made: it is part of what judges the task. Go on without changing it. If it has to change, ask the person for it, with all that the file should have on standard input (-) or in a copy that you have edited: gym propose ${file} --from - --reason WORDS`,
  gym: (file: string): string =>
    `${file} has gym's hooks or records in it, so this edit was not made. If it has to change, tell the person why.`,
};
