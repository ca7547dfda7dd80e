import type { Environment } from '../environment/environment.ts';
import type { Emit } from '../events/event.ts';
import { ok, type Result } from '../events/problem.ts';

/** Which build. */
export type ArmName = 'baseline' | 'candidate';

/** A build that is up and warm. */
export interface Arm {
  readonly environment: Environment;
  /** Folder of commands that run on the host: the build's files. */
  readonly hostDirectory: string;
}

/** The builds that are there; without a baseline nothing is held against it. */
export interface Arms {
  readonly candidate: Arm;
  readonly baseline?: Arm;
}

/** Where and for whom it is measured. */
export interface Place {
  readonly run: string;
  /** Folder of the run; what was measured is kept under `targets/` in it. */
  readonly runDirectory: string;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** Lets one build run at a time. */
export interface Stand {
  /** This one runs from now on, all others are paused. It was paused itself before: no build is treated better for having run last. */
  to(name: ArmName): Promise<Result<void>>;
}

/**
 * Works with the builds one at a time; all run again afterwards. Where there is one build only, nothing is paused.
 *
 *     all run ──to(a)──► all paused ──► a runs ──to(a or b)──► all paused ──► that one runs ──end──► all run
 */
export async function oneAtATime<Value>(
  { baseline, candidate }: Arms,
  work: (stand: Stand) => Promise<Value>,
): Promise<Value> {
  if (baseline === undefined) return work({ to: async () => ok(undefined) });
  const environments = { baseline: baseline.environment, candidate: candidate.environment };
  let running: readonly ArmName[] = ['baseline', 'candidate'];
  const to = async (name: ArmName): Promise<Result<void>> => {
    const paused = await Promise.all(running.map((each) => environments[each].pause()));
    const failure = paused.find((each) => !each.ok);
    if (failure !== undefined) return failure;
    running = [name];
    return environments[name].resume();
  };
  try {
    return await work({ to });
  } finally {
    await Promise.all([environments.baseline.resume(), environments.candidate.resume()]);
  }
}
