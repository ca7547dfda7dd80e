import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tryLock } from '../store/lock.ts';
import type { Store } from '../store/store.ts';
import type { Task } from '../task/schema.ts';
import { runGit } from '../workspace/git.ts';

/** Whose loops, and where they are. */
interface Place {
  readonly task: Task;
  readonly store: Store;
}

const prefix = 'loop-';
const lockName = 'prove';
const folderOf = ({ store }: Place): string => join(store.directory, 'proofs');

/** Makes the folder in which a loop has its store, and takes it for this process until it ends. */
export function takeFolder(place: Place, loop: string): string {
  const folder = join(folderOf(place), `${prefix}${loop}`);
  tryLock(folder, lockName);
  return folder;
}

/** Removes loops of a gym that was killed; one that another gym is at stays. */
export async function removeLeftLoops(place: Place): Promise<void> {
  for (const name of globSync(`${prefix}*`, { cwd: folderOf(place) })) {
    const taken = tryLock(join(folderOf(place), name), lockName);
    if (!('lock' in taken)) continue;
    if (taken.lock.tookOver) await removeLoop(place, name.slice(prefix.length));
    else taken.lock.release();
  }
}

/** Removes a loop's folder, its branch, and what git keeps of its worktree; the user's other worktrees stay as they are. */
export async function removeLoop(place: Place, loop: string): Promise<void> {
  const { task } = place;
  // What a cheat left running may still write into it.
  rmSync(join(folderOf(place), `${prefix}${loop}`), { recursive: true, force: true, maxRetries: 5 });
  const common = await runGit(['rev-parse', '--path-format=absolute', '--git-common-dir'], { cwd: task.root });
  if (common.exitCode !== 0) return;
  rmSync(join(common.stdout.trim(), 'worktrees', loop), { recursive: true, force: true });
  await runGit(['branch', '--quiet', '-D', `gym/${task.name}/${loop}`], { cwd: task.root });
}
