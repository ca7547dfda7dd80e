import type { Listener } from '../events/log.ts';
import type { History } from '../store/history.ts';
import type { Store } from '../store/store.ts';
import { withAllInSight } from '../task/held-out.ts';
import type { Task } from '../task/schema.ts';
import type { VerifyRequest } from '../verify/request.ts';

/** What is to be proven. */
export interface ProveRequest {
  readonly task: Task;
  readonly store: Store;
  /** Where its runs are, and what they said: outside the checkout (`heldOutStore`) where the task holds checks out, else `store`. */
  readonly records: Store;
  /** That of `records`. */
  readonly history: History;
  readonly environmentVariables: VerifyRequest['environmentVariables'];
  readonly signal: AbortSignal;
  /** gym's own: what it judges may change with it. */
  readonly version: string;
  readonly scope: ProveScope;
  /** Runs at the same time. */
  readonly parallel: number;
  readonly listeners: readonly Listener[];
  readonly onProgress: (progress: ProveProgress) => void;
}

/** Everything that was not tried yet for what is unproven; all there is; what concerns one check; or one fault. */
export type ProveScope =
  | { readonly kind: 'unproven' }
  | { readonly kind: 'full' }
  | { readonly kind: 'check'; readonly check: string }
  | { readonly kind: 'fault'; readonly fault: string };

/** What a person may want to see while it goes on. */
export type ProveProgress =
  | { readonly kind: 'clean'; readonly run: string }
  | { readonly kind: 'tampered'; readonly faults: number; readonly durationMs: number }
  | { readonly kind: 'begun'; readonly fault: string }
  | { readonly kind: 'agents' }
  | {
      readonly kind: 'tried';
      readonly fault: string;
      readonly killedBy: readonly string[];
      readonly isCached: boolean;
    };

/** What each of its runs is asked with. */
export function verification({
  task,
  store,
  records: { runDirectory, makeRunDirectory },
  history,
  environmentVariables,
  signal,
  listeners,
}: ProveRequest): Omit<VerifyRequest, 'run'> {
  return {
    task: withAllInSight(task),
    workspace: task.root,
    // Snapshots stay in the checkout: stages look for packages in the folders above them.
    store: { ...store, runDirectory, makeRunDirectory },
    ...{ history, environmentVariables, signal, listeners },
  };
}
