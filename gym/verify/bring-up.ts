import { join } from 'node:path';
import type { Environment, UpRequest } from '../environment/environment.ts';
import { up } from '../environment/up.ts';
import type { Result } from '../events/problem.ts';
import { checkoutOf } from '../store/store.ts';
import type { VerifyRequest } from './request.ts';
import { snapshotVariables } from './variables.ts';

/** What a run brings an environment up from. */
export interface RunFiles extends Pick<UpRequest, 'logDirectory' | 'observed' | 'emit'> {
  /** Laid out as the task's folder. */
  readonly directory: string;
  /** Tells apart what one run has up side by side. */
  readonly projectSuffix: '' | '-baseline';
}

/** Brings the environment of a task up from a folder of the run; it ends with this process at the latest. Problems as of `up`. */
export function bringUp(
  { task, run, environmentVariables, signal }: VerifyRequest,
  { directory, projectSuffix, ...rest }: RunFiles,
): Promise<Result<Environment>> {
  return up({
    ...rest,
    composeFiles: task.compose.map((file) => join(directory, file)),
    project: `gym-${task.name}-${run}${projectSuffix}`,
    task: task.name,
    run,
    lease: 'process',
    checkout: checkoutOf(task.root),
    variables: snapshotVariables(task, directory, environmentVariables),
    ambient: environmentVariables,
    signal,
    deadlineMs: task.limits.upSeconds * 1000,
  });
}
