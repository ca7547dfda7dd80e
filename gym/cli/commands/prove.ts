import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { openTask } from '../../api/tasks.ts';
import { startWatchdog } from '../../environment/watchdog.ts';
import { failed, ok, type Problem, type Result } from '../../events/problem.ts';
import { notActivated, survivors, unprovenGates } from '../../prove/matrix.ts';
import { type ProofReport, prove } from '../../prove/prove.ts';
import type { ProveScope } from '../../prove/request.ts';
import { openHistory } from '../../store/history.ts';
import { heldOutStore, makeOwnFolder } from '../../store/key.ts';
import { checkoutOf, openStore, type Store } from '../../store/store.ts';
import type { Task } from '../../task/schema.ts';
import { nearOrKnown } from '../../task/suggest.ts';
import { checkFault } from '../../verify/fault.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { removeLeftovers } from '../leftovers.ts';
import { mutationPage, mutationReport } from '../render/mutation-report.ts';
import { progressText, proofText } from '../render/prove.ts';
import { painter } from '../render/style.ts';

/** Runs at the same time at most: each has an environment of its own. */
const mostRuns = 4;

/** `gym prove`: can each check fail? */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const task = await openTask(args.positionals[0], context);
  if (!task.ok) return task.problems;
  const refused = notAPerson(context, task.value);
  if (refused !== undefined) return [refused];
  const scope = scopeOf(task.value, args);
  if (!scope.ok) return scope.problems;
  const watchdog = startWatchdog(context.env);
  await removeLeftovers(context);
  const store = openStore(checkoutOf(task.value.root));
  const records = recordsOf(task.value, store);
  const history = openHistory(records);
  try {
    const proven = await prove({
      task: task.value,
      store,
      records,
      history,
      environmentVariables: context.env,
      signal: context.signal,
      version: context.version,
      scope: scope.value,
      parallel: args.number('parallel') ?? Math.max(1, Math.min(mostRuns, Math.floor(availableParallelism() / 2))),
      listeners: [],
      onProgress: (progress) => context.stderr.write(`${progressText(progress)}\n`),
    });
    watchdog.end();
    if (!proven.ok) return context.signal.aborted ? 130 : proven.problems;
    const html = args.text('html');
    if (html !== undefined) writeFileSync(resolve(context.cwd, html), await mutationPage(proven.value));
    const asJson = args.text('json') !== undefined;
    const text = asJson
      ? JSON.stringify(mutationReport(proven.value), null, 2)
      : proofText(proven.value, painter(context.stdout));
    context.stdout.write(`${text}\n`);
    return isProven(proven.value) ? 0 : 1;
  } finally {
    history.close();
  }
}

/** Where what it finds is kept: for the user alone where checks are held out. */
function recordsOf({ heldOut }: Task, store: Store): Store {
  if (heldOut === undefined) return store;
  const outside = heldOutStore(store);
  makeOwnFolder(outside.directory);
  return outside;
}

/** It shows all that is held out. This keeps the honest agents away, and no others. */
function notAPerson({ isAgent, env }: Context, { name, heldOut }: Task): Problem | undefined {
  if (heldOut === undefined || (!isAgent && env['GYM_RUN_ID'] === undefined)) return undefined;
  const message = `${name} holds checks out of an agent's sight: a person proves it, not an agent`;
  return { kind: 'usage', message, remedy: `At a terminal of your own: gym prove ${name}` };
}

function isProven({ matrix, agents }: ProofReport): boolean {
  const isRight = agents.every(({ isAsItShouldBe }) => isAsItShouldBe);
  return isRight && [unprovenGates, survivors, notActivated].every((wrong) => wrong(matrix).length === 0);
}

function scopeOf(task: Task, args: Arguments): Result<ProveScope> {
  const [check, fault] = [args.text('check'), args.text('fault')];
  const given = [check, fault, args.flag('full') ? 'full' : undefined].filter((each) => each !== undefined);
  if (given.length > 1) return failed({ kind: 'usage', message: '--full, --check and --fault exclude each other' });
  if (fault !== undefined) {
    const known = checkFault(task, fault);
    return known.ok ? ok({ kind: 'fault', fault }) : known;
  }
  if (check !== undefined) {
    const names = [...task.stages, ...task.invariants].map(({ name }) => name);
    if (names.includes(check)) return ok({ kind: 'check', check });
    const remedy = nearOrKnown(check, 'checks', names);
    return failed({ kind: 'usage', message: `${task.name} has no check ${check}`, remedy });
  }
  return ok({ kind: args.flag('full') ? 'full' : 'unproven' });
}
