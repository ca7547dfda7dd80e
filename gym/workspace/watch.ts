import { realpathSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ok, type Problem, type Result } from '../events/problem.ts';
import { runGit } from './git.ts';
import { entryAt } from './paths.ts';
import { watchTree } from './watch-tree.ts';

/** A folder that is watched. */
export interface Watching {
  close(): void;
}

/** Who hears of a folder that is watched. */
export interface WatchListener {
  /** These paths were written, made or removed, relative to the folder. */
  onSaved(paths: readonly string[]): void;
  /** Not all of it is watched any more. */
  onLost(problem: Problem): void;
}

/** Saves that follow each other within this time are one: an editor writes a file in several steps. */
const togetherMs = 30;
/** After more files than anybody saves by hand it is longer: git writes many, with pauses. */
const burst = { files: 50, togetherMs: 200 };
/** After so many the kernel may have dropped some (inotify(7), max_queued_events): folders that nobody told of are looked for. */
const droppingFiles = 1000;
/** When git is asked what it ignores, so that it has answered when the time is over. */
const askAfterMs = 5;

/**
 * Tells of what is saved in a folder and all below it, but for what git ignores, as soon as nothing more has come for 30 ms; after more than 50 files,
 * for 200 ms. A file that was made and is gone again by then was no save: editors make some on the way to one.
 *
 *     quiet ──save──► collecting ──nothing for 30 ms──► told
 *                         └──save──► collecting
 *
 * A problem of kind `environment`: the system watches no more folders.
 */
export async function watchWorkspace(folder: string, { onSaved, onLost }: WatchListener): Promise<Result<Watching>> {
  const root = realpathSync(folder);
  const ignored = await ignoredBelow(root);
  const isWanted = (path: string): boolean => !ignored.has(relative(root, path));
  const tree = watchTree(root, {
    isWanted,
    onChanged: (path, wasThere) => saves.add(relative(root, path), wasThere),
    onLost,
  });
  if (!tree.ok) return tree;
  const saves = collectSaves(root, (paths, isBig) => {
    const problem = isBig ? tree.value.look() : undefined;
    if (problem === undefined) onSaved(paths);
    else onLost(problem);
  });
  const close = (): void => {
    tree.value.close();
    saves.close();
  };
  return ok({ close });
}

/** Collects paths until no more come, and gives those that git does not ignore; `isBig`: there may have been others. */
function collectSaves(
  root: string,
  onSaved: (paths: readonly string[], isBig: boolean) => void,
): { add(path: string, wasThere: boolean): void; close(): void } {
  /** Whether each was there before. */
  const changed = new Map<string, boolean>();
  /** What git was asked before the time was over. */
  let asked: { readonly paths: ReadonlySet<string>; readonly seen: Promise<string[]> } | undefined;
  let asking: NodeJS.Timeout | undefined;
  let settling: NodeJS.Timeout | undefined;
  let isClosed = false;
  const ask = (): void => {
    const paths = [...changed.keys()];
    asked = { paths: new Set(paths), seen: notIgnored(root, paths) };
  };
  const settle = async (): Promise<void> => {
    const early = asked;
    const before = new Map(changed);
    const isSave = (path: string): boolean => before.get(path) === true || entryAt(join(root, path)) !== undefined;
    const rest = [...before.keys()].filter((path) => isSave(path) && early?.paths.has(path) !== true);
    const isBig = before.size > droppingFiles;
    changed.clear();
    asked = undefined;
    const seen = await Promise.all([early?.seen ?? [], rest.length === 0 ? [] : notIgnored(root, rest)]);
    const saved = seen.flat().filter(isSave);
    if (!isClosed && (isBig || saved.length > 0)) onSaved(saved.sort(), isBig);
  };
  const add = (path: string, wasThere: boolean): void => {
    if (changed.size === 0) asking = setTimeout(ask, askAfterMs);
    if (!changed.has(path)) changed.set(path, wasThere);
    clearTimeout(settling);
    const ms = changed.size > burst.files ? burst.togetherMs : togetherMs;
    // Timers come before what the kernel has to tell: where this process was held up, that is heard first.
    const mine = setTimeout(() => setImmediate(() => settling === mine && settle()), ms);
    settling = mine;
  };
  const close = (): void => {
    isClosed = true;
    clearTimeout(asking);
    clearTimeout(settling);
  };
  return { add, close };
}

/** Folders that git ignores as a whole. */
async function ignoredBelow(root: string): Promise<ReadonlySet<string>> {
  const listed = await runGit(['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z'], {
    cwd: root,
  });
  return new Set(listed.stdout.split('\0').map((path) => path.replace(/\/$/, '')));
}

/** Without git, nothing is ignored. */
async function notIgnored(root: string, paths: readonly string[]): Promise<string[]> {
  const named = await runGit(['check-ignore', '--stdin', '-z'], { cwd: root, input: paths.join('\0') });
  const ignored = new Set(named.stdout.split('\0'));
  return paths.filter((path) => !ignored.has(path));
}
