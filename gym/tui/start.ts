import { actionOf, startBindings } from './keys.ts';
import type { Size } from './layout.ts';
import { isMovement, moved, nextHelp } from './ui.ts';

/** A task that was found. */
export interface FoundTask {
  readonly name: string;
  /** Its folder, relative to where gym was started. */
  readonly folder: string;
  /** What can work at it. */
  readonly agents: readonly AgentOption[];
}

/** An agent that can be chosen for a loop, by its key. */
export interface AgentOption {
  readonly key: string;
  readonly name: string;
  /** Why it cannot be chosen; null: it can. */
  readonly lacks: string | null;
}

/** A run or loop that was made before, or is under way. */
export interface PastRun {
  readonly run: string;
  readonly kind: 'verify' | 'loop';
  readonly task: string;
  /** A state of a verdict, the end of a loop, `running` or `cut off`. */
  readonly state: string;
  readonly distance: number | null;
  /** How long ago it began. */
  readonly ageMs: number;
  readonly durationMs: number | null;
  /** Whether its line in the history is as gym wrote it. */
  readonly isAsWritten: boolean;
}

/** What there is to choose from; runs newest first. */
export interface Offer {
  readonly tasks: readonly FoundTask[];
  readonly runs: readonly PastRun[];
}

/** What the user chose. */
export type Choice =
  | { readonly action: 'verify'; readonly task: FoundTask }
  | { readonly action: 'loop'; readonly task: FoundTask; readonly agent: string }
  | { readonly action: 'show'; readonly run: PastRun }
  | { readonly action: 'quit' }
  | { readonly action: 'interrupted' };

/** What is selected on the start screen, and what the keyboard is for at the moment. */
export interface Start {
  readonly mode: 'browse' | 'agent' | 'help';
  /** The first row of the help that is shown. */
  readonly helpTop: number;
  readonly focused: 'tasks' | 'runs';
  /** Selected rows. */
  readonly tasks: number;
  readonly runs: number;
}

/** The start screen as it opens: at the row that was chosen last, as far as it is still there. */
export function initialStart({ tasks, runs }: Offer, last: Choice | null): Start {
  const task = last !== null && 'task' in last ? tasks.findIndex(({ folder }) => folder === last.task.folder) : -1;
  const run = last?.action === 'show' ? runs.findIndex((each) => each.run === last.run.run) : -1;
  const focused = run >= 0 || (tasks.length === 0 && runs.length > 0) ? 'runs' : 'tasks';
  return { mode: 'browse', helpTop: 0, focused, tasks: Math.max(0, task), runs: Math.max(0, run) };
}

/** Heights of the two lists with their borders; 0: it is not shown. In a low terminal only the one in focus is. */
export function heightsOf(
  { rows }: Size,
  { tasks, runs }: Offer,
  focused: Start['focused'],
): Record<Start['focused'], number> {
  const [chrome, border, lowest] = [2, 2, 3];
  const height = rows - chrome;
  if (runs.length === 0) return { tasks: height, runs: 0 };
  if (height < 3 * lowest) return { tasks: 0, runs: 0, [focused]: height };
  const upper = Math.min(Math.max(1, tasks.length) + border, Math.floor(height / 2));
  return { tasks: upper, runs: height - upper };
}

/** The state after a key, and the choice that it made. Pure. */
export function pressStart(start: Start, key: string, offer: Offer, size: Size): { start: Start; choice?: Choice } {
  const action = actionOf(key, startBindings);
  const task = start.focused === 'tasks' ? offer.tasks[start.tasks] : undefined;
  const run = start.focused === 'runs' ? offer.runs[start.runs] : undefined;
  if (action === 'interrupt') return { start, choice: { action: 'interrupted' } };
  if (start.mode === 'help') {
    const helpTop = nextHelp(start.helpTop, startBindings.length, helpRows(size));
    return { start: { ...start, mode: helpTop === 0 ? 'browse' : 'help', helpTop } };
  }
  if (start.mode === 'agent') return chooseAgent(start, task, key);
  if (action === 'quit') return { start, choice: { action: 'quit' } };
  if (action === 'help') return { start: { ...start, mode: 'help' } };
  if (action === 'loop' && task !== undefined) return { start: { ...start, mode: 'agent' } };
  if (action === 'open' && task !== undefined) return { start, choice: { action: 'verify', task } };
  if (action === 'open' && run !== undefined) return { start, choice: { action: 'show', run } };
  if (action === 'next-pane') return { start: offer.runs.length === 0 ? start : { ...start, focused: other(start) } };
  if (action === undefined || !isMovement(action)) return { start };
  const { focused } = start;
  const rows = heightsOf(size, offer, focused)[focused] - 2;
  return { start: { ...start, [focused]: moved(start[focused], action, rows, offer[focused].length - 1) } };
}

/** Rows of the help inside its border. */
export function helpRows({ rows }: Size): number {
  return Math.max(1, rows - 4);
}

function other({ focused }: Start): Start['focused'] {
  return focused === 'tasks' ? 'runs' : 'tasks';
}

function chooseAgent(start: Start, task: FoundTask | undefined, key: string): { start: Start; choice?: Choice } {
  const agent = task?.agents.find((each) => each.key === key);
  if (task === undefined || agent === undefined) return { start: { ...start, mode: 'browse' } };
  return agent.lacks === null ? { start, choice: { action: 'loop', task, agent: agent.name } } : { start };
}
