import { render, useInput, useWindowSize } from 'ink';
import { type ReactNode, useRef, useState } from 'react';
import { state } from '../events/event.ts';
import type { Progress } from '../events/view.ts';
import { keyNames } from './keys.ts';
import { Sheet } from './parts.tsx';
import { glyph, marker, type Row, type Segment, segment } from './row.ts';
import { ageText, distanceText, durationText } from './text.ts';
import { type Theme, themeFor } from './theme.ts';

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

/** A run or loop that was made before. */
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
}

/** What the user chose. */
export type Choice =
  | { readonly action: 'verify'; readonly task: FoundTask }
  | { readonly action: 'loop'; readonly task: FoundTask; readonly agent: string }
  | { readonly action: 'quit' }
  | { readonly action: 'interrupted' };

/** What the start screen shows, and whom it tells. */
export interface StartScreenProps {
  readonly tasks: readonly FoundTask[];
  readonly runs: readonly PastRun[];
  readonly theme: Theme;
  readonly onChoice: (choice: Choice) => void;
}

/** Shows the tasks that were found and the latest runs; settles when the user has chosen and the screen is as before. */
export async function chooseFrom(tasks: readonly FoundTask[], runs: readonly PastRun[]): Promise<Choice> {
  let choice: Choice = { action: 'quit' };
  const onChoice = (chosen: Choice): void => {
    choice = chosen;
    app.unmount();
  };
  const screen = <StartScreen tasks={tasks} runs={runs} theme={themeFor(process.env)} onChoice={onChoice} />;
  const app = render(screen, { alternateScreen: true, exitOnCtrlC: false, interactive: true });
  await app.waitUntilExit();
  return choice;
}

/** The start screen itself. */
export function StartScreen({ tasks, runs, theme, onChoice }: StartScreenProps): ReactNode {
  const [selected, setSelected] = useState(0);
  const [asking, setAsking] = useState(false);
  const latest = useRef(0);
  const latestAsking = useRef(false);
  const size = useWindowSize();
  const select = (index: number): void => {
    latest.current = Math.max(0, Math.min(tasks.length - 1, index));
    setSelected(latest.current);
  };
  const ask = (asks: boolean): void => {
    latestAsking.current = asks;
    setAsking(asks);
  };
  const chooseAgent = (task: FoundTask | undefined, key: string): void => {
    const agent = task?.agents.find((each) => each.key === key);
    if (task === undefined || agent === undefined) ask(false);
    else if (agent.lacks === null) onChoice({ action: 'loop', task, agent: agent.name });
  };
  const press = (key: string): void => {
    const task = tasks[latest.current];
    if (key === 'ctrl-c') onChoice({ action: 'interrupted' });
    else if (latestAsking.current) chooseAgent(task, key);
    else if (key === 'q') onChoice({ action: 'quit' });
    else if (key === 'return' && task !== undefined) onChoice({ action: 'verify', task });
    else if (key === 'l' && task !== undefined) ask(true);
    else if (key === 'j' || key === 'down') select(latest.current + 1);
    else if (key === 'k' || key === 'up') select(latest.current - 1);
  };
  useInput((input, key) => {
    for (const name of keyNames(input, key)) press(name);
  });
  const taskRows = tasks.map((task, index) => taskRow(task, index === selected, theme));
  const nothing: Row = { key: 'none', left: [segment('no task here: a task is a folder with a task.ts', 'warn')] };
  const frames = [
    { title: 'Tasks', rows: taskRows.length === 0 ? [nothing] : taskRows, selected },
    { title: 'Latest runs', rows: runs.map((run) => runRow(run, theme)), selected: 0 },
  ] as const;
  const keys = asking ? agentKeys(tasks[selected]?.agents ?? []) : hints.flatMap(([key, word]) => keyHint(key, word));
  return <Sheet size={size} theme={theme} frames={frames} keys={keys} />;
}

const hints = [
  ['Enter', 'verify'],
  ['l', 'loop'],
  ['j/k', 'select'],
  ['q', 'quit'],
] as const;

function keyHint(key: string, word: string): readonly Segment[] {
  return [segment(` ${key}`, 'accent'), segment(` ${word} `, 'dim')];
}

/** The question which agent is to work, with what keeps those away that cannot. */
function agentKeys(agents: readonly AgentOption[]): readonly Segment[] {
  const options = agents.map(({ key, name, lacks }) => {
    if (lacks !== null) return [segment(` ${name} (${lacks}) `, 'dim')];
    return [segment(` ${key}`, 'accent'), segment(` ${name} `, 'strong')];
  });
  return [segment(' Loop with which agent? ', 'warn'), ...options.flat(), ...keyHint('Esc', 'back')];
}

function taskRow(task: FoundTask, selected: boolean, theme: Theme): Row {
  return {
    key: task.folder,
    left: [marker(selected, theme), segment(task.name, selected ? 'strong' : 'plain')],
    right: [segment(task.folder, 'dim')],
  };
}

function runRow({ run, kind, task, state: word, distance, ageMs, durationMs }: PastRun, theme: Theme): Row {
  const far = distance === null ? '' : `  distance ${distanceText(distance)}`;
  const took = durationMs === null ? '' : durationText(durationMs);
  return {
    key: run,
    left: [
      glyph(progressOf(word), theme),
      segment(` ${word.padEnd(12)} ${kind.padEnd(6)} ${task}`),
      segment(far, 'dim'),
    ],
    right: [segment(`${ageText(ageMs)}  ${run} ${took.padStart(7)}`, 'dim')],
  };
}

/** How a run or loop that ended with this word is marked. */
function progressOf(word: string): Progress {
  const judged = state.safeParse(word);
  if (judged.success) return judged.data;
  if (word === 'done') return 'pass';
  if (word === 'running') return 'running';
  return word === 'stopped' || word === 'cut off' ? 'skipped' : 'fail';
}
