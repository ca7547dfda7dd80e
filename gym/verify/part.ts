import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import type { Verdict } from '../judge/verdict.ts';
import { heldOutCheck, partsOf } from '../task/held-out.ts';
import type { Stage, Task } from '../task/schema.ts';
import type { Source } from '../task/source.ts';
import { nearOrKnown } from '../task/suggest.ts';
import { matchesAny } from '../workspace/paths.ts';

/** What of a task is asked for: some of its stages, with what is judged on them alone; or one check. */
export type Asked =
  | { readonly kind: 'stages'; readonly stages: readonly string[] }
  | { readonly kind: 'check'; readonly check: string };

/** A task as if it had no more than what was asked for, and how much that is, where it is not all. */
export interface Part {
  readonly task: Task;
  readonly part?: NonNullable<Verdict['part']>;
}

/**
 * The part of a task that was asked for, with the stages that have to run before. A problem of kind `usage`: there is no such stage or check in
 * sight. What is held out is part of the whole alone, as it is judged once all else holds.
 */
export function partOf(whole: Task, asked: Asked): Result<Part> {
  const { visible: task, heldOut } = partsOf(whole);
  const all = [...task.stages, ...task.invariants, ...task.targets].map(({ name }) => name);
  const stageNames = task.stages.map(({ name }) => name);
  const names = asked.kind === 'stages' ? asked.stages : [asked.check];
  const known = asked.kind === 'stages' ? stageNames : all;
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined) return failed(notInSight(whole, asked.kind === 'stages' ? 'stage' : 'check', wrong, known));
  const invariant = task.invariants.find(({ name }) => asked.kind === 'check' && name === asked.check);
  const target = task.targets.find(({ name }) => asked.kind === 'check' && name === asked.check);
  const wanted = invariant !== undefined ? stagesUnder(task, invariant) : target !== undefined ? stageNames : names;
  const stages = withThoseBefore(task.stages, wanted);
  const has = (stage: string | undefined): boolean =>
    stage === undefined ? isWhole(task, stages) : stages.some(({ name }) => name === stage);
  const isJudged = (each: Task['invariants'][number]): boolean =>
    each.sources.every((name) => has(sourceOf(task, name)?.stage)) && (each.services.length === 0 || has(undefined));
  const invariants =
    asked.kind === 'check' ? [invariant].flatMap((each) => each ?? []) : task.invariants.filter(isJudged);
  const targets = target === undefined ? [] : [target];
  const judged = stages.length + invariants.length + targets.length;
  const count = all.length + (heldOut === undefined ? 0 : 1);
  if (judged === count) return ok({ task });
  const read = new Set(invariants.flatMap(({ sources }) => sources));
  const only = (sources: Readonly<Record<string, Source>>): Record<string, Source> =>
    Object.fromEntries(Object.entries(sources).filter(([name]) => read.has(name)));
  const { measurements, witnesses } = task;
  return ok({
    task: { ...task, stages, invariants, targets, measurements: only(measurements), witnesses: only(witnesses) },
    part: { judged, all: count },
  });
}

/**
 * That a task has no stage or check of a name among those in sight. It is said in the same words whether the name is one that is held out or one that
 * nobody has, so that asking tells nothing of what is held out.
 */
export function notInSight(task: Task, what: 'stage' | 'check', name: string, known: readonly string[]): Problem {
  const { heldOut } = partsOf(task);
  const remedy = nearOrKnown(name, `${what}s`, known);
  if (heldOut === undefined) return { kind: 'usage', message: `${task.name} has no ${what} ${name}`, remedy };
  const together = `What is held out is judged with all else, once that holds: gym verify ${task.name}`;
  return name === heldOutCheck
    ? { kind: 'usage', message: `${heldOutCheck} is not judged by itself`, remedy: together }
    : { kind: 'usage', message: `${task.name} has no ${what} ${name} in sight`, remedy: `${remedy} ${together}` };
}

/** The stages in sight that depend on any of these files: those that say so, and those that do not say what they depend on. */
export function affectedStages(task: Task, changed: readonly string[]): string[] {
  const { stages } = partsOf(task).visible;
  const isAffected = ({ inputs }: Stage): boolean =>
    changed.some((path) => inputs === undefined || matchesAny(path, inputs));
  return stages.filter(isAffected).map(({ name }) => name);
}

const sourceOf = ({ measurements, witnesses }: Task, name: string): Source | undefined =>
  measurements[name] ?? witnesses[name];

/** The stages that have to have run for an invariant to be judged. */
function stagesUnder(task: Task, { sources, services }: Task['invariants'][number]): string[] {
  const stages = sources.map((name) => sourceOf(task, name)?.stage);
  const isOfAll = services.length > 0 || stages.includes(undefined);
  return isOfAll ? task.stages.map(({ name }) => name) : stages.flatMap((stage) => stage ?? []);
}

/** With what they find: whatever stages before them left. Pure ones find nothing and leave nothing. */
function withThoseBefore(stages: readonly Stage[], wanted: readonly string[]): Stage[] {
  const last = stages.findLastIndex(({ name, pure }) => !pure && wanted.includes(name));
  return stages.filter(({ name, pure }, index) => wanted.includes(name) || (!pure && index <= last));
}

const isWhole = (task: Task, stages: readonly Stage[]): boolean =>
  task.stages.every((stage) => stage.pure || stages.includes(stage));
