import type { EnvironmentStatus } from '../../environment/environment.ts';
import { down, listEnvironments } from '../../environment/existing.ts';
import { up } from '../../environment/up.ts';
import { forgetEnvironmentHash, readEnvironmentHash, writeEnvironmentHash } from '../../store/kept.ts';
import { checkoutOf, openStore } from '../../store/store.ts';
import type { Task } from '../../task/schema.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { keptProject, keptRequest, workspaceHash } from '../kept.ts';
import { removeLeftovers } from '../leftovers.ts';
import { durationText } from '../render/style.ts';
import { openTask } from '../tasks.ts';

/** `gym up`: brings a task's environment up and keeps it. What is up and unchanged is left alone. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const task = await openTask(args.positionals[0], context);
  if (!task.ok) return task.problems;
  // What others left is removed meanwhile: it only is in the way where it is of the same name.
  const clearing = removeLeftovers(context);
  const end = await bringUpOnce(context, task.value, clearing);
  const cleared = await clearing;
  return cleared.ok || end !== 0 ? end : cleared.problems;
}

async function bringUpOnce(context: Context, task: Task, clearing: Promise<unknown>): Promise<CommandEnd> {
  const { name, root } = task;
  const checkout = checkoutOf(root);
  const project = keptProject(name, checkout);
  const store = openStore(checkout);
  const [listed, hash] = await Promise.all([listEnvironments(context.env, checkout), workspaceHash(root)]);
  if (!listed.ok) return listed.problems;
  const present = listed.value.find((each) => each.project === project);
  if (present !== undefined && isWell(present) && readEnvironmentHash(store, project) === hash) {
    context.stderr.write(`${name} is up already\n`);
    return 0;
  }
  if (present !== undefined) {
    await clearing;
    if (present.services.length > 0) context.stderr.write(`${name} is up but changed or not well: it is made anew\n`);
    const removed = await down(context.env, project);
    if (!removed.ok) return removed.problems;
  }
  forgetEnvironmentHash(store, project);
  const end = await bringUp(context, task, project);
  if (end === 0) writeEnvironmentHash(store, project, hash);
  return end;
}

const isWell = ({ services }: EnvironmentStatus): boolean =>
  services.length > 0 && services.every(({ state, exitCode }) => state === 'running' || exitCode === 0);

async function bringUp(context: Context, task: Task, project: string): Promise<CommandEnd> {
  const { request, log } = keptRequest(context, task, project);
  const started = performance.now();
  const environment = await up(request);
  log.close();
  if (!environment.ok) return environment.problems;
  const { services } = environment.value;
  const ports = environment.value.publishedPorts();
  environment.value.release();
  context.stderr.write(`${task.name} is up: ${services.join(', ')} in ${durationText(performance.now() - started)}\n`);
  for (const { service, containerPort, protocol, hostPort } of ports) {
    context.stderr.write(`${service} ${containerPort}/${protocol}: 127.0.0.1:${hostPort}\n`);
  }
  return 0;
}
