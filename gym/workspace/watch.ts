import { realpathSync } from 'node:fs';
import { relative } from 'node:path';
import { ok, type Problem, type Result } from '../events/problem.ts';
import { runGit } from './git.ts';
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
 * for 200 ms.
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
  const tree = watchTree(root, { isWanted, onChanged: (path) => saves.add(relative(root, path)), onLost });
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
): { add(path: string): void; close(): void } {
  const changed = new Set<string>();
  /** What git was asked before the time was over. */
  let asked: { readonly paths: ReadonlySet<string>; readonly seen: Promise<string[]> } | undefined;
  let asking: NodeJS.Timeout | undefined;
  let settling: NodeJS.Timeout | undefined;
  let isClosed = false;
  const ask = (): void => {
    const paths = [...changed];
    asked = { paths: new Set(paths), seen: notIgnored(root, paths) };
  };
  const settle = async (): Promise<void> => {
    const early = asked;
    const rest = [...changed].filter((path) => early?.paths.has(path) !== true);
    const isBig = changed.size > droppingFiles;
    changed.clear();
    asked = undefined;
    const seen = await Promise.all([early?.seen ?? [], rest.length === 0 ? [] : notIgnored(root, rest)]);
    if (!isClosed && (isBig || seen.flat().length > 0)) onSaved(seen.flat().sort(), isBig);
  };
  const add = (path: string): void => {
    if (changed.size === 0) asking = setTimeout(ask, askAfterMs);
    changed.add(path);
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
