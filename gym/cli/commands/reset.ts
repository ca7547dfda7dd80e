import { startInBackground } from '../../api/background.ts';
import { listEnvironments } from '../../environment/existing.ts';
import { prepareSpare, resetKept } from '../../environment/kept.ts';
import { startWatchdog } from '../../environment/watchdog.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { changeOf, holdKept, type KeptTask, keptRequest, openKept, originOf } from '../kept.ts';
import { statusPortLine } from '../render/ports.ts';
import { durationText } from '../render/style.ts';

/**
 * `gym reset`: puts a kept environment back into the state right after its seeds had run. Meanwhile a gym in the background brings a
 * spare up for the next reset; with `--spare` this one does only that.
 */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const [named] = args.positionals;
  const kept = await openKept(named, context);
  if (!kept.ok) return kept.problems;
  if (args.flag('spare')) return spare(context, kept.value);
  const lock = await holdKept(context, kept.value, kept.value.task.limits.upSeconds * 1000);
  if (!lock.ok) return lock.problems;
  try {
    const end = await reset(context, kept.value);
    if (end === 0) startInBackground(context, ['reset', '--spare', ...(named === undefined ? [] : [named])]);
    return end;
  } finally {
    lock.value.release();
  }
}

async function reset(context: Context, kept: KeptTask): Promise<CommandEnd> {
  const { name } = kept.task;
  const started = performance.now();
  const [listed, origin] = await Promise.all([listEnvironments(context.env, kept.checkout), originOf(kept)]);
  if (!listed.ok) return listed.problems;
  const present = listed.value.find((each) => each.project === kept.project && each.origin !== null);
  const why = present === undefined ? 'it is not up' : changeOf(present.origin, origin);
  if (present === undefined || why !== undefined) {
    const message = `the environment of ${name} cannot be reset: ${why}`;
    return [{ kind: 'usage', message, remedy: 'Bring it up: gym up' }];
  }
  const { request, log } = keptRequest(context, kept, origin);
  const done = await resetKept(request, present.generation);
  log.close();
  if (!done.ok) return done.problems;
  const text = done.value === 'spare' ? 'by a spare' : 'made anew';
  context.stderr.write(`${name} is reset, ${text}, in ${durationText(performance.now() - started)}\n`);
  await showPorts(context, kept);
  return 0;
}

/** They are others than before. */
async function showPorts(context: Context, kept: KeptTask): Promise<void> {
  const listed = await listEnvironments(context.env, kept.checkout);
  const services = listed.ok ? listed.value.find(({ project }) => project === kept.project)?.services : undefined;
  const lines = (services ?? []).flatMap(({ service, ports }) => ports.map((port) => statusPortLine(service, port)));
  for (const line of lines.sort()) context.stderr.write(`${line}\n`);
}

async function spare(context: Context, kept: KeptTask): Promise<CommandEnd> {
  const [listed, origin] = await Promise.all([listEnvironments(context.env, kept.checkout), originOf(kept)]);
  const present = listed.ok ? listed.value.find((each) => each.project === kept.project) : undefined;
  if (present === undefined || changeOf(present.origin, origin) !== undefined) return 0;
  const { request, log } = keptRequest(context, kept, origin);
  const watchdog = startWatchdog(context.env);
  const prepared = await prepareSpare(request);
  log.close();
  watchdog.end();
  return prepared.ok ? 0 : prepared.problems;
}
