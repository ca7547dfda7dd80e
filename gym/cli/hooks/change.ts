import { join } from 'node:path';
import { openTask } from '../../api/tasks.ts';
import { failed, type Problem, type Result } from '../../events/problem.ts';
import { callFor } from '../../hooks/command.ts';
import { foundGitHooks, installGitHooks, uninstallGitHooks } from '../../hooks/git-hooks.ts';
import { type Change, installedHooks, installHooks, uninstallHooks } from '../../hooks/install.ts';
import { type Program, programNamed, programs } from '../../hooks/programs.ts';
import { taskOf } from '../../hooks/settings.ts';
import { checkoutOf } from '../../store/store.ts';
import { displayPath } from '../../task/display-path.ts';
import { nearOrKnown } from '../../task/suggest.ts';
import type { CommandEnd, Context } from '../context.ts';
import { tableText } from '../render/style.ts';

const names = [...Object.keys(programs), 'git'];

/** `gym hooks install` and `uninstall`. */
export async function changeHooks(
  context: Context,
  verb: 'install' | 'uninstall',
  name: string | undefined,
  named: string | undefined,
): Promise<CommandEnd> {
  const program = programNamed(name ?? '');
  if (program === undefined && name !== 'git') return [noProgram(name)];
  const top = checkoutOf(context.cwd);
  const done = verb === 'install' ? await install(context, program, named, top) : await uninstall(program, top);
  if (!done.ok) return done.problems;
  const { stdout } = context;
  const where = program === undefined ? '' : ` in ${displayPath(join(top, program.settings))}`;
  stdout.write(`${name}: ${done.value}${where}\n`);
  if (verb === 'install' && program !== undefined) stdout.write(`${program.trust}\n`);
  return 0;
}

function noProgram(name: string | undefined): Problem {
  const message = name === undefined ? 'hooks of which program?' : `there is no program ${name} that gym has hooks for`;
  return { kind: 'usage', message, remedy: nearOrKnown(name ?? '', 'programs', names) };
}

async function install(
  context: Context,
  program: Program | undefined,
  named: string | undefined,
  top: string,
): Promise<Result<Change>> {
  const task = await openTask(named, context);
  if (!task.ok) return task;
  if (checkoutOf(task.value.root) !== top) {
    const message = `${task.value.name} is not of this checkout`;
    return failed({ kind: 'usage', message, remedy: 'Install hooks in the checkout of their task.' });
  }
  const call = callFor(task.value.root, top, context.env);
  if (!call.ok) return call;
  return program === undefined
    ? installGitHooks(task.value, top, call.value)
    : installHooks(program, task.value, top, call.value);
}

async function uninstall(program: Program | undefined, top: string): Promise<Result<Change>> {
  return program === undefined ? uninstallGitHooks(top) : uninstallHooks(program, top);
}

/** `gym hooks`: what is installed where, one line a program. Settings that cannot be read are problems, after all the others. */
export async function listHooks({ cwd, stdout }: Context): Promise<CommandEnd> {
  const top = checkoutOf(cwd);
  const rows: string[][] = [];
  const problems: Problem[] = [];
  for (const program of Object.values(programs)) {
    const found = installedHooks(program, top);
    if (!found.ok) {
      rows.push([program.name, 'cannot be read', displayPath(join(top, program.settings))]);
      problems.push(...found.problems);
      continue;
    }
    const [first] = found.value;
    if (first === undefined) {
      rows.push([program.name, 'not installed']);
      continue;
    }
    const events = found.value.map(({ event }) => event).join(', ');
    rows.push([program.name, events, displayPath(join(top, program.settings)), `task ${taskOf(first.command)}`]);
  }
  const inGit = await foundGitHooks(top);
  const hooks = inGit.ok ? inGit.value : [];
  if (hooks.length === 0) rows.push(['git', 'not installed']);
  for (const { hook, file } of hooks) rows.push(['git', hook, displayPath(file)]);
  stdout.write(`${tableText(rows)}\n`);
  const [first, ...others] = problems;
  return first === undefined ? 0 : [first, ...others];
}
