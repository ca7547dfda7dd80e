import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import { checkoutOf } from '../store/store.ts';
import { known, nearOrKnown } from './suggest.ts';

const taskFile = 'task.ts';
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
 * The task file that is meant: a path to it or to its folder, or a name that findTasks knows.
 * Without a name: the only task there is.
 */
export function findTask(named: string | undefined, folder: string): Result<string> {
  const tasks = findTasks(folder);
  if (named === undefined) return onlyTask(tasks);
  const path = resolve(folder, named);
  if (existsSync(path)) {
    if (statSync(path).isFile()) return ok(path);
    if (existsSync(join(path, taskFile))) return ok(join(path, taskFile));
  }
  const found = tasks.find((task) => task.name === named);
  if (found !== undefined) return ok(found.file);
  const remedy = nearOrKnown(
    named,
    'tasks here',
    tasks.map(({ name }) => name),
  );
  return failed({ kind: 'usage', message: `there is no task ${named}`, remedy });
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
