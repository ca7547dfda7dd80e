import { listEnvironments } from '../../environment/existing.ts';
import { prepareSpare, resetKept } from '../../environment/kept.ts';
import { readEnvironmentHash } from '../../store/kept.ts';
import { checkoutOf, openStore } from '../../store/store.ts';
import type { Task } from '../../task/schema.ts';
import { startInBackground } from '../background.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { keptProject, keptRequest, workspaceHash } from '../kept.ts';
import { statusPortLine } from '../render/ports.ts';
import { durationText } from '../render/style.ts';
import { openTask } from '../tasks.ts';

/**
 * `gym reset`: puts a kept environment back into the state right after its seeds had run. Meanwhile a gym in the background brings a
 * spare up for the next reset; with `--spare` this one does only that.
 */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const [named] = args.positionals;
  const task = await openTask(named, context);
  if (!task.ok) return task.problems;
  const { name, root } = task.value;
  const checkout = checkoutOf(root);
  const project = keptProject(name, checkout);
  if (args.flag('spare')) return spare(context, task.value, project);
  const started = performance.now();
  const [listed, hash] = await Promise.all([listEnvironments(context.env, checkout), workspaceHash(root)]);
  if (!listed.ok) return listed.problems;
  const isThere = listed.value.some((each) => each.project === project);
  if (!isThere || readEnvironmentHash(openStore(checkout), project) !== hash) {
    const why = isThere ? 'changed since it came up' : 'not up';
    return [{ kind: 'usage', message: `the environment of ${name} is ${why}`, remedy: 'Bring it up: gym up' }];
  }
  const { request, log } = keptRequest(context, task.value, project);
  const reset = await resetKept(request);
  log.close();
  if (!reset.ok) return reset.problems;
  const text = reset.value === 'spare' ? 'by a spare' : 'made anew';
  context.stderr.write(`${name} is reset, ${text}, in ${durationText(performance.now() - started)}\n`);
  await showPorts(context, checkout, project);
  startInBackground(context, ['reset', '--spare', ...(named === undefined ? [] : [named])]);
  return 0;
}

/** They are others than before. */
async function showPorts(context: Context, checkout: string, project: string): Promise<void> {
  const listed = await listEnvironments(context.env, checkout);
  const services = listed.ok ? listed.value.find((each) => each.project === project)?.services : undefined;
  const lines = (services ?? []).flatMap(({ service, ports }) => ports.map((port) => statusPortLine(service, port)));
  for (const line of lines.sort()) context.stderr.write(`${line}\n`);
}

async function spare(context: Context, task: Task, project: string): Promise<CommandEnd> {
  const noted = readEnvironmentHash(openStore(checkoutOf(task.root)), project);
  if (noted === undefined || noted !== (await workspaceHash(task.root))) return 0;
  const { request, log } = keptRequest(context, task, project);
  const prepared = await prepareSpare(request);
  log.close();
  return prepared.ok ? 0 : prepared.problems;
}
