import { join } from 'node:path';
import type { Answer } from '../../hooks/answer.ts';
import { firstGuarded } from '../../hooks/guard.ts';
import { openStore } from '../../store/store.ts';
import { displayPath } from '../../task/display-path.ts';
import { findTask } from '../../task/find.ts';
import { loadTask } from '../../task/load.ts';
import { protectionOf } from '../../workspace/protection.ts';

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
}

/** Denies an edit of what is protected, but for tests where new ones may be added: those that were there are restored when it is judged. Where the task cannot be loaded the verdict tells; until then nothing of it is known to be. */
export async function guard({ files, top, named, settings }: EditAhead): Promise<Answer | undefined> {
  const file = await findTask(named, top);
  const task = file.ok ? await loadTask(file.value) : file;
  if (!task.ok) return undefined;
  const { root } = task.value;
  const { covers, mayAdd } = protectionOf(task.value);
  const own = [join(top, settings), openStore(top).directory];
  const found = firstGuarded(files, { root, isProtected: (path) => covers(path) && !mayAdd(path), own });
  return found === undefined ? undefined : { act: 'deny', words: denial[found.of](displayPath(found.file)) };
}

const denial = {
  task: (file: string): string =>
    `${file} is protected, so this edit was not made: it is part of what judges the task. Go on without changing it; if it has to change, tell the person why.`,
  gym: (file: string): string =>
    `${file} has gym's hooks or records in it, so this edit was not made. If it has to change, tell the person why.`,
};
