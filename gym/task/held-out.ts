import type { Task, TaskDefinition } from './schema.ts';

/** The name under which a verdict has all that is held out. */
export const heldOutCheck = 'held-out';

/** A task's checks that an agent does not get to see, as a task of their own. */
export interface HeldOut {
  readonly task: Task;
  readonly files: readonly string[];
  readonly tells: 'nothing' | 'count' | 'names';
}

const nothing = { checks: [], files: [], tells: 'nothing' } as const;

/** A task in two parts: what is judged in sight, and what is held out of it; `undefined`: nothing is. */
export function partsOf(task: Task): { readonly visible: Task; readonly heldOut: HeldOut | undefined } {
  const { checks, files, tells } = task.heldOut ?? nothing;
  if (checks.length === 0) return { visible: task, heldOut: undefined };
  const names = new Set(checks);
  const stages = new Set(task.stages.flatMap(({ name }) => (names.has(name) ? [name] : [])));
  const part = (isHeldOut: boolean): Task => {
    const isOf = ({ name }: { readonly name: string }): boolean => names.has(name) === isHeldOut;
    const sources = <Source extends TaskDefinition['measurements'][string]>(all: Readonly<Record<string, Source>>) =>
      Object.fromEntries(Object.entries(all).filter(([, { stage }]) => stages.has(stage ?? '') === isHeldOut));
    return {
      ...task,
      stages: task.stages.filter(isOf),
      invariants: task.invariants.filter(isOf),
      targets: task.targets.filter(isOf),
      measurements: sources(task.measurements),
      witnesses: sources(task.witnesses),
    };
  };
  return { visible: part(false), heldOut: { task: part(true), files, tells } };
}

/**
 * Globs of the files of what is held out: whatever else is judged, neither the code nor the stages in sight get to see them. Where all checks are in
 * sight (`withAllInSight`), so are they.
 */
export function heldOutFiles({ heldOut }: Pick<Task, 'heldOut'>): readonly string[] {
  return heldOut === undefined || heldOut.checks.length === 0 ? [] : heldOut.files;
}

/** A task with nothing held out, as whoever proves its checks has to see it. The files stay protected, so that its definition is the same. */
export function withAllInSight(task: Task): Task {
  return task.heldOut === undefined ? task : { ...task, heldOut: { ...task.heldOut, checks: [] } };
}

/** A task as its agent may know it: without a word of what is held out. */
export function inSight(task: Task): Task {
  return { ...partsOf(task).visible, heldOut: undefined };
}
