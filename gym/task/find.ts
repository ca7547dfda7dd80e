import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import { checkoutOf, taskFile } from '../store/store.ts';
import { displayPath, loadTask } from './load.ts';
import { known, nearOrKnown } from './suggest.ts';

/** Folders of a checkout whose subfolders may be tasks. */
const homes = ['envs', 'tasks'];

/** A task file that was found, by the name of its folder. */
export interface FoundTask {
  readonly name: string;
  readonly file: string;
}

/** All tasks that can be named from a folder: its own, and those under `envs/` and `tasks/` here and in the checkout. */
export function findTasks(folder: string): FoundTask[] {
  const tops = [...new Set([folder, checkoutOf(folder)])];
  const own = tops.map((top) => join(top, taskFile));
  const housed = tops.flatMap((top) =>
    homes
      .map((home) => join(top, home))
      .filter((home) => statSync(home, { throwIfNoEntry: false })?.isDirectory())
      .flatMap((home) => readdirSync(home).map((name) => join(home, name, taskFile))),
  );
  const files = [...new Set([...own, ...housed])].filter((file) => existsSync(file));
  return files.map((file) => ({ name: basename(dirname(file)), file })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The task file that is meant: a path to it or to its folder, a name that findTasks knows or, where there is none of
 * these, the name that a task file gives its task. Without a name: the only task there is.
 */
export async function findTask(named: string | undefined, folder: string): Promise<Result<string>> {
  const tasks = findTasks(folder);
  if (named === undefined) return onlyTask(tasks);
  const path = resolve(folder, named);
  if (existsSync(path)) {
    if (statSync(path).isFile()) return ok(path);
    if (existsSync(join(path, taskFile))) return ok(join(path, taskFile));
  }
  const found = tasks.find((task) => task.name === named);
  return found === undefined ? findByOwnName(named, tasks) : ok(found.file);
}

async function findByOwnName(named: string, tasks: readonly FoundTask[]): Promise<Result<string>> {
  const names = await ownNames(tasks);
  const [first, ...others] = tasks.filter(({ file }) => names.get(file) === named);
  if (first === undefined) {
    const all = new Set([...tasks.map(({ name }) => name), ...names.values()]);
    const remedy = nearOrKnown(named, 'tasks here', [...all].sort());
    return failed({ kind: 'usage', message: `there is no task ${named}`, remedy });
  }
  if (others.length === 0) return ok(first.file);
  const files = [first, ...others].map(({ file }) => displayPath(file));
  const message = `several tasks are named ${named}: ${files.join(', ')}`;
  return failed({ kind: 'usage', message, remedy: 'Name the folder of the one that is meant.' });
}

/** The names that task files give their tasks, by file; of those that can be loaded. */
async function ownNames(tasks: readonly FoundTask[]): Promise<ReadonlyMap<string, string>> {
  const loaded = await Promise.all(tasks.map(({ file }) => loadTask(file)));
  return new Map(loaded.flatMap((each) => (each.ok ? [[each.value.file, each.value.name]] : [])));
}

function onlyTask(tasks: readonly FoundTask[]): Result<string> {
  const [first, second] = tasks;
  if (first !== undefined && second === undefined) return ok(first.file);
  const remedy = known(
    'tasks here',
    tasks.map(({ name }) => name),
  );
  const message = first === undefined ? 'there is no task here' : 'name the task: there are several here';
  return failed({
    kind: 'usage',
    message,
    remedy: first === undefined ? 'Write a task.ts, or go to a folder that has one.' : remedy,
  });
}
