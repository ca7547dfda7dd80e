import type { Listener } from '../events/log.ts';
import type { Result } from '../events/problem.ts';
import type { Verdict } from '../judge/verdict.ts';
import type { History } from '../store/history.ts';
import type { Proposal } from '../store/proposals.ts';
import type { Store } from '../store/store.ts';
import type { Task } from '../task/schema.ts';
import type { Baseline } from '../workspace/baseline.ts';
import type { Commit } from '../workspace/commit.ts';
import type { Disturbance } from './disturb.ts';
import type { Standing, WholeAsk } from './known.ts';

/** Something broken on purpose in one run. */
export interface RunFault {
  readonly name: string;
  /** Changes the snapshot, before it is built. */
  readonly apply: (directory: string) => Promise<Result<void>>;
  /** Disturbs the environment while a stage runs. */
  readonly during?: Disturbance;
}

/** One verification. */
export interface VerifyRequest {
  readonly task: Task;
  /** How the task was named by who asked; its own name by default. The verdict tells how to ask again. */
  readonly called?: string;
  /** Folder to be judged, laid out as the task's own folder. It is only read: a snapshot of it is judged. */
  readonly workspace: string;
  /** Folder with the files of the workspace as they are to be judged, where nobody writes to it any more; the workspace itself by default. */
  readonly files?: string;
  /** Where protected files are taken from; the workspace itself by default. */
  readonly baseline?: Baseline;
  /** Changes to protected files that were asked for: open ones are tried beside, accepted ones are in the baseline. */
  readonly proposals?: readonly Proposal[];
  /** What readers of the run should know of that choice. */
  readonly note?: string;
  /**
   * The commit whose build the workspace's is held against, where something asks for that: a ref, or by default where HEAD and the default branch
   * parted; so too with `.`, which only says that protected files are the workspace's own.
   */
  readonly compareWith?: string | Commit;
  /** Only whether the build keeps its service levels beside the baseline's is judged. */
  readonly isCanary?: boolean;
  /** What is broken on purpose. */
  readonly fault?: RunFault;
  /** Whether a gate that was never seen to fail keeps the verdict from being green. */
  readonly strict?: boolean;
  /**
   * What is done with what earlier runs have found out. `use`: steps that nothing has changed for are taken from them. `refresh`: all runs, and is kept for
   * later runs. Neither is said by default, as where an agent is judged or something is broken on purpose: all runs, and nothing is kept.
   */
  readonly cache?: 'use' | 'refresh';
  /** Where it is to be known as a whole: how it was asked for, what it stood on before, and the names of the variables that the task was made with. */
  readonly whole?: WholeAsk & { readonly standing: Standing; readonly variables: () => ReadonlySet<string> | 'all' };
  /** The task is a part of the one that was written: how many of its checks are judged. */
  readonly part?: NonNullable<Verdict['part']>;
  /** Whether stages run although one before them did not pass. */
  readonly keepGoing?: boolean;
  readonly store: Store;
  readonly history: History;
  /** Name of the run, from newRunName. */
  readonly run: string;
  /** The loop that it belongs to. */
  readonly loop?: string;
  /** The caller's environment variables, for `${NAME}` in the Compose file. */
  readonly environmentVariables: Readonly<Record<string, string | undefined>>;
  readonly listeners: readonly Listener[];
  /** Aborting ends the run, removes the environment, and gives a verdict that was not judged. */
  readonly signal: AbortSignal;
}
