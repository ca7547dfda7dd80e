import { findTasks } from '../../task/find.ts';
import { displayPath } from '../../task/load.ts';
import type { CommandEnd, Context } from '../context.ts';
import { tableText } from '../render/style.ts';

/** `gym tasks`: the tasks that can be named here. */
export async function run({ cwd, stdout, stderr }: Context): Promise<CommandEnd> {
  const tasks = findTasks(cwd);
  if (tasks.length === 0) stderr.write('there is no task here: a task is a task.ts, here or under envs/ or tasks/\n');
  else stdout.write(`${tableText(tasks.map(({ name, file }) => [name, displayPath(file)]))}\n`);
  return 0;
}
