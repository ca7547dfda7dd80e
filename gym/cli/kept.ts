import { join } from 'node:path';
import { openTaskAndModel } from '../api/tasks.ts';
import { modelHash } from '../environment/compose/hash.ts';
import type { ComposeModel } from '../environment/compose/model.ts';
import type { EnvironmentStatus, Origin, UpRequest } from '../environment/environment.ts';
import { listEnvironments } from '../environment/existing.ts';
import { type EventLog, type Listener, openEventLog } from '../events/log.ts';
import { failed, ok, type Result } from '../events/problem.ts';
import { type Lock, waitForLock } from '../store/lock.ts';
import { pidOf } from '../store/owner.ts';
import { sha256 } from '../store/sha256.ts';
import { checkoutOf, newRunName, openStore } from '../store/store.ts';
import { findTask } from '../task/find.ts';
import { loadTask } from '../task/load.ts';
import type { Task } from '../task/schema.ts';
import { known } from '../task/suggest.ts';
import { hashFiles, listFiles } from '../workspace/files.ts';
import type { Context } from './context.ts';
import { progressLines } from './render/progress.ts';

/** Project name of a task's kept environment: one for each checkout. */
export function keptProject(task: string, checkout: string): string {
  return `gym-${task}-${sha256(checkout).slice(0, 8)}`;
}

/** A task and the place of its kept environment. */
export interface KeptTask {
  readonly task: Task;
  readonly model: ComposeModel;
  readonly checkout: string;
  readonly project: string;
}

/** Finds and checks a task whose environment is, or is to be, kept. */
export async function openKept(named: string | undefined, context: Context): Promise<Result<KeptTask>> {
  const opened = await openTaskAndModel(named, context);
  if (!opened.ok) return opened;
  const { task, model } = opened.value;
  const checkout = checkoutOf(task.root);
  return ok({ task, model, checkout, project: keptProject(task.name, checkout) });
}

/** What it would be brought up from now. */
export async function originOf({ task: { root }, model }: KeptTask): Promise<Origin> {
  return { files: hashFiles(root, await listFiles(root)), model: modelHash(model) };
}

/** What of an origin has changed, in words; undefined: nothing. */
export function changeOf(before: Origin | null, now: Origin): string | undefined {
  if (before === null) return 'it is not known what it was brought up from';
  if (before.files !== now.files) return 'its files have changed';
  return before.model === now.model
    ? undefined
    : 'its Compose file comes to something else (variables, .env, files of variables)';
}

/** Keeps other gyms from bringing up, resetting or taking down the same environment until it is released; waits for one that is at it. */
export async function holdKept(
  { stderr, signal }: Context,
  { checkout, project }: Pick<KeptTask, 'checkout' | 'project'>,
  limitMs: number,
): Promise<Result<Lock>> {
  const store = openStore(checkout);
  store.make();
  const nameOf = (holder: string): string => `process ${pidOf(holder) ?? '?'}`;
  const taken = await waitForLock(store.environments, `${project}.lock`, {
    limitMs,
    signal,
    onWait: (holder) => stderr.write(`waiting for ${nameOf(holder)}, which is busy with ${project}\n`),
  });
  if ('lock' in taken) return ok(taken.lock);
  const message = `${nameOf(taken.holder)} is still busy with ${project} after ${Math.round(limitMs / 1000)} s`;
  const remedy = `Wait for it, or end it: kill ${pidOf(taken.holder) ?? 'it'}`;
  return failed({ kind: 'environment', message: signal.aborted ? 'interrupted while waiting' : message, remedy });
}

/** How a task's kept environment is brought up, and the log that its events go to. */
export function keptRequest(
  context: Context,
  { task, checkout, project }: KeptTask,
  origin: Origin,
  listeners: readonly Listener[] = [],
): { request: UpRequest; log: EventLog } {
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
    origin,
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
