import { isInterruption } from '../environment/bring-up.ts';
import { startWatchdog } from '../environment/watchdog.ts';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import type { Verdict } from '../judge/verdict.ts';
import { runFault } from '../prove/disturbances.ts';
import { openHistory } from '../store/history.ts';
import { checkoutOf, newRunName, openStore } from '../store/store.ts';
import { noting } from '../task/modules.ts';
import type { Task } from '../task/schema.ts';
import { checkFault } from '../verify/fault.ts';
import { standingOf, type WholeAsk } from '../verify/known.ts';
import { type Asked, affectedStages, type Part, partOf } from '../verify/part.ts';
import type { VerifyRequest } from '../verify/request.ts';
import { verify } from '../verify/verify.ts';
import { changedSince } from '../workspace/changed.ts';
import { findCommit } from '../workspace/commit.ts';
import { ownBaseline } from '../workspace/judging.ts';
import { refillSlots } from './background.ts';
import type { Caller } from './caller.ts';
import { type Cleared, clearAll } from './leftovers.ts';
import { type FoundJudged, findJudged, openJudged } from './tasks.ts';

/** What is asked of one verification. */
export interface VerifyAsked
  extends Caller,
    Pick<VerifyRequest, 'compareWith' | 'isCanary' | 'strict' | 'cache' | 'keepGoing' | 'listeners' | 'signal'> {
  /** A task file, its folder, or its name; none: the only task there is. */
  readonly named?: string | undefined;
  /** Folder to be judged, laid out as the task's own, which it is by default. */
  readonly workspace?: string | undefined;
  /** Name of a fault of the task, to be done on purpose. */
  readonly fault?: string | undefined;
  /** What of the task is asked for; none: all of it. `changed`: the stages whose inputs differ from the baseline. */
  readonly part?: Asked | { readonly kind: 'changed' } | undefined;
  /** Where a pass may be known as a whole: how it was asked for. */
  readonly whole?: WholeAsk | undefined;
  /** Gives what judges the task as findJudged does, where that has been asked ahead. */
  readonly judged?: (() => ReturnType<typeof findJudged>) | undefined;
  /** What gyms that are gone had left has been looked for already. */
  readonly isCleared?: boolean;
  /** Hears what gyms that are gone had left. */
  readonly onCleared?: (cleared: Cleared) => void;
}

/** A verdict, and the folder of its run. */
export interface Judged {
  readonly verdict: Verdict;
  readonly directory: string;
}

/**
 * One verification as it is asked for, by a command line or a program: what others left is removed, a watchdog looks on, the run is in
 * the history. Gives problems alone where nothing was begun.
 */
export async function verifyTask(asked: VerifyAsked): Promise<Result<Judged>> {
  const { named, workspace, fault, part, whole, judged, isCleared = false, onCleared, cwd, env, ...request } = asked;
  const standing = whole === undefined ? undefined : standingOf(whole);
  const found = await (judged?.() ?? findJudged(whole?.taskFile ?? named, request.compareWith, asked));
  if (!found.ok) return found;
  const { judging, proposals } = found.value;
  const { opened, variables } =
    whole === undefined ? await openPlainly(found.value, asked) : await openNoting(found.value, asked);
  if (!opened.ok) return opened;
  const task = opened.value;
  const known = fault === undefined ? ok(undefined) : checkFault(task, fault);
  if (!known.ok) return known;
  if (request.isCanary === true && task.canary === undefined) return failed(noCanary(task.name));
  const meant = part === undefined ? ok({ task }) : await partMeant(task, part, request.compareWith);
  if (!meant.ok) return meant;
  const watchdog = startWatchdog(env);
  // Where no engine answers, the verdict tells.
  const cleared = isCleared ? undefined : await clearAll(asked);
  if (cleared?.ok) onCleared?.(cleared.value);
  const store = openStore(checkoutOf(task.root));
  const history = openHistory(store);
  try {
    const verdict = await verify({
      ...request,
      ...meant.value,
      ...(whole !== undefined && standing !== undefined && { whole: { ...whole, standing, variables } }),
      ...(named !== undefined && { called: named }),
      ...(judging.kind === 'commit' && { baseline: judging.baseline, proposals }),
      ...(judging.note !== undefined && { note: judging.note }),
      workspace: workspace ?? task.root,
      ...(fault !== undefined && { fault: runFault(task, fault, env) }),
      store,
      history,
      run: newRunName(new Date()),
      environmentVariables: env,
    });
    // With an engine that went away something may be left: the watchdog looks again when it is back.
    if (verdict.problems.every((each) => each.kind !== 'environment' || isInterruption(each))) watchdog.end();
    refillSlots(asked, task);
    return ok({ verdict, directory: store.runDirectory(verdict.run) });
  } finally {
    history.close();
  }
}

/** How a task was opened, and the names of the variables that it and its Compose files asked for meanwhile. */
interface Opened {
  readonly opened: Result<Task>;
  readonly variables: () => ReadonlySet<string> | 'all';
}

async function openPlainly(found: FoundJudged, caller: Caller): Promise<Opened> {
  return { opened: await openJudged(found, caller), variables: () => 'all' };
}

/** With a stand-in for the variables of this process, which a task file asks for itself. Not for two at once. */
async function openNoting(found: FoundJudged, caller: Caller): Promise<Opened> {
  const real = process.env;
  const noted = noting(real);
  process.env = noted.object;
  try {
    const opened = await openJudged(found, { ...caller, env: noted.object });
    return { opened, variables: () => (noted.isOpen() ? 'all' : noted.names) };
  } finally {
    process.env = real;
  }
}

async function partMeant(
  task: Task,
  part: NonNullable<VerifyAsked['part']>,
  compareWith: VerifyRequest['compareWith'],
): Promise<Result<Part>> {
  if (part.kind !== 'changed') return partOf(task, part);
  const commit =
    typeof compareWith === 'object'
      ? ok(compareWith)
      : await findCommit(task.root, compareWith === ownBaseline ? undefined : compareWith);
  if (!commit.ok) return commit;
  const changed = await changedSince(task.root, commit.value);
  return changed.ok ? partOf(task, { kind: 'stages', stages: affectedStages(task, changed.value) }) : changed;
}

function noCanary(task: string): Problem {
  const remedy = 'Its key `canary` names a load, a rate, and what is watched: docs/targets.md.';
  return { kind: 'usage', message: `${task} has no canary`, remedy };
}
