import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { EnvironmentStatus, UpRequest } from '../environment/environment.ts';
import { listEnvironments } from '../environment/existing.ts';
import { type EventLog, type Listener, openEventLog } from '../events/log.ts';
import { failed, ok, type Result } from '../events/problem.ts';
import { checkoutOf, newRunName, openStore } from '../store/store.ts';
import { findTask } from '../task/find.ts';
import { loadTask } from '../task/load.ts';
import type { Task } from '../task/schema.ts';
import { known } from '../task/suggest.ts';
import { hashFiles, listFiles } from '../workspace/snapshot.ts';
import type { Context } from './context.ts';
import { progressLines } from './render/progress.ts';

/** Project name of a task's kept environment: one for each checkout. */
export function keptProject(task: string, checkout: string): string {
  return `gym-${task}-${createHash('sha256').update(checkout).digest('hex').slice(0, 8)}`;
}

/** What a kept environment is brought up from, as `gym up` notes it. */
export async function workspaceHash(root: string): Promise<string> {
  return hashFiles(root, await listFiles(root));
}

/** How a task's kept environment is brought up, and the log that its events go to. */
export function keptRequest(
  context: Context,
  task: Task,
  project: string,
  listeners: readonly Listener[] = [],
): { request: UpRequest; log: EventLog } {
  const checkout = checkoutOf(task.root);
  const run = newRunName(new Date());
  const directory = openStore(checkout).makeRunDirectory(run);
  const log = openEventLog(join(directory, 'events.ndjson'), run, [progressLines(context.stderr), ...listeners]);
  const request: UpRequest = {
    composeFiles: task.compose.map((file) => join(task.root, file)),
    project,
    task: task.name,
    run,
    lease: 'kept',
    checkout,
    variables: task.variables,
    ambient: context.env,
    logDirectory: join(directory, 'logs'),
    observed: [],
    emit: log.emit,
    signal: context.signal,
    deadlineMs: task.limits.upSeconds * 1000,
  };
  return { request, log };
}

/** The kept environment of this checkout that is meant: the named task's, or the only one. */
export async function chooseKept({ cwd, env }: Context, task: string | undefined): Promise<Result<EnvironmentStatus>> {
  const listed = await listEnvironments(env, checkoutOf(cwd));
  if (!listed.ok) return listed;
  const kept = listed.value.filter(({ lease }) => lease === 'kept');
  const named = task === undefined || kept.some((each) => each.task === task) ? task : await nameOf(task, cwd);
  const wanted = named === undefined ? kept : kept.filter((each) => each.task === named);
  const [first, second] = wanted;
  if (first !== undefined && second === undefined) return ok(first);
  const remedy =
    first === undefined
      ? 'Bring it up with gym up.'
      : `Name the task: ${known(
          'tasks',
          wanted.map((each) => each.task),
        )}`;
  const what = task === undefined ? 'no environment is up here' : `the environment of ${task} is not up`;
  return failed({ kind: 'usage', message: first === undefined ? what : 'several environments are up here', remedy });
}

/** Environments bear the name that the task gives itself; people may name its folder. */
async function nameOf(called: string, cwd: string): Promise<string> {
  const file = await findTask(called, cwd);
  const task = file.ok ? await loadTask(file.value) : file;
  return task.ok ? task.value.name : called;
}
