import { join } from 'node:path';
import { loadCompose } from '../environment/compose/load.ts';
import type { ComposeModel } from '../environment/compose/model.ts';
import { failed, ok, type Result } from '../events/problem.ts';
import { findTask } from '../task/find.ts';
import { loadTask } from '../task/load.ts';
import type { Task } from '../task/schema.ts';
import { composeMismatches } from '../verify/definition.ts';
import { protectionIn } from '../verify/protecting.ts';
import { findJudging, type Judging } from '../workspace/judging.ts';
import type { Context } from './context.ts';

/** Finds, loads and checks a task with its Compose files, so that a definition's errors come before anything is brought up. */
export async function openTask(named: string | undefined, context: Context): Promise<Result<Task>> {
  const opened = await openTaskAndModel(named, context);
  return opened.ok ? ok(opened.value.task) : opened;
}

/** The same, with what its Compose files come to. */
export async function openTaskAndModel(
  named: string | undefined,
  { cwd, env }: Context,
): Promise<Result<{ readonly task: Task; readonly model: ComposeModel }>> {
  const file = await findTask(named, cwd);
  if (!file.ok) return file;
  const task = await loadTask(file.value);
  if (!task.ok) return task;
  const model = modelOf(task.value, env);
  return model.ok ? ok({ task: task.value, model: model.value }) : model;
}

/**
 * A task as it is judged: by the protected files of a baseline, its own file among them. `ref` as `findJudging` takes it. The checkout's Compose files are
 * looked at only where they are the baseline's: others are not what comes up.
 */
export async function openJudged(
  named: string | undefined,
  ref: string | undefined,
  { cwd, env }: Context,
): Promise<Result<{ readonly task: Task; readonly judging: Judging }>> {
  const file = await findTask(named, cwd);
  if (!file.ok) return file;
  const found = await findJudging(file.value, ref);
  if (!found.ok) return found;
  const judging = found.value;
  const task = await loadTask(file.value, judging.kind === 'commit' ? judging.state : undefined);
  if (!task.ok) return task;
  const model = modelOf(task.value, env);
  if (model.ok) return ok({ task: task.value, judging });
  if (judging.kind === 'own') return model;
  const { covers } = protectionIn(task.value, task.value.root, env);
  const changed = await judging.baseline.changed(judging.baseline.paths.filter(covers), task.value.root);
  return changed.ok && changed.value.length > 0 ? ok({ task: task.value, judging }) : model;
}

/** What a task's Compose files come to, where they fit what the task says of them. */
function modelOf(task: Task, env: Context['env']): Result<ComposeModel> {
  const { root, compose, variables } = task;
  const model = loadCompose(
    compose.map((each) => join(root, each)),
    variables,
    env,
  );
  if (!model.ok) return model;
  const [first, ...others] = composeMismatches(task, model.value);
  return first === undefined ? model : failed(first, ...others);
}
