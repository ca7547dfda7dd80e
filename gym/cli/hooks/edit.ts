import { globSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer } from '../../hooks/answer.ts';
import { quickStages, runQuickStages } from '../../hooks/quick.ts';
import { tryLock } from '../../store/lock.ts';
import { openStore } from '../../store/store.ts';
import { findTask } from '../../task/find.ts';
import { loadTask } from '../../task/load.ts';
import type { Task } from '../../task/schema.ts';
import { listFiles } from '../../workspace/files.ts';
import { protectionOf } from '../../workspace/protection.ts';
import { takeSnapshot } from '../../workspace/snapshot.ts';

/** An agent does not wait longer for a look at its edit; from the start of this process. */
const limitMs = 1_700;
/** A copy of more would take too long. */
const filesLimit = 3_000;

/** Runs the quick stages on the workspace after an edit; undefined: they pass, there are none, or the time was not enough to know. */
export async function lookAtEdit(top: string, named: string): Promise<Answer | undefined> {
  const file = await findTask(named, top);
  const loaded = file.ok ? await loadTask(file.value) : file;
  if (!loaded.ok) return undefined;
  const task = loaded.value;
  if (quickStages(task).length === 0 || (await listFiles(task.root)).length > filesLimit) return undefined;
  const store = openStore(top);
  store.make();
  const folder = join(store.directory, 'hooks');
  // Of edits side by side the first is looked at.
  const taken = tryLock(folder, 'edit');
  if (!('lock' in taken)) return undefined;
  const leftMs = Math.max(0, limitMs - Math.round(performance.now()));
  try {
    const words = await look(task, folder, AbortSignal.timeout(leftMs));
    return words === undefined ? undefined : { act: 'add', words: `gym, after this edit: ${words}` };
  } finally {
    taken.lock.release();
  }
}

async function look(task: Task, folder: string, signal: AbortSignal): Promise<string | undefined> {
  mkdirSync(folder, { recursive: true });
  // Nobody else looks now: what is there was left by one that was killed.
  for (const left of globSync('edit-*', { cwd: folder })) rmSync(join(folder, left), { recursive: true, force: true });
  const { root } = task;
  const directory = join(folder, `edit-${process.pid}`);
  try {
    const snapshot = await takeSnapshot({
      workspace: root,
      baseline: undefined,
      protection: protectionOf(task),
      directory,
    });
    if (!snapshot.ok || signal.aborted) return undefined;
    return await runQuickStages({ task, directory, notes: join(folder, 'quick.json'), signal, clock: Date.now });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
