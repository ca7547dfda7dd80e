import { startWatchdog } from '../../environment/watchdog.ts';
import type { Listener } from '../../events/log.ts';
import { ok, type Problem } from '../../events/problem.ts';
import { terse } from '../../judge/terse.ts';
import type { Verdict } from '../../judge/verdict.ts';
import { runFault } from '../../prove/disturbances.ts';
import { openHistory } from '../../store/history.ts';
import { checkoutOf, newRunName, openStore } from '../../store/store.ts';
import { checkFault } from '../../verify/fault.ts';
import { verify } from '../../verify/verify.ts';
import { refillSlots } from '../background.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context, Output } from '../context.ts';
import { removeLeftovers } from '../leftovers.ts';
import { type Reader, readerOf } from '../reader.ts';
import { eventLines, type JsonMode, jsonMode } from '../render/json.ts';
import { personVerdict } from '../render/person.ts';
import { type ProblemLines, progressLines } from '../render/progress.ts';
import { painter } from '../render/style.ts';
import { openTask } from '../tasks.ts';

/** `gym verify`: one verification of the workspace as it is. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  if (args.flag('audit')) return (await import('./audit.ts')).audit(context, args);
  const task = await openTask(args.positionals[0], context);
  if (!task.ok) return task.problems;
  const fault = args.text('fault');
  const known = fault === undefined ? ok(undefined) : checkFault(task.value, fault);
  if (!known.ok) return known.problems;
  const isCanary = args.flag('canary');
  if (isCanary && task.value.canary === undefined) return [noCanary(task.value.name)];
  const compareWith = args.text('baseline');
  const watchdog = startWatchdog(context.env);
  // Where no engine answers, the verdict tells.
  await removeLeftovers(context);
  const mode = jsonMode(args);
  const reader = readerOf(context, args);
  const store = openStore(checkoutOf(task.value.root));
  const history = openHistory(store);
  const [called] = args.positionals;
  try {
    const verdict = await verify({
      task: task.value,
      ...(called !== undefined && { called }),
      workspace: task.value.root,
      ...(fault !== undefined && { fault: runFault(task.value, fault, context.env) }),
      ...(compareWith !== undefined && { compareWith }),
      isCanary,
      strict: args.flag('strict'),
      store,
      history,
      run: newRunName(new Date()),
      environmentVariables: context.env,
      listeners: listenersFor(context, mode, reader),
      signal: context.signal,
    });
    // With an engine that went away something may be left: the watchdog looks again when it is back.
    if (!verdict.problems.some(({ kind }) => kind === 'environment')) watchdog.end();
    refillSlots(context, task.value);
    if (mode !== 'stream')
      context.stdout.write(`${render(verdict, store.runDirectory(verdict.run), mode, reader, context.stdout)}\n`);
    return verdict.exitCode;
  } finally {
    history.close();
  }
}

function noCanary(task: string): Problem {
  const remedy = 'Its key `canary` names a load, a rate, and what is watched: docs/targets.md.';
  return { kind: 'usage', message: `${task} has no canary`, remedy };
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
