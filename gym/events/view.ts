import {
  type CaseCounts,
  type LoopEnd,
  type Phase,
  phase as phaseSchema,
  type ServiceState,
  type Severity,
  type State,
  type Usage,
} from './event.ts';
import type { Problem } from './problem.ts';

/** Where a stage or check is: `skipped` did not happen before its run ended. */
export type Progress = 'waiting' | 'running' | 'skipped' | State;

/** The verification that is shown: the last one that began. */
export interface RunView {
  readonly id: string;
  readonly task: string;
  readonly fault: string | null;
  readonly state: 'running' | State;
  readonly startedAt: number;
  readonly durationMs: number | null;
  readonly verdictFile: string | null;
}

/** The loop, if the events are those of one. */
export interface LoopView {
  readonly id: string;
  readonly task: string;
  readonly agent: string;
  readonly branch: string;
  readonly limits: { readonly attempts: number; readonly minutes: number; readonly usd: number | null };
  readonly startedAt: number;
  readonly end: LoopEnd | null;
  readonly because: string | null;
  readonly durationMs: number | null;
}

/** A phase that has begun. */
export interface PhaseView {
  readonly phase: Phase;
  readonly startedAt: number;
  readonly durationMs: number | null;
}

/** A stage, as far as the events tell. */
export interface StageView {
  readonly name: string;
  readonly progress: Progress;
  readonly because: string;
  readonly cases: CaseCounts | null;
  readonly startedAt: number | null;
  readonly durationMs: number | null;
  /** The earlier run that it was taken from: it did not run, and took so long there. */
  readonly cachedFrom: string | null;
}

/** What one run said about a check. */
export interface Judged {
  readonly run: string;
  readonly at: number;
  readonly state: State;
  readonly distance: number | null;
}

/** A check, as far as the events tell. */
export interface CheckView {
  readonly name: string;
  readonly kind: string | null;
  /** Only a `gate` decides. */
  readonly severity: Severity;
  readonly progress: Progress;
  readonly because: string;
  readonly distance: number | null;
  /** All judgements so far, also those of earlier runs, oldest first. */
  readonly history: readonly Judged[];
}

/** A service, as far as the events tell. */
export interface ServiceView {
  readonly name: string;
  readonly state: ServiceState;
  readonly since: number;
  readonly exitCode: number | null;
  readonly detail: string | null;
}

/** A log file that can be followed. `key` is unique: source and name. */
export interface LogView {
  readonly key: string;
  readonly source: 'service' | 'stage' | 'agent';
  readonly name: string;
  readonly file: string;
}

/** An attempt; 0 is the start state. */
export interface AttemptView {
  readonly attempt: number;
  readonly progress: 'running' | State;
  readonly distance: number | null;
  readonly headline: string | null;
  readonly judgedRun: string | null;
  readonly startedAt: number;
  readonly durationMs: number | null;
  readonly usage: Usage | null;
}

/** Something that an agent did. `id` grows without gaps, also when old acts have been dropped. */
export interface ActView {
  readonly id: number;
  readonly at: number;
  readonly attempt: number;
  readonly act: string;
  readonly text: string;
}

/** All that readers show, folded from events. Bounded: the agent's acts and the problems are the latest ones. */
export interface View {
  readonly firstAt: number | null;
  readonly lastAt: number | null;
  readonly run: RunView | null;
  readonly loop: LoopView | null;
  readonly phases: readonly PhaseView[];
  readonly stages: readonly StageView[];
  readonly checks: readonly CheckView[];
  readonly services: readonly ServiceView[];
  readonly logs: readonly LogView[];
  readonly attempts: readonly AttemptView[];
  readonly acts: readonly ActView[];
  readonly problems: readonly Problem[];
  /** The last plain words about progress. */
  readonly note: string | null;
}

/** Before the first event. */
export const initialView: View = {
  firstAt: null,
  lastAt: null,
  run: null,
  loop: null,
  phases: [],
  stages: [],
  checks: [],
  services: [],
  logs: [],
  attempts: [],
  acts: [],
  problems: [],
  note: null,
};

/** One line of the way of a verification: a phase, or a stage in place of the phase `stages`. */
export interface Step extends StageView {
  readonly kind: 'phase' | 'stage';
}

/** Phases that are shown once they have begun. */
const notInAll: readonly Phase[] = ['baseline', 'targets', 'canary', 'down'];

/** Phases and stages in the order in which they happen; before a run begins, only what has begun. */
export function steps(view: View): readonly Step[] {
  return phaseSchema.options.flatMap((phase): Step[] => {
    if (phase === 'stages') return view.stages.map((stage) => ({ ...stage, kind: 'stage' }));
    const begun = view.phases.find((each) => each.phase === phase);
    if (begun === undefined && (view.run === null || notInAll.includes(phase))) return [];
    const { startedAt = null, durationMs = null } = begun ?? {};
    const progress = phaseProgress(view, begun);
    const plain = { because: '', cases: null, cachedFrom: null };
    return [{ name: phase, kind: 'phase', progress, startedAt, durationMs, ...plain }];
  });
}

function phaseProgress(view: View, begun: PhaseView | undefined): Progress {
  const ended = view.run !== null && view.run.state !== 'running';
  if (begun === undefined) return ended ? 'skipped' : 'waiting';
  if (begun.durationMs !== null) return 'pass';
  // `down` may follow the end of its run; any other phase that is open by then was broken off.
  return ended && begun.phase !== 'down' ? 'error' : 'running';
}

const order = ['error', 'fail', 'vacuous', 'unknown', 'running', 'waiting', 'skipped', 'waived', 'pass'] as const;

/** Failures first; among equals the order of the task. */
export function checksInOrder(view: View): readonly CheckView[] {
  return view.checks.toSorted((a, b) => rankOf(a) - rankOf(b));
}

/** What failed in the last run and is judged again comes before the rest that waits. */
function rankOf({ progress, severity, history }: CheckView): number {
  if (severity !== 'gate' && isFailure(progress)) return order.indexOf('skipped');
  const last = history.at(-1)?.state;
  return order.indexOf(progress) - (progress === 'waiting' && last !== undefined && isFailure(last) ? 0.5 : 0);
}

/** Whether a person should look at it: judged, and not green. */
export function isFailure(progress: Progress): boolean {
  return progress === 'error' || progress === 'fail' || progress === 'vacuous' || progress === 'unknown';
}

/** How many there are of each, failures first; only those that occur. */
export function countsOf(items: readonly { readonly progress: Progress }[]): readonly [Progress, number][] {
  return order.flatMap((progress): [Progress, number][] => {
    const count = items.filter((item) => item.progress === progress).length;
    return count === 0 ? [] : [[progress, count]];
  });
}

/** US dollars of all attempts; null where no agent told its cost. */
export function costUsd(view: View): number | null {
  const told = view.attempts.flatMap((each) => each.usage?.costUsd ?? []);
  return told.length === 0 ? null : told.reduce((sum, each) => sum + each, 0);
}

/** Whether the events say that the work is over. */
export function isOver(view: View): boolean {
  if (view.loop !== null) return view.loop.end !== null;
  return view.run !== null && view.run.state !== 'running';
}
