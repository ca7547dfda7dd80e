import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import { taskFile } from '../store/store.ts';
import { displayPath } from './display-path.ts';
import { type FoundTask, findTasks } from './found.ts';
import { loadTask } from './load.ts';
import { known, nearOrKnown } from './suggest.ts';

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
    remedy: first === undefined ? 'gym init writes a first one, task.ts; or go to a folder that has one.' : remedy,
  });
}
