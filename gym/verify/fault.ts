import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import type { Task } from '../task/schema.ts';
import { nearOrKnown } from '../task/suggest.ts';
import { applyPatch } from '../workspace/patch.ts';
import type { RunFault } from './request.ts';

const folder = 'faults';

/** Names of the source faults that a task has: the patches in its `faults/`. */
export function faultNames({ root }: Task): string[] {
  const directory = join(root, folder);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((file) => file.endsWith('.patch'))
    .map((file) => file.slice(0, -'.patch'.length))
    .sort();
}

/** Names of all its faults: patches and disturbances. */
function allFaultNames(task: Task): string[] {
  return [...faultNames(task), ...Object.keys(task.disturbances)];
}

/** Whether a task has a fault of that name; a problem says which it has. */
export function checkFault(task: Task, fault: string): Result<void> {
  const names = allFaultNames(task);
  if (names.includes(fault)) return ok(undefined);
  const message = `${task.name} has no fault ${fault}`;
  return failed({ kind: 'usage', message, remedy: nearOrKnown(fault, 'faults', names) });
}

/** A task's fault, as a verification takes it: its patch is applied to the snapshot. */
export function patchFault(task: Task, name: string): RunFault {
  return {
    name,
    apply: async (directory) => {
      const known = checkFault(task, name);
      if (!known.ok) return known;
      const applied = await applyPatch(directory, patchFile(task, name));
      return applied.ok ? ok(undefined) : applied;
    },
  };
}

/** The file of a task's fault. */
export function patchFile({ root }: Task, name: string): string {
  return join(root, folder, `${name}.patch`);
}
