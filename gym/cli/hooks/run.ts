import { text } from 'node:stream/consumers';
import type { Problem } from '../../events/problem.ts';
import { type Answer, answerText } from '../../hooks/answer.ts';
import { touchedFiles } from '../../hooks/guard.ts';
import { type HookInput, readInput } from '../../hooks/input.ts';
import { type Program, programNamed } from '../../hooks/programs.ts';
import { checkoutOf } from '../../store/store.ts';
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
  const input = readInput(program, await text(process.stdin));
  if (!input.ok) return tellFailure(context, input.problems[0]);
  if (input.value === undefined) return 0;
  const answer = await answerOf(context, program, input.value, named);
  if (answer !== undefined) context.stdout.write(`${answerText(program.name, input.value, answer)}\n`);
  return 0;
}

/**
 * What is said to an event; each loads its part alone, for most calls say nothing. In a loop it is the loop that judges. Who only plans may
 * change nothing, so it is not sent back.
 */
async function answerOf(
  context: Context,
  program: Program,
  input: HookInput,
  named: string,
): Promise<Answer | undefined> {
  const top = topOf(context, program, input);
  if (input.kind === 'guard') {
    const files = touchedFiles(input);
    if (files.length === 0) return undefined;
    const { guard } = await import('./guard.ts');
    return guard({ files, top, named, settings: program.settings });
  }
  if (context.env['GYM_RUN_ID'] !== undefined || input.isPlanning) return undefined;
  if (input.kind === 'stop') {
    const { stop } = await import('./stop.ts');
    return stop(context, top, named, input);
  }
  const { lookAtEdit } = await import('./edit.ts');
  return lookAtEdit(top, named);
}

/** The agent may have gone into another folder meanwhile. */
function topOf({ env }: Context, { folderVariable }: Program, { cwd }: HookInput): string {
  const started = folderVariable === undefined ? undefined : env[folderVariable];
  return checkoutOf(started ?? cwd);
}

function tellFailure({ stderr }: Context, { message, remedy }: Problem): number {
  stderr.write(`gym: ${message}${remedy === undefined ? '' : `. ${remedy}`}\n`);
  return failedHook;
}
