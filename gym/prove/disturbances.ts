import { ok } from '../events/problem.ts';
import { inject } from '../fault/inject.ts';
import { sha256 } from '../store/sha256.ts';
import { type EnvironmentFault, faultText, serviceOf } from '../task/environment-fault.ts';
import type { Task } from '../task/schema.ts';
import { patchFault } from '../verify/fault.ts';
import type { RunFault } from '../verify/request.ts';
import type { RunnableFault } from './patches.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** The failures of the running environment that a task names in `disturbances`. */
export function namedDisturbances(task: Task, ambient: Variables): RunnableFault[] {
  return Object.entries(task.disturbances).map(([name, disturbance]) => ({
    name,
    tier: 'environment',
    what: `${faultText(disturbance.fault)} during ${disturbance.stage}`,
    caughtBy: disturbance.caughtBy,
    run: disturbanceFault(name, disturbance, ambient),
    hash: sha256(JSON.stringify(disturbance)),
  }));
}

/** A fault of a task by its name, as a verification takes it: a disturbance, or else a patch. */
export function runFault(task: Task, name: string, ambient: Variables): RunFault {
  const disturbance = task.disturbances[name];
  return disturbance === undefined ? patchFault(task, name) : disturbanceFault(name, disturbance, ambient);
}

function disturbanceFault(
  name: string,
  { fault, stage, afterSeconds }: Task['disturbances'][string],
  ambient: Variables,
): RunFault {
  return {
    name,
    apply: async () => ok(undefined),
    during: {
      stage,
      afterMs: afterSeconds * 1000,
      service: ends(fault) ? serviceOf(fault) : null,
      begin: async (project) => {
        const injected = await inject({ ambient, project }, fault);
        if (!injected.ok) return injected;
        const { activated, evidence, clear } = injected.value;
        const seen = evidence.map(({ what, before, after }) => `${what}: ${before}, then ${after}`).join('; ');
        return ok({ activated, evidence: seen === '' ? faultText(fault) : seen, end: clear });
      },
    },
  };
}

/** Whether the service's container ends under it. */
function ends({ kind }: EnvironmentFault): boolean {
  return kind === 'kill' || kind === 'stop' || kind === 'restart' || kind === 'memory';
}
