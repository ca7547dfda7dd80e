import { setTimeout as sleep } from 'node:timers/promises';
import type { EnvironmentStatus } from '../../environment/environment.ts';
import { down, listEnvironments } from '../../environment/existing.ts';
import { up } from '../../environment/up.ts';
import { startWatchdog } from '../../environment/watchdog.ts';
import { forgetEnvironmentHash, readEnvironmentHash, readRemover, writeEnvironmentHash } from '../../store/kept.ts';
import { ownerState } from '../../store/owner.ts';
import { checkoutOf, openStore, type Store } from '../../store/store.ts';
import type { Task } from '../../task/schema.ts';
import { refillSlots } from '../background.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { keptProject, keptRequest, workspaceHash } from '../kept.ts';
import { removeLeftovers } from '../leftovers.ts';
import { durationText } from '../render/style.ts';
import { timingLines } from '../render/timings.ts';
import { openTask } from '../tasks.ts';

/** As long as one removal may take. */
const removerLimitMs = 15_000;

/** `gym up`: brings a task's environment up and keeps it. What is up and unchanged is left alone. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const task = await openTask(args.positionals[0], context);
  if (!task.ok) return task.problems;
  // What others left is removed while it is found out whether anything is to be done.
  const clearing = removeLeftovers(context);
  const end = await bringUpOnce(context, task.value, clearing, args);
  const cleared = await clearing;
  return cleared.ok || end !== 0 ? end : cleared.problems;
}

async function bringUpOnce(
  context: Context,
  task: Task,
  clearing: Promise<unknown>,
  args: Arguments,
): Promise<CommandEnd> {
  const { name, root } = task;
  const checkout = checkoutOf(root);
  const project = keptProject(name, checkout);
  const store = openStore(checkout);
  await removerEnded(store, project);
  const [listed, hash] = await Promise.all([listEnvironments(context.env, checkout), workspaceHash(root)]);
  if (!listed.ok) return listed.problems;
  const present = listed.value.find((each) => each.project === project);
  if (present !== undefined && isWell(present) && readEnvironmentHash(store, project) === hash) {
    context.stderr.write(`${name} is up already\n`);
    return 0;
  }
  // What is removed goes by name, and so must have gone before anything of the same name is made.
  await clearing;
  if (present !== undefined) {
    if (present.services.length > 0) context.stderr.write(`${name} is up but changed or not well: it is made anew\n`);
    const removed = await down(context.env, project);
    if (!removed.ok) return removed.problems;
  }
  forgetEnvironmentHash(store, project);
  const watchdog = startWatchdog(context.env);
  const end = await bringUp(context, task, project, args.flag('timings'));
  if (end === 0) {
    writeEnvironmentHash(store, project, hash);
    watchdog.end();
    refillSlots(context, task);
  }
  return end;
}

/** Waits for a `gym down` that still removes things in the background. */
async function removerEnded(store: Store, project: string): Promise<void> {
  const remover = readRemover(store, project);
  const until = performance.now() + removerLimitMs;
  while (remover !== undefined && ownerState(remover) === 'alive' && performance.now() < until) await sleep(10);
}

const isWell = ({ services }: EnvironmentStatus): boolean =>
  services.length > 0 && services.every(({ state, exitCode }) => state === 'running' || exitCode === 0);

async function bringUp(context: Context, task: Task, project: string, hasTimings: boolean): Promise<CommandEnd> {
  const { request, log } = keptRequest(context, task, project, hasTimings ? [timingLines(context.stdout)] : []);
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
