import { join } from 'node:path';
import { loadCompose } from '../environment/compose/load.ts';
import type { ComposeModel } from '../environment/compose/model.ts';
import { failed, ok, type Result } from '../events/problem.ts';
import { findTask } from '../task/find.ts';
import { loadTask } from '../task/load.ts';
import type { Task } from '../task/schema.ts';
import { composeMismatches } from '../verify/definition.ts';
import type { Caller } from './caller.ts';

/** Finds, loads and checks a task with its Compose files, so that a definition's errors come before anything is brought up. */
export async function openTask(named: string | undefined, caller: Caller): Promise<Result<Task>> {
  const opened = await openTaskAndModel(named, caller);
  return opened.ok ? ok(opened.value.task) : opened;
}

/** The same, with what its Compose files come to. */
export async function openTaskAndModel(
  named: string | undefined,
  { cwd, env }: Caller,
): Promise<Result<{ readonly task: Task; readonly model: ComposeModel }>> {
  const file = await findTask(named, cwd);
  if (!file.ok) return file;
  const task = await loadTask(file.value);
  if (!task.ok) return task;
  const { root, compose, variables } = task.value;
  const model = loadCompose(
    compose.map((each) => join(root, each)),
    variables,
    env,
  );
  if (!model.ok) return model;
  const [first, ...others] = composeMismatches(task.value, model.value);
  return first === undefined ? ok({ task: task.value, model: model.value }) : failed(first, ...others);
}
