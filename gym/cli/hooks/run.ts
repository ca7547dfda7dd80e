import { join } from 'node:path';
import type { Problem, Result } from '../../events/problem.ts';
import { type Answer, answerText } from '../../hooks/answer.ts';
import { firstGuarded, touchedFiles } from '../../hooks/guard.ts';
import { type HookInput, readInput } from '../../hooks/input.ts';
import { type Program, programNamed } from '../../hooks/programs.ts';
import { checkoutOf, openStore } from '../../store/store.ts';
import { findTask } from '../../task/find.ts';
import { displayPath, loadTask } from '../../task/load.ts';
import type { Task } from '../../task/schema.ts';
import { matchesAny } from '../../workspace/snapshot.ts';
import type { CommandEnd, Context } from '../context.ts';

/** What a hook ends with where it could not do its work: every program goes on then, and shows what is on standard error. */
const failedHook = 1;

/**
 * `gym hooks run PROGRAM TASK`: what the hooks call. A program tells on standard input what happens, and takes the answer from standard output.
 * Whatever goes wrong in here holds nobody up.
 */
export async function runHook(context: Context, name = '', named = '.'): Promise<CommandEnd> {
  if (name === 'pre-commit' || name === 'pre-push') {
    const { runGitHook } = await import('./git.ts');
    return runGitHook(context, name, named);
  }
  const program = programNamed(name);
  if (program === undefined)
    return tellFailure(context, { kind: 'usage', message: `no program ${name} has hooks of gym's` });
  const input = readInput(program, await context.stdin.read());
  if (!input.ok) return tellFailure(context, input.problems[0]);
  if (input.value === undefined) return 0;
  const answer = await answerOf({ context, program, input: input.value, named });
  if (answer !== undefined) context.stdout.write(`${answerText(program.name, input.value, answer)}\n`);
  return 0;
}

/** An event of a program, and what its hook was installed for. */
interface Happened {
  readonly context: Context;
  readonly program: Program;
  readonly input: HookInput;
  /** The folder of the task, relative to the top of the checkout. */
  readonly named: string;
}

/** In a loop it is the loop that judges. Who only plans may change nothing, so it is not sent back to. */
async function answerOf(happened: Happened): Promise<Answer | undefined> {
  const { context, input } = happened;
  if (input.kind === 'guard') return guard(happened);
  if (context.env['GYM_RUN_ID'] !== undefined || input.isPlanning) return undefined;
  if (input.kind === 'stop') {
    const { stop } = await import('./stop.ts');
    return stop(context, topOf(happened), happened.named, input);
  }
  const task = await taskOf(happened);
  if (!task.ok) return undefined;
  const { lookAtEdit } = await import('./edit.ts');
  return lookAtEdit(task.value);
}

/** The agent may have gone into another folder meanwhile. */
function topOf({ context: { env }, program, input }: Happened): string {
  const started = program.folderVariable === undefined ? undefined : env[program.folderVariable];
  return checkoutOf(started ?? input.cwd);
}

async function taskOf(happened: Happened): Promise<Result<Task>> {
  const file = await findTask(happened.named, topOf(happened));
  return file.ok ? loadTask(file.value) : file;
}

/** Where the task cannot be loaded the verdict tells; until then nothing is known to be protected. */
async function guard(happened: Happened): Promise<Answer | undefined> {
  const files = touchedFiles(happened.input);
  if (files.length === 0) return undefined;
  const task = await taskOf(happened);
  if (!task.ok) return undefined;
  const { root, protected: globs } = task.value;
  const isProtected = (path: string): boolean => matchesAny(path, globs);
  const top = topOf(happened);
  const own = [join(top, happened.program.settings), openStore(top).directory];
  const found = firstGuarded(files, { root, isProtected, own });
  return found === undefined ? undefined : { act: 'deny', words: denial[found.of](displayPath(found.file)) };
}

const denial = {
  task: (file: string): string =>
    `${file} is protected, so this edit was not made: it is part of what judges the task. Go on without changing it; if it has to change, tell the person why.`,
  gym: (file: string): string =>
    `${file} has gym's hooks or records in it, so this edit was not made. If it has to change, tell the person why.`,
};

function tellFailure({ stderr }: Context, { message, remedy }: Problem): number {
  stderr.write(`gym: ${message}${remedy === undefined ? '' : `. ${remedy}`}\n`);
  return failedHook;
}
