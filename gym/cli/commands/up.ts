import { setTimeout as sleep } from 'node:timers/promises';
import { refillSlots } from '../../api/background.ts';
import type { ComposeModel } from '../../environment/compose/model.ts';
import type { EnvironmentStatus, Origin } from '../../environment/environment.ts';
import { down, listEnvironments } from '../../environment/existing.ts';
import { firstGeneration } from '../../environment/labels.ts';
import { up } from '../../environment/up.ts';
import { startWatchdog } from '../../environment/watchdog.ts';
import { forgetNotes, noteUp } from '../../store/kept.ts';
import { openStore } from '../../store/store.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { changeOf, holdKept, type KeptTask, keptRequest, openKept, originOf } from '../kept.ts';
import { removeLeftovers } from '../leftovers.ts';
import { portLine } from '../render/ports.ts';
import { durationText } from '../render/style.ts';
import { timingLines } from '../render/timings.ts';

/** What the engine was asked for last by a gym that was killed may come to be so long after. */
const lateMs = 300;

/** `gym up`: brings a task's environment up and keeps it. What is up and unchanged is left alone. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const kept = await openKept(args.positionals[0], context);
  if (!kept.ok) return kept.problems;
  const since = performance.now();
  const limitMs = kept.value.task.limits.upSeconds * 1000;
  // First: git looks through the files while this process makes itself ready to talk to the engine.
  const origin = originOf(kept.value);
  // What others left is removed while it is found out whether anything is to be done.
  const clearing = removeLeftovers(context, kept.value.checkout);
  const lock = await holdKept(context, kept.value, limitMs);
  if (!lock.ok) return lock.problems;
  try {
    if (lock.value.tookOver) await sleep(lateMs);
    const end = await bringUpOnce(context, kept.value, { origin, clearing, since, hasTimings: args.flag('timings') });
    const cleared = await clearing;
    return cleared.ok || end !== 0 ? end : cleared.problems;
  } finally {
    lock.value.release();
  }
}

interface Asked {
  /** What it would be brought up from. */
  readonly origin: Promise<Origin>;
  readonly clearing: Promise<unknown>;
  /** When the command began: all of it has one deadline. */
  readonly since: number;
  readonly hasTimings: boolean;
}

async function bringUpOnce(context: Context, kept: KeptTask, asked: Asked): Promise<CommandEnd> {
  const { task, checkout, project } = kept;
  const [listed, origin] = await Promise.all([listEnvironments(context.env, checkout), asked.origin]);
  if (!listed.ok) return listed.problems;
  const present = listed.value.find((each) => each.project === project);
  const why =
    present === undefined
      ? undefined
      : (illness(present) ?? changeOf(present.origin, origin) ?? movedTag(present, kept.model));
  if (present !== undefined && why === undefined) {
    noteUp(openStore(checkout), project, origin.files);
    context.stderr.write(`${task.name} is up already\n`);
    return 0;
  }
  // What is removed goes by name, and so must have gone before anything of the same name is made.
  await asked.clearing;
  if (present !== undefined) {
    if (present.services.length > 0) context.stderr.write(`${task.name} is made anew: ${why}\n`);
    const removed = await down(context.env, project);
    if (!removed.ok) return removed.problems;
  }
  forgetNotes(openStore(checkout), project);
  const watchdog = startWatchdog(context.env);
  const { request, log } = keptRequest(context, kept, origin, asked.hasTimings ? [timingLines(context.stdout)] : []);
  const started = performance.now();
  const environment = await up({ ...request, deadlineMs: Math.max(1, request.deadlineMs - (started - asked.since)) });
  log.close();
  if (!environment.ok) return environment.problems;
  watchdog.end();
  refillSlots(context, task);
  const { services } = environment.value;
  const ports = environment.value.publishedPorts();
  environment.value.release();
  context.stderr.write(`${task.name} is up: ${services.join(', ')} in ${durationText(performance.now() - started)}\n`);
  for (const port of ports) context.stderr.write(`${portLine(port)}\n`);
  return 0;
}

/** What a service's image is called by now is another image, in words. The engine gives the id of one whose name has gone to another. */
function movedTag({ services, generation }: EnvironmentStatus, model: ComposeModel): string | undefined {
  // After a reset it may be of the image that holds its own files.
  if (generation !== firstGeneration) return undefined;
  for (const { service, image: used } of services) {
    const { image = null, build = null } = model.services.get(service) ?? {};
    const isById = image === null || /^(sha256:)?[0-9a-f]{12,}$/.test(image);
    if (!isById && build === null && /^sha256:/.test(used)) return `${image} of ${service} is another image by now`;
  }
  return undefined;
}

/** Why it cannot be left as it is, in words; undefined: it can. */
function illness({ services, origin }: EnvironmentStatus): string | undefined {
  if (services.length === 0 || origin === null) return 'it is not up to the end';
  const dead = services.find(({ state, exitCode }) => state !== 'running' && exitCode !== 0);
  return dead && `${dead.service} is ${dead.state}${dead.exitCode === null ? '' : ` (${dead.exitCode})`}`;
}
