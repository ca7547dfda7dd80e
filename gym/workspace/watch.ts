import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { join, relative } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import { runGit } from './git.ts';

/** A folder that is watched. */
export interface Watching {
  close(): void;
}

/** Saves that follow each other within this time are one: an editor writes a file in several steps. */
const togetherMs = 30;
/** Never looked into, whatever git says. */
const passedOver = new Set(['.git', '.gym', 'node_modules']);

/**
 * Calls `onSaved` with the paths that were written, made or removed in a folder and all below it, as soon as nothing more has come for 30 ms.
 * What git ignores is passed over. Each folder is watched by itself: watching a tree as a whole would watch what is ignored too. A problem of
 * kind `environment`: the system watches no more folders.
 */
export async function watchWorkspace(
  root: string,
  onSaved: (paths: readonly string[]) => void,
): Promise<Result<Watching>> {
  const ignored = await ignoredBelow(root);
  const watchers = new Map<string, FSWatcher>();
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const settle = async (): Promise<void> => {
    const paths = [...changed].sort();
    changed.clear();
    const seen = await notIgnored(root, paths);
    if (!closed && seen.length > 0) onSaved(seen);
  };
  const onEvent = (folder: string, name: string | null): void => {
    if (name === null || passedOver.has(name)) return;
    const path = join(folder, name);
    // What was made below it before it was watched is found by looking.
    if (isFolder(path) && !watchers.has(path)) for (const found of add(path)) changed.add(relative(root, found));
    changed.add(relative(root, path));
    clearTimeout(timer);
    timer = setTimeout(settle, togetherMs);
  };
  /** Watches a folder and those below it; gives the files that are there. */
  const add = (folder: string): string[] => {
    const watcher = watch(folder, (_, name) => onEvent(folder, name));
    const drop = (): void => {
      watcher.close();
      watchers.delete(folder);
    };
    watcher.on('error', drop);
    watchers.set(folder, watcher);
    const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !passedOver.has(name));
    return entries.flatMap((entry) => {
      const path = join(folder, entry.name);
      if (!entry.isDirectory()) return [path];
      return ignored.has(relative(root, path)) ? [] : add(path);
    });
  };
  const close = (): void => {
    closed = true;
    clearTimeout(timer);
    for (const watcher of watchers.values()) watcher.close();
  };
  try {
    add(root);
    return ok({ close });
  } catch (error) {
    close();
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOSPC' && code !== 'EMFILE') throw error;
    const message = `the system watches no more folders (${code}); this one has ${watchers.size} and more`;
    const remedy = 'Allow more: sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512.';
    return failed({ kind: 'environment', message, place: { file: root }, remedy });
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
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
