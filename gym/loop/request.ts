import type { Agent } from '../agent/agent.ts';
import type { Listener } from '../events/log.ts';
import type { Verdict } from '../judge/verdict.ts';
import type { History } from '../store/history.ts';
import type { LoopLimits } from '../store/journal.ts';
import type { Store } from '../store/store.ts';
import type { Task } from '../task/schema.ts';
import type { VerifyRequest } from '../verify/request.ts';

/** One loop: an agent at a task, again and again until the judge says that it is done or a budget ends it. */
export interface LoopRequest {
  readonly task: Task;
  readonly agent: Agent;
  /** As given to `--agent`, so that a resume can choose the same one. */
  readonly agentChoice: string;
  readonly limits: LoopLimits;
  readonly store: Store;
  readonly history: History;
  /** The caller's environment variables, for `${NAME}` in the Compose file. */
  readonly environmentVariables: Readonly<Record<string, string | undefined>>;
  /** Name of the loop, from newRunName; of one that was begun before, to go on with it. */
  readonly loop: string;
  /** Read the events of the loop and of its verifications; on a resume, those of before come first. */
  readonly listeners: readonly Listener[];
  /** Aborting stops what is under way; the loop can be resumed. */
  readonly signal: AbortSignal;
  readonly verify: (request: VerifyRequest) => Promise<Verdict>;
  /** A verdict in the few words that an agent gets to read. */
  readonly describe: (verdict: Verdict) => string;
  /** Epoch milliseconds. */
  readonly clock?: () => number;
  /** Waits for so many milliseconds, or until it is aborted; never rejects. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}
