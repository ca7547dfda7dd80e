import { startWatchdog } from '../../environment/watchdog.ts';
import { failed, ok, type Problem, type Result } from '../../events/problem.ts';
import { runFault } from '../../prove/disturbances.ts';
import { openHistory } from '../../store/history.ts';
import { checkoutOf, newRunName, openStore } from '../../store/store.ts';
import { noting } from '../../task/modules.ts';
import type { Task } from '../../task/schema.ts';
import { checkFault } from '../../verify/fault.ts';
import type { WholeAsk } from '../../verify/known.ts';
import { affectedStages, type Part, partOf } from '../../verify/part.ts';
import { verify } from '../../verify/verify.ts';
import { changedSince } from '../../workspace/changed.ts';
import { findCommit } from '../../workspace/commit.ts';
import { refillSlots } from '../background.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { removeLeftovers } from '../leftovers.ts';
import { readerOf } from '../reader.ts';
import { jsonMode } from '../render/json.ts';
import { listenersFor, verdictText } from '../render/verdict.ts';
import { openTask } from '../tasks.ts';

/** One verification of the workspace as it is, of which nothing is known as a whole. `whole`: how it was asked for, where it may become so. */
export async function verifyFully(context: Context, args: Arguments, whole?: WholeAsk): Promise<CommandEnd> {
  const { opened: task, variables } = await openNoting(args.positionals[0], context);
  if (!task.ok) return task.problems;
  const fault = args.text('fault');
  const known = fault === undefined ? ok(undefined) : checkFault(task.value, fault);
  if (!known.ok) return known.problems;
  const isCanary = args.flag('canary');
  if (isCanary && task.value.canary === undefined) return [noCanary(task.value.name)];
  const compareWith = args.text('baseline');
  const asked = await askedFor(task.value, args);
  if (!asked.ok) return asked.problems;
  const watchdog = startWatchdog(context.env);
  // Where no engine answers, the verdict tells. A watch has done it for all its verifications.
  if (!args.flag('next')) await removeLeftovers(context);
  const mode = jsonMode(args);
  const reader = readerOf(context, args);
  const store = openStore(checkoutOf(task.value.root));
  const history = openHistory(store);
  const [called] = args.positionals;
  try {
    const verdict = await verify({
      task: task.value,
      ...asked.value,
      ...(whole !== undefined && { whole: { ...whole, variables } }),
      ...(called !== undefined && { called }),
      workspace: task.value.root,
      ...(fault !== undefined && { fault: runFault(task.value, fault, context.env) }),
      ...(compareWith !== undefined && { compareWith }),
      isCanary,
      strict: args.flag('strict'),
      cache: args.flag('no-cache') ? 'refresh' : 'use',
      keepGoing: args.flag('keep-going'),
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
      context.stdout.write(
        `${await verdictText(verdict, store.runDirectory(verdict.run), mode, reader, context.stdout)}\n`,
      );
    return verdict.exitCode;
  } finally {
    history.close();
  }
}

/** Opens a task, and notes which variables it and its Compose files ask for meanwhile. */
async function openNoting(named: string | undefined, context: Context) {
  const real = process.env;
  const noted = noting(real);
  process.env = noted.object;
  try {
    const opened = await openTask(named, { ...context, env: noted.object });
    return { opened, variables: (): ReadonlySet<string> | 'all' => (noted.isOpen() ? 'all' : noted.names) };
  } finally {
    process.env = real;
  }
}

/** The part of the task that is asked for; nothing: all of it. */
async function askedFor(task: Task, args: Arguments): Promise<Result<Partial<Part>>> {
  const [stage, check] = [args.text('stage'), args.text('check')];
  const ways = [stage !== undefined, check !== undefined, args.flag('changed')].filter(Boolean);
  if (ways.length === 0) return ok({});
  if (ways.length > 1 || args.flag('canary')) {
    const message = '--stage, --check, --changed and --canary do not go together';
    return failed({ kind: 'usage', message, remedy: 'Choose one of them.' });
  }
  if (stage !== undefined) return partOf(task, { kind: 'stages', stages: [stage] });
  if (check !== undefined) return partOf(task, { kind: 'check', check });
  const commit = await findCommit(task.root, args.text('baseline'));
  if (!commit.ok) return commit;
  const changed = await changedSince(task.root, commit.value);
  return changed.ok ? partOf(task, { kind: 'stages', stages: affectedStages(task, changed.value) }) : changed;
}

function noCanary(task: string): Problem {
  const remedy = 'Its key `canary` names a load, a rate, and what is watched: docs/targets.md.';
  return { kind: 'usage', message: `${task} has no canary`, remedy };
}
