import { join } from 'node:path';
import { loadCompose } from '../environment/compose/load.ts';
import { failed, ok, type Result } from '../events/problem.ts';
import { findTask } from '../task/find.ts';
import { loadTask } from '../task/load.ts';
import type { Task } from '../task/schema.ts';
import { composeMismatches } from '../verify/definition.ts';
import type { Context } from './context.ts';

/** Finds, loads and checks a task with its Compose files, so that a definition's errors come before anything is brought up. */
export async function openTask(named: string | undefined, { cwd, env }: Context): Promise<Result<Task>> {
  const file = await findTask(named, cwd);
  if (!file.ok) return file;
  const task = await loadTask(file.value);
  if (!task.ok) return task;
  return checkCompose(task.value, env);
}

function checkCompose(task: Task, env: Context['env']): Result<Task> {
  const model = loadCompose(
    task.compose.map((each) => join(task.root, each)),
    task.variables,
    env,
  );
  if (!model.ok) return model;
  const [first, ...others] = composeMismatches(task, model.value);
  return first === undefined ? ok(task) : failed(first, ...others);
}
