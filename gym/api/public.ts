// What a program gets from 'devgym'. Task files load this too, so that each function loads its parts when it is called.
import type { Event } from '../events/event.ts';
import { type Problem, placeText, type Result } from '../events/problem.ts';
import type { Verdict } from '../judge/verdict.ts';
import type { LoopReport } from '../loop/report.ts';

/** Where something is asked for, and how it is stopped. */
export interface CallOptions {
  /** Folder from which tasks and runs are named; the current one by default. */
  readonly cwd?: string;
  /** Variables for `${NAME}` in Compose files and for agents; those of this process by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Aborting it ends what is under way and removes its environment. */
  readonly signal?: AbortSignal;
}

/** One verification. */
export interface VerifyOptions extends CallOptions {
  /** Folder to be judged, laid out as the task's own folder, which it is by default. It is only read. */
  readonly workspace?: string;
  /** The commit that protected files are taken from and targets are held against: a ref, or `.` for the folder's own files; by default where HEAD and the default branch parted. */
  readonly baseline?: string;
  /** Name of a fault of the task, to be done on purpose. */
  readonly fault?: string;
  /** Whether a gate that was never seen to fail keeps the verdict from being green. */
  readonly strict?: boolean;
  /** Hears each event as it happens. */
  readonly onEvent?: (event: Event) => void;
}

/** One loop; each limit is the task's own by default. */
export interface LoopOptions extends CallOptions {
  /** `oracle`, `claude`, `codex`, or any program by `command:…`. */
  readonly agent: string;
  readonly maxAttempts?: number;
  readonly maxMinutes?: number;
  /** US dollars, where the agent tells its cost. */
  readonly maxUsd?: number;
  /** Hears each event of the loop and of its verifications as it happens. */
  readonly onEvent?: (event: Event) => void;
}

/** Something was asked for that cannot be done: no such task, a definition that does not fit, no engine for a loop. Nothing was begun. */
export class GymError extends Error {
  override readonly name = 'GymError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const texts = problems.map(({ place, message, remedy = '' }) => `${placeText(place)}: ${message}. ${remedy}`);
    super(texts.map((text) => text.replace(/^: /, '').trimEnd()).join('\n'));
    this.problems = problems;
  }
}

/**
 * Verifies a task once, as `gym verify` does, and gives its verdict; nothing of the environment is left. A run that fails, or that could not
 * be judged, is a verdict too: look at `state`. `task` is a task file, its folder or its name; without it, the only task there is.
 *
 * @throws GymError where nothing could be begun.
 */
export async function verify(task?: string, options: VerifyOptions = {}): Promise<Verdict> {
  const { workspace, baseline: compareWith, fault, strict, onEvent } = options;
  const { verifyTask } = await import('./verify.ts');
  const judged = orThrow(
    await verifyTask({
      ...caller(options),
      ...{ named: task, workspace, fault },
      ...(compareWith !== undefined && { compareWith }),
      ...(strict !== undefined && { strict }),
      listeners: onEvent === undefined ? [] : [onEvent],
    }),
  );
  return judged.verdict;
}

/**
 * Lets an agent work at a task against the verdict until it is done or a budget ends it, as `gym loop` does. `end` of the report is `done` only if
 * the judge said so; the work is on its branch.
 *
 * @throws GymError where nothing could be begun.
 */
export async function loop(task: string | undefined, options: LoopOptions): Promise<LoopReport> {
  const [{ openTask }, { prepareLoop }, { newRunName }] = await Promise.all([
    import('./tasks.ts'),
    import('./loop.ts'),
    import('../store/store.ts'),
  ]);
  const called = caller(options);
  const opened = orThrow(await openTask(task, called));
  const { attempts, minutes, usd = null } = opened.limits;
  const limits = {
    attempts: options.maxAttempts ?? attempts,
    minutes: options.maxMinutes ?? minutes,
    usd: options.maxUsd ?? usd,
  };
  const ready = orThrow(
    await prepareLoop({ ...called, task: opened, loop: newRunName(new Date()), agentChoice: options.agent, limits }),
  );
  return orThrow(await ready.run(options.onEvent ?? (() => undefined)));
}

/**
 * The events of a run or loop, by its name or a unique end of it: those that were recorded and, while it goes on in whatever process, those
 * that come. Ends with the run, or when `signal` is aborted, which does not touch the run.
 *
 * @throws GymError where there is no such run.
 */
export async function* events(
  run: string,
  options: Pick<CallOptions, 'cwd' | 'signal'> = {},
): AsyncGenerator<Event, void> {
  const [{ runNamed }, { eventsOf }] = await Promise.all([import('./run-named.ts'), import('./events.ts')]);
  yield* eventsOf(orThrow(runNamed(options.cwd ?? process.cwd(), run)), options.signal);
}

function caller({ cwd = process.cwd(), env = process.env, signal = new AbortController().signal }: CallOptions) {
  return { cwd, env, signal };
}

function orThrow<Value>(result: Result<Value>): Value {
  if (result.ok) return result.value;
  throw new GymError(result.problems);
}
