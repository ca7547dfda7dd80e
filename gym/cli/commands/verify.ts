import { verifyTask } from '../../api/verify.ts';
import type { Listener } from '../../events/log.ts';
import { terse } from '../../judge/terse.ts';
import type { Verdict } from '../../judge/verdict.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context, Output } from '../context.ts';
import { tellLeftovers } from '../leftovers.ts';
import { type Reader, readerOf } from '../reader.ts';
import { eventLines, type JsonMode, jsonMode } from '../render/json.ts';
import { personVerdict } from '../render/person.ts';
import { type ProblemLines, progressLines } from '../render/progress.ts';
import { painter } from '../render/style.ts';

/** `gym verify`: one verification of the workspace as it is. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  if (args.flag('audit')) return (await import('./audit.ts')).audit(context, args);
  const { cwd, env, signal, stdout } = context;
  const mode = jsonMode(args);
  const reader = readerOf(context, args);
  const compareWith = args.text('baseline');
  const judged = await verifyTask({
    ...{ cwd, env, signal },
    named: args.positionals[0],
    fault: args.text('fault'),
    ...(compareWith !== undefined && { compareWith }),
    isCanary: args.flag('canary'),
    strict: args.flag('strict'),
    listeners: listenersFor(context, mode, reader),
    onCleared: (cleared) => tellLeftovers(context, cleared),
  });
  if (!judged.ok) return judged.problems;
  const { verdict, directory } = judged.value;
  if (mode !== 'stream') stdout.write(`${render(verdict, directory, mode, reader, stdout)}\n`);
  return verdict.exitCode;
}

/** Events, or lines of progress; for an agent neither: its program would mix them with the verdict. */
function listenersFor(context: Context, mode: JsonMode, reader: Reader): Listener[] {
  if (mode === 'stream') return [eventLines(context.stdout)];
  return reader === 'agent' ? [] : [progressLines(context.stderr, problemsIn(context, mode))];
}

/** On a terminal the page that follows has the problems, so that the lines before it leave them out. */
function problemsIn({ stdout, stderr }: Context, mode: JsonMode): ProblemLines {
  return mode === 'text' && stdout.isTty && stderr.isTty ? 'left out' : 'shown';
}

/** `directory`: the run's folder. */
function render(verdict: Verdict, directory: string, mode: JsonMode, reader: Reader, stdout: Output): string {
  if (mode === 'final') return JSON.stringify(verdict, null, 2);
  return reader === 'person' ? personVerdict(verdict, directory, painter(stdout)) : terse(verdict);
}
