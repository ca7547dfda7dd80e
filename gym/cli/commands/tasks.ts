import { displayPath } from '../../task/display-path.ts';
import { ownNames } from '../../task/find.ts';
import { findTasks } from '../../task/found.ts';
import type { CommandEnd, Context } from '../context.ts';
import { tableText } from '../render/style.ts';

/** `gym tasks`: the tasks that can be named here, each with its own name where its folder has another. */
export async function run({ cwd, stdout, stderr }: Context): Promise<CommandEnd> {
  const tasks = findTasks(cwd);
  if (tasks.length === 0) {
    stderr.write('there is no task here: a task is a task.ts, here or under envs/ or tasks/\n');
    return 0;
  }
  const names = await ownNames(tasks);
  const rows = tasks.map(({ name, file }) => {
    const own = names.get(file);
    return [own === undefined || own === name ? name : `${name} (${own})`, displayPath(file)];
  });
  stdout.write(`${tableText(rows)}\n`);
  return 0;
}
