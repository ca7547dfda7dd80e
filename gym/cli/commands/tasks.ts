import { displayPath } from '../../task/display-path.ts';
import { findTasks } from '../../task/found.ts';
import { inSight } from '../../task/held-out.ts';
import { loadTask } from '../../task/load.ts';
import { checksOf } from '../../verify/checks.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { tableText } from '../render/style.ts';

/** `gym tasks`: the tasks that can be named here, each with its own name where its folder has another. */
export async function run({ cwd, stdout, stderr }: Context, args: Arguments): Promise<CommandEnd> {
  const tasks = findTasks(cwd);
  const loaded = await Promise.all(tasks.map(async (found) => ({ ...found, task: await loadTask(found.file) })));
  if (args.text('json') !== undefined) {
    const documents = loaded.map(({ name, file, task }) => {
      if (!task.ok) return { name, file, problems: task.problems };
      const { instruction } = task.value;
      return { name: task.value.name, file, instruction, checks: checksOf(inSight(task.value)) };
    });
    stdout.write(`${JSON.stringify(documents, null, 2)}\n`);
    return 0;
  }
  if (tasks.length === 0) {
    stderr.write('there is no task here: a task is a task.ts, here or under envs/ or tasks/\n');
    return 0;
  }
  const rows = loaded.map(({ name, file, task }) => {
    const own = task.ok ? task.value.name : name;
    return [own === name ? name : `${name} (${own})`, displayPath(file)];
  });
  stdout.write(`${tableText(rows)}\n`);
  return 0;
}
