import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../environment/environment.ts';
import type { Emit } from '../events/event.ts';
import { ok, type Problem, type Result } from '../events/problem.ts';

/** A failure of the running environment, done to it while a stage runs. */
export interface Disturbance {
  readonly stage: string;
  /** Since the stage began. */
  readonly afterMs: number;
  /** Whose end is no surprise; null: nobody is to end. */
  readonly service: string | null;
  /** Does it, until it is undone. `activated`: it took effect, as `evidence` shows. */
  readonly begin: (project: string) => Promise<Result<Disturbed>>;
}

/** A failure that was done. */
export interface Disturbed {
  readonly activated: boolean;
  readonly evidence: string;
  end(): Promise<Result<unknown>>;
}

/**
 * Does it while `work` runs, where it is meant for this stage. A problem tells that it did not take effect: then the run says nothing of it.
 *
 *     work begins ──afterMs──► begin ──► work ends ──► end
 *          └───────── work ends before ─────────────────^ a problem
 */
export async function disturbed(
  disturbance: Disturbance | undefined,
  { stage, project, emit }: { readonly stage: string; readonly project: string; readonly emit: Emit },
  work: () => Promise<void>,
): Promise<readonly Problem[]> {
  if (disturbance?.stage !== stage) {
    await work();
    return [];
  }
  const over = new AbortController();
  const doing = (async (): Promise<Result<Disturbed> | undefined> => {
    await sleep(disturbance.afterMs, undefined, { signal: over.signal }).catch(() => undefined);
    return over.signal.aborted ? undefined : disturbance.begin(project);
  })();
  await work();
  over.abort();
  const done = await doing;
  if (done === undefined) {
    return [notDone(stage, `the stage ended within ${disturbance.afterMs / 1000} s`)];
  }
  if (!done.ok) return done.problems;
  const { activated, evidence } = done.value;
  emit({ type: 'noted', text: `fault ${activated ? 'took' : 'did not take'} effect: ${evidence}` });
  const ended = activated ? await done.value.end() : ok(undefined);
  return [...(activated ? [] : [notDone(stage, evidence)]), ...(ended.ok ? [] : ended.problems)];
}

function notDone(stage: string, why: string): Problem {
  return { kind: 'evidence', message: `the fault of the stage ${stage} did not take effect: ${why}` };
}

/** The environment, in which the end of what is disturbed on purpose is no death. */
export function expecting(environment: Environment, { service }: Disturbance): Environment {
  if (service === null) return environment;
  return { ...environment, deaths: () => environment.deaths().filter((death) => death.service !== service) };
}
