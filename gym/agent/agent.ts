import type { Emit, Usage } from '../events/event.ts';
import type { Problem } from '../events/problem.ts';

/** A conversation that an agent's program can go on with, and what the program counts for all of it so far. */
export interface Session {
  readonly id: string;
  readonly used: Usage;
}

/** One attempt: what an agent is given. */
export interface AttemptRequest {
  readonly attempt: number;
  /** Name of the loop: every process of the attempt carries it as GYM_RUN_ID. */
  readonly loop: string;
  /** The folder to work in. */
  readonly workspace: string;
  readonly prompt: string;
  /** The prompt as a file. */
  readonly promptFile: string;
  /** The verdict on the workspace as it is now, as JSON. */
  readonly verdictFile: string;
  /** A conversation to go on with. */
  readonly session: Session | null;
  /** US dollars that are left, where there is a bound. */
  readonly usdLeft: number | null;
  /** Gets all that the program prints. */
  readonly logFile: string;
  readonly emit: Emit;
  /** Aborting stops the agent with all that it started. */
  readonly signal: AbortSignal;
}

/** What an attempt used, whatever came of it, and the conversation that the next one can go on with. */
interface Account {
  readonly usage: Usage;
  readonly session: Session | null;
}

/** Why an agent stopped without claiming to be done. */
export type StopReason = 'turns' | 'budget' | 'refused' | 'context';

/** Whether trying again can help: not at all, once (a crash), or after a while (a rate limit, a server that is down). */
export type Retry = 'never' | 'once' | 'later';

/** How an attempt went, as the agent tells it. Only a verdict says what it is worth. */
export type AttemptOutcome =
  | (Account & { readonly kind: 'claimed-done' })
  | (Account & { readonly kind: 'stopped'; readonly why: StopReason; readonly detail: string })
  | (Account & { readonly kind: 'failed'; readonly problem: Problem; readonly retry: Retry })
  | (Account & { readonly kind: 'aborted' });

/** Whoever works on a task. */
export interface Agent {
  readonly name: string;
  attempt(request: AttemptRequest): Promise<AttemptOutcome>;
}
