import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { down, halt, listKept, listSlots } from '../../environment/existing.ts';
import type { Result } from '../../events/problem.ts';
import { forgetEnvironmentHash, writeRemover } from '../../store/kept.ts';
import { ownerOf } from '../../store/owner.ts';
import { forgetSlots } from '../../store/slots.ts';
import { checkoutOf, openStore } from '../../store/store.ts';
import { findTask } from '../../task/find.ts';
import { loadTask } from '../../task/load.ts';
import type { Task } from '../../task/schema.ts';
import { startInBackground } from '../background.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { removeLeftovers } from '../leftovers.ts';

interface Kept {
  readonly checkout: string;
  readonly project: string;
}

/**
 * `gym down`: ends kept environments: the task's, all of this checkout without a task, or all there are. Their processes have ended
 * when it returns; a gym in the background removes what is left of them, or with `--wait` this one.
 */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const { env, cwd, stderr } = context;
  const [named] = args.positionals;
  const all = args.flag('all');
  const waits = args.flag('wait');
  const task = named === undefined ? undefined : await openNamed(named, cwd);
  if (task !== undefined && !task.ok) return task.problems;
  if (waits) {
    const cleared = await removeLeftovers(context);
    if (!cleared.ok) return cleared.problems;
  }
  const checkout = checkoutOf(task?.value.root ?? cwd);
  // Before it is looked what there is: nothing takes them after that.
  if (existsSync(join(checkout, '.gym'))) forgetSlots(checkout, task?.value.name);
  const [listed, slots] = await Promise.all([
    listKept(env, all ? undefined : checkout),
    listSlots(env, all ? undefined : checkout),
  ]);
  if (!listed.ok) return listed.problems;
  if (!slots.ok) return slots.problems;
  const isMeant = (each: { readonly task: string }): boolean => task === undefined || each.task === task.value.name;
  const wanted = listed.value.filter(isMeant);
  const pools = slots.value.filter(isMeant);
  if (wanted.length + pools.length === 0) stderr.write('nothing is up\n');
  for (const each of wanted) forget(each);
  for (const each of pools) if (existsSync(join(each.checkout, '.gym'))) forgetSlots(each.checkout, each.task);
  const end = waits ? down : halt;
  const ends = await Promise.all(wanted.map(async (each) => ({ each, ended: await end(env, each.project) })));
  const cleared = await Promise.all(waits ? pools.map(({ set }) => down(env, set)) : []);
  if (!waits && wanted.length + pools.length > 0) {
    const rest = [...(named === undefined ? [] : [named]), ...(all ? ['--all'] : [])];
    const pid = startInBackground(context, ['down', '--wait', ...rest]);
    for (const each of wanted) noteRemover(each, pid);
  }
  for (const { each, ended } of ends) if (ended.ok) stderr.write(`${each.task} is down\n`);
  for (const name of new Set(pools.map((each) => each.task))) stderr.write(`${name} is not kept warm any more\n`);
  const results = [...ends.map(({ ended }) => ended), ...cleared];
  const [first, ...others] = results.flatMap((each) => (each.ok ? [] : each.problems));
  return first === undefined ? 0 : [first, ...others];
}

/** Its Compose file may be broken by now: it is not looked at. */
async function openNamed(named: string, cwd: string): Promise<Result<Task>> {
  const file = await findTask(named, cwd);
  return file.ok ? loadTask(file.value) : file;
}

/** What it removes goes by name: nothing of the same name may come up before it has ended. */
function noteRemover({ checkout, project }: Kept, pid: number | undefined): void {
  const owner = pid === undefined ? undefined : ownerOf(pid);
  if (owner !== undefined && existsSync(checkout)) writeRemover(openStore(checkout), project, owner);
}

/** From here on it is a leftover, which every gym removes. */
function forget({ checkout, project }: Kept): void {
  if (existsSync(join(checkout, '.gym'))) forgetEnvironmentHash(openStore(checkout), project);
}
