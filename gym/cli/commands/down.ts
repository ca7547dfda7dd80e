import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { EnvironmentStatus } from '../../environment/environment.ts';
import { down, listEnvironments } from '../../environment/existing.ts';
import { forgetEnvironmentHash } from '../../store/kept.ts';
import { checkoutOf, openStore } from '../../store/store.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { removeLeftovers } from '../leftovers.ts';
import { openTask } from '../tasks.ts';

/** `gym down`: removes kept environments: the task's, all of this checkout without a task, or all there are. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const { env, cwd, stderr } = context;
  const [named] = args.positionals;
  const task = named === undefined ? undefined : await openTask(named, context);
  if (task !== undefined && !task.ok) return task.problems;
  const cleared = await removeLeftovers(context);
  if (!cleared.ok) return cleared.problems;
  const checkout = checkoutOf(task?.value.root ?? cwd);
  const listed = await listEnvironments(env, args.flag('all') ? undefined : checkout);
  if (!listed.ok) return listed.problems;
  const wanted = listed.value.filter(
    (each) => each.lease === 'kept' && (task === undefined || each.task === task.value.name),
  );
  if (wanted.length === 0) stderr.write('nothing is up\n');
  const ends = await Promise.all(
    wanted.map(async (each) => {
      forget(each);
      return { each, removed: await down(env, each.project) };
    }),
  );
  for (const { each, removed } of ends) if (removed.ok) stderr.write(`${each.task} is down\n`);
  const [first, ...others] = ends.flatMap(({ removed }) => (removed.ok ? [] : removed.problems));
  return first === undefined ? 0 : [first, ...others];
}

/** Without its note it is a leftover: if this gym is killed in the middle, the next one removes the rest. */
function forget({ checkout, project }: EnvironmentStatus): void {
  if (existsSync(join(checkout, '.gym'))) forgetEnvironmentHash(openStore(checkout), project);
}
