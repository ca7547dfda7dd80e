import { dirname } from 'node:path';
import { execa } from 'execa';
import type { Cleared } from '../../api/leftovers.ts';
import { type LoopAsked, prepareLoop } from '../../api/loop.ts';
import { storesHere } from '../../api/stores.ts';
import { openTask } from '../../api/tasks.ts';
import type { Listener } from '../../events/log.ts';
import { failed, ok, type Problem, type Result } from '../../events/problem.ts';
import { exitCodeOfProblems } from '../../judge/verdict.ts';
import type { LoopReport } from '../../loop/report.ts';
import { findResumable } from '../../loop/resume.ts';
import type { LoopLimits } from '../../store/journal.ts';
import { readProposals } from '../../store/proposals.ts';
import { checkoutOf, newRunName, openStore, type Store } from '../../store/store.ts';
import { findTask } from '../../task/find.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { tellLeftovers } from '../leftovers.ts';
import { eventLines, jsonMode } from '../render/json.ts';
import { loopText } from '../render/loop.ts';
import { progressLines } from '../render/progress.ts';

/** What is asked of one loop, begun or gone on with. */
type Asked = Pick<LoopAsked, 'task' | 'loop' | 'agentChoice' | 'limits'>;

/** `gym loop`: an agent against the verdict, with the terminal UI where there is a terminal. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const asked = args.flag('resume') ? await resumed(context, args) : await begun(context, args);
  if (!asked.ok) return asked.problems;
  const { task, loop } = asked.value;
  const { cwd, env, signal } = context;
  const onCleared = (cleared: Cleared): void => tellLeftovers(context, cleared);
  const ready = await prepareLoop({ ...asked.value, cwd, env, signal, onCleared });
  if (!ready.ok) return ready.problems;
  const told = new Set<Problem>();
  const report = await watched(context, args, told, ready.value.run);
  if (report.ok) showReport(context, args, report.value, openStore(checkoutOf(task.root)));
  const problems = report.ok ? report.value.problems : report.problems;
  const end = report.ok && problems.length === 0 ? report.value.end : 'failed';
  const branch = report.ok ? report.value.branch : null;
  await callPerson(context, args, { end, task: task.name, loop, branch });
  const [first, ...others] = problems.filter((problem) => !told.has(problem));
  if (first !== undefined) return [first, ...others];
  return report.ok ? report.value.exitCode : exitCodeOfProblems(report.problems);
}

async function begun(context: Context, args: Arguments): Promise<Result<Asked>> {
  const task = await openTask(args.positionals[0], context);
  if (!task.ok) return task;
  const agentChoice = args.text('agent');
  if (agentChoice === undefined) {
    return failed({ kind: 'usage', message: 'name the agent', remedy: "--agent oracle, claude, codex or command:'…'" });
  }
  const { usd = null, attempts, minutes } = task.value.limits;
  const limits = limitsFrom(args, { attempts, minutes, usd });
  return ok({ task: task.value, loop: newRunName(new Date()), agentChoice, limits });
}

/** The loop that was cut off, with its own agent, and its own limits where no others are given. */
async function resumed(context: Context, args: Arguments): Promise<Result<Asked>> {
  if (args.text('agent') !== undefined) {
    const message = 'a loop goes on with the agent that it was begun with: --resume takes no --agent';
    return failed({ kind: 'usage', message, remedy: 'Leave --agent out, or begin another loop without --resume.' });
  }
  const [name] = args.positionals;
  const file = name === undefined ? undefined : await findTask(name, context.cwd);
  const taskFile = file?.ok === true ? file.value : undefined;
  const which = name === undefined ? undefined : { name, taskFile };
  const own = openStore(checkoutOf(taskFile === undefined ? context.cwd : dirname(taskFile)));
  const stores = taskFile === undefined ? storesHere(context.cwd) : [];
  const tried = [...stores, own].map((store) => findResumable(store, which));
  const found = tried.find(({ ok: isFound }) => isFound) ?? findResumable(own, which);
  if (!found.ok) return found;
  const task = await openTask(found.value.taskFile, context);
  if (!task.ok) return task;
  return ok({ ...found.value, task: task.value, limits: limitsFrom(args, found.value.limits) });
}

function limitsFrom(args: Arguments, otherwise: LoopLimits): LoopLimits {
  return {
    attempts: args.number('max-attempts') ?? otherwise.attempts,
    minutes: args.number('max-minutes') ?? otherwise.minutes,
    usd: args.number('max-usd') ?? otherwise.usd,
  };
}

/** Shows what happens while it happens: on the terminal UI, as lines, or as events. `told` gets the problems that lines told of. */
async function watched<Value>(
  context: Context,
  args: Arguments,
  told: Set<Problem>,
  work: (listener: Listener) => Promise<Value>,
): Promise<Value> {
  if (jsonMode(args) === 'stream') return work(eventLines(context.stdout));
  const hasScreen = context.stdout.isTty && context.stdin.isTty && jsonMode(args) === 'text' && !args.flag('plain');
  const lines = progressLines(context.stderr);
  if (!hasScreen) {
    return work((event) => {
      if (event.type === 'problem.found') told.add(event.problem);
      lines(event);
    });
  }
  const screen = await context.openScreen(context.interrupt);
  try {
    const value = await work(screen.listener);
    if (!context.signal.aborted) await screen.closed;
    return value;
  } finally {
    screen.close();
    await screen.closed;
  }
}

function showReport(context: Context, args: Arguments, report: LoopReport, store: Store): void {
  const mode = jsonMode(args);
  const proposals = readProposals(store).filter(({ loop, state }) => loop === report.loop && state === 'open');
  if (mode === 'final') context.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  if (mode === 'text')
    context.stdout.write(`${loopText(report, store.runDirectory(report.loop), context.stdout, proposals)}\n`);
}

/** What the command of --notify gets to know; `failed`: the loop could not go on, and problems say why. */
interface Notice extends Pick<LoopReport, 'task' | 'loop' | 'branch'> {
  readonly end: LoopReport['end'] | 'failed';
}

/** Rings the bell and runs the command of --notify. */
async function callPerson(context: Context, args: Arguments, { end, task, loop, branch }: Notice): Promise<void> {
  if (context.stderr.isTty) context.stderr.write('\u0007');
  const command = args.text('notify');
  if (command === undefined) return;
  const env = { GYM_END: end, GYM_TASK: task, GYM_LOOP: loop, GYM_BRANCH: branch ?? '' };
  const notified = await execa('sh', ['-c', command], {
    env,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    reject: false,
    timeout: 60_000,
  });
  if (notified.failed)
    context.stderr.write(`the command of --notify failed: ${notified.stderr || notified.shortMessage}\n`);
}
