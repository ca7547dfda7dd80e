import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Garbage } from '../environment/garbage.ts';
import type { History, RunRow } from '../store/history.ts';
import { readJournal } from '../store/journal.ts';
import type { Store } from '../store/store.ts';
import { runGit } from '../workspace/git.ts';
import { unusedPlaces } from '../workspace/place.ts';
import { removeWorktree } from '../workspace/worktree.ts';
import { isTaken } from './owner.ts';
import { canResume, journalFile } from './resume.ts';

/** How many runs are kept, the newest of them. */
const keptRuns = 200;
const keptDays = 30;
const dayMs = 24 * 60 * 60_000;
/** A folder that was written to so short ago may be that of a run that is about to begin. */
const youngMs = 10 * 60_000;

/** Something of the store that nobody needs, and how it goes. */
export interface StoreGarbage extends Garbage {
  remove(): void;
}

/** What else is needed to know which runs are in use. */
export interface StoreUse {
  readonly store: Store;
  readonly history: History;
  /** Runs that brought up an environment which is still there. */
  readonly usedRuns: ReadonlySet<string>;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * Folders of runs beyond the newest 200 or older than 30 days, snapshots that no workspace needs, and worktrees of
 * loops that cannot be resumed. Never anything of a run that is running, of an environment that is up, nor of a loop that
 * can be resumed. The history keeps a line of every run.
 */
export async function findStoreGarbage(use: StoreUse): Promise<readonly StoreGarbage[]> {
  const { store, history, now } = use;
  const rows = new Map(history.newest(Number.MAX_SAFE_INTEGER).map((row) => [row.run, row]));
  const folder = join(store.directory, 'runs');
  const runs = readdirSync(folder).sort().reverse();
  const held = new Set(runs.filter((run) => isHeld(use, run, rows.get(run))));
  const isFree = (run: string): boolean => !held.has(run) && !held.has(rows.get(run)?.loop ?? '');
  const found = runs.flatMap((run, index): StoreGarbage[] => {
    if (!isFree(run)) return [];
    const directory = join(folder, run);
    const isOld = now - statSync(directory).mtimeMs > keptDays * dayMs;
    if (index >= keptRuns || isOld) {
      const why = isOld ? `older than ${keptDays} days` : `beyond the newest ${keptRuns}`;
      return [folderGarbage('run', run, directory, why)];
    }
    return [];
  });
  const snapshots = unusedPlaces(store, now - keptDays * dayMs).map(({ name, directory }) =>
    folderGarbage('snapshot', name, directory, `of a workspace that is gone, or not used for ${keptDays} days`),
  );
  return [...found, ...snapshots, ...(await findWorktrees(use))];
}

function isHeld({ store, usedRuns, now }: StoreUse, run: string, row: RunRow | undefined): boolean {
  const directory = join(store.directory, 'runs', run);
  const isYoung = row === undefined && now - statSync(directory).mtimeMs < youngMs;
  return isYoung || row?.state === 'running' || usedRuns.has(run) || isTaken(directory) || canResume(store, run);
}

async function findWorktrees({ store }: StoreUse): Promise<StoreGarbage[]> {
  const folder = join(store.directory, 'worktrees');
  if (!existsSync(folder)) return [];
  // Beside them are repositories (LOOP.git), which hold the branch of a loop without a repository of the user's.
  const loops = readdirSync(folder).filter((name) => /^[^.]+$/.test(name));
  const free = loops.filter((loop) => !isUnderWay(store, loop) && !canResume(store, loop));
  return Promise.all(
    free.map(async (loop) => {
      const directory = join(folder, loop);
      const gitDirectory = await linkedGitDirectory(directory);
      return {
        ...folderGarbage('worktree', loop, directory, 'its loop cannot be resumed'),
        remove() {
          const made = madeWorktree(store, loop);
          if (made !== undefined) removeWorktree(made);
          rmSync(directory, { recursive: true, force: true });
          if (gitDirectory !== undefined) rmSync(gitDirectory, { recursive: true, force: true });
        },
      };
    }),
  );
}

function isUnderWay(store: Store, loop: string): boolean {
  const directory = join(store.directory, 'runs', loop);
  return existsSync(directory) && isTaken(directory);
}

function madeWorktree(store: Store, loop: string) {
  const file = journalFile(store, loop);
  const made = existsSync(file) ? readJournal(file).find(({ type }) => type === 'worktree-made') : undefined;
  return made?.type === 'worktree-made' ? made.worktree : undefined;
}

/** What git keeps of a worktree in the user's repository, found from that side: an agent may have changed the other. */
async function linkedGitDirectory(directory: string): Promise<string | undefined> {
  const common = await runGit(['rev-parse', '--path-format=absolute', '--git-common-dir'], {
    cwd: join(directory, '..'),
  });
  if (common.exitCode !== 0) return undefined;
  const gitDirectory = join(common.stdout.trim(), 'worktrees', basename(directory));
  const link = join(gitDirectory, 'gitdir');
  return existsSync(link) && readFileSync(link, 'utf8').trim() === join(directory, '.git') ? gitDirectory : undefined;
}

function folderGarbage(kind: Garbage['kind'], name: string, directory: string, why: string): StoreGarbage {
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  return { kind, name, bytes: sizeOf(directory), why, remove };
}

/** Bytes on the disk of a folder and all in it; what vanishes meanwhile counts nothing. */
function sizeOf(path: string): number {
  try {
    const { blocks } = lstatSync(path);
    const own = blocks * 512;
    if (!lstatSync(path).isDirectory()) return own;
    return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), own);
  } catch {
    return 0;
  }
}
