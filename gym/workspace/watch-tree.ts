import { type FSWatcher, lstatSync, readdirSync, type Stats, watch } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import { entryAt } from './paths.ts';

/** Who hears of a tree of folders. */
export interface TreeListener {
  /** Whether a folder is watched, by its absolute path. */
  isWanted(folder: string): boolean;
  /** An absolute path was written, made or removed; `wasThere`: it was there until now, as far as anybody has told. */
  onChanged(path: string, wasThere: boolean): void;
  /** Not all of it is watched any more: it is gone, or the system watches no more. */
  onLost(problem: Problem): void;
}

/** A tree that is watched. */
export interface WatchedTree {
  /** Looks for folders that nobody has told of; the problem that keeps them from being watched. */
  look(): Problem | undefined;
  close(): void;
}

/** Never looked into, whatever git says. */
const passedOver = new Set(['.git', '.gym', 'node_modules']);

/** Gone again, or nobody's to read: there is nothing to be watched. */
const unwatchable = ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'];

/**
 * Watches a folder and all below it, those included that are made later. Each is watched by itself: watching the tree as a whole would watch what is not
 * wanted too. A problem of kind `environment`: the system watches no more folders.
 */
export function watchTree(root: string, listener: TreeListener): Result<WatchedTree> {
  const tree = new Tree(root, listener);
  const problem = tree.look();
  if (problem === undefined) return ok(tree);
  tree.close();
  return failed(problem);
}

class Tree implements WatchedTree {
  readonly #root: string;
  readonly #listener: TreeListener;
  /** By folder; another one of the same name has another inode. `names`: what is in it. */
  readonly #watched = new Map<
    string,
    { readonly watcher: FSWatcher; readonly inode: number; readonly names: Set<string> }
  >();

  constructor(root: string, listener: TreeListener) {
    this.#root = root;
    this.#listener = listener;
  }

  look(): Problem | undefined {
    return this.#problemOf(() => this.#add(this.#root));
  }

  close(): void {
    this.#drop(this.#root);
  }

  /** Watches a folder and those below it; gives the files that are there. */
  #add(folder: string): string[] {
    return attempt(() => this.#addThere(folder, lstatSync(folder))) ?? [];
  }

  #addThere(folder: string, { ino }: Stats): string[] {
    const before = this.#watched.get(folder);
    const watcher = watch(folder, (kind, name) => {
      const problem = this.#problemOf(() => this.#onEvent(folder, kind, name));
      if (problem !== undefined) this.#listener.onLost(problem);
    });
    watcher.on('error', () => this.#drop(folder));
    const names = new Set<string>();
    this.#watched.set(folder, { watcher, inode: ino, names });
    // Not sooner: what the kernel has told of the folder, but nobody has heard, would be lost.
    before?.watcher.close();
    const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !passedOver.has(name));
    for (const { name } of entries) names.add(name);
    return entries.flatMap((entry) => {
      const path = join(folder, entry.name);
      if (!entry.isDirectory()) return [path];
      return this.#listener.isWanted(path) ? this.#add(path) : [];
    });
  }

  /** Forgets a folder that is gone, and those below it: they may have been moved with it. */
  #drop(folder: string): void {
    for (const [path, { watcher }] of this.#watched) {
      if (path !== folder && !path.startsWith(`${folder}${sep}`)) continue;
      watcher.close();
      this.#watched.delete(path);
    }
  }

  #onEvent(folder: string, kind: 'rename' | 'change', name: string | null): void {
    if (name === null || passedOver.has(name)) return;
    const path = join(folder, name);
    const stat = entryAt(path);
    const isFolder = stat?.isDirectory() === true;
    // The kernel names the folder itself when it was removed, moved or touched. By now there may be another one.
    if (stat === undefined && name === basename(folder)) {
      if (kind === 'rename') this.#renew(folder);
      return;
    }
    const names = this.#watched.get(folder)?.names;
    const wasThere = names?.has(name) === true;
    if (stat === undefined) names?.delete(name);
    else names?.add(name);
    if (!isFolder && this.#watched.has(path)) this.#drop(path);
    const isNew = isFolder && this.#watched.get(path)?.inode !== stat.ino && this.#listener.isWanted(path);
    // What was made below it before it was watched is found by looking.
    for (const made of isNew ? this.#add(path) : []) this.#listener.onChanged(made, false);
    this.#listener.onChanged(path, wasThere);
  }

  #renew(folder: string): void {
    if (entryAt(folder)?.isDirectory() === true) {
      for (const found of this.#add(folder)) this.#listener.onChanged(found, true);
      return;
    }
    this.#drop(folder);
    if (folder === this.#root) this.#listener.onLost({ kind: 'usage', message: `the folder ${folder} is gone` });
  }

  /** What the system says to another watch. */
  #problemOf(work: () => void): Problem | undefined {
    try {
      work();
      return undefined;
    } catch (error) {
      const code = codeOf(error);
      if (code !== 'ENOSPC' && code !== 'EMFILE') throw error;
      const message = `the system watches no more folders (${code}); this one has ${this.#watched.size} and more`;
      const remedy = 'Allow more: sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512.';
      return { kind: 'environment', message, place: { file: this.#root }, remedy };
    }
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

/** `undefined`: there is nothing to be watched. */
function attempt<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch (error) {
    if (unwatchable.includes(String(codeOf(error)))) return undefined;
    throw error;
  }
}
