import { join } from 'node:path';
import type { EnvironmentStatus } from '../../environment/environment.ts';
import { down, listEnvironments } from '../../environment/existing.ts';
import { up } from '../../environment/up.ts';
import { startWatchdog } from '../../environment/watchdog.ts';
import { openEventLog } from '../../events/log.ts';
import { forgetEnvironmentHash, readEnvironmentHash, writeEnvironmentHash } from '../../store/kept.ts';
import { checkoutOf, newRunName, openStore } from '../../store/store.ts';
import type { Task } from '../../task/schema.ts';
import { hashFiles, listFiles } from '../../workspace/snapshot.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { keptProject } from '../kept.ts';
import { removeLeftovers } from '../leftovers.ts';
import { progressLines } from '../render/progress.ts';
import { durationText } from '../render/style.ts';
import { timingLines } from '../render/timings.ts';
import { openTask } from '../tasks.ts';

/** `gym up`: brings a task's environment up and keeps it. What is up and unchanged is left alone. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const task = await openTask(args.positionals[0], context);
  if (!task.ok) return task.problems;
  const cleared = await removeLeftovers(context);
  if (!cleared.ok) return cleared.problems;
  const checkout = checkoutOf(task.value.root);
  const project = keptProject(task.value.name, checkout);
  const store = openStore(checkout);
  const hash = hashFiles(task.value.root, await listFiles(task.value.root));
  const listed = await listEnvironments(context.env, checkout);
  if (!listed.ok) return listed.problems;
  const present = listed.value.find((each) => each.project === project);
  if (present !== undefined && isWell(present) && readEnvironmentHash(store, project) === hash) {
    context.stderr.write(`${task.value.name} is up already\n`);
    return 0;
  }
  if (present !== undefined) {
    context.stderr.write(`${task.value.name} is up but changed or not well: it is made anew\n`);
    const removed = await down(context.env, project);
    if (!removed.ok) return removed.problems;
  }
  forgetEnvironmentHash(store, project);
  const watchdog = startWatchdog(context.env);
  const end = await bringUp(context, task.value, project, args.flag('timings'));
  if (end === 0) {
    writeEnvironmentHash(store, project, hash);
    watchdog.end();
  }
  return end;
}

const isWell = ({ services }: EnvironmentStatus): boolean =>
  services.length > 0 && services.every(({ state, exitCode }) => state === 'running' || exitCode === 0);

async function bringUp(context: Context, task: Task, project: string, hasTimings: boolean): Promise<CommandEnd> {
  const checkout = checkoutOf(task.root);
  const run = newRunName(new Date());
  const directory = openStore(checkout).makeRunDirectory(run);
  const log = openEventLog(join(directory, 'events.ndjson'), run, [
    progressLines(context.stderr),
    ...(hasTimings ? [timingLines(context.stdout)] : []),
  ]);
  const started = performance.now();
  const environment = await up({
    composeFile: join(task.root, task.compose),
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
  });
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
