import { render, useInput, useWindowSize } from 'ink';
import { type ReactNode, useRef, useState } from 'react';
import type { State } from '../events/event.ts';
import { keyNames } from './keys.ts';
import { Sheet } from './parts.tsx';
import { glyph, marker, type Row, segment } from './row.ts';

import { durationText } from './text.ts';
import { type Theme, themeFor, wordOf } from './theme.ts';

/** A task that was found. */
export interface FoundTask {
  readonly name: string;
  /** Its folder, relative to where gym was started. */
  readonly folder: string;
}

/** A run that was made before. */
export interface PastRun {
  readonly run: string;
  readonly task: string;
  readonly state: State;
  readonly durationMs: number;
}

/** What the user chose. */
export type Choice =
  | { readonly action: 'verify' | 'loop'; readonly task: FoundTask }
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
  const latest = useRef(0);
  const size = useWindowSize();
  const select = (index: number): void => {
    latest.current = Math.max(0, Math.min(tasks.length - 1, index));
    setSelected(latest.current);
  };
  const press = (key: string): void => {
    const task = tasks[latest.current];
    if (key === 'q') onChoice({ action: 'quit' });
    else if (key === 'ctrl-c') onChoice({ action: 'interrupted' });
    else if (key === 'return' && task !== undefined) onChoice({ action: 'verify', task });
    else if (key === 'l' && task !== undefined) onChoice({ action: 'loop', task });
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
  return <Sheet size={size} theme={theme} frames={frames} hints={hints} />;
}

const hints = [
  ['Enter', 'verify'],
  ['l', 'loop'],
  ['j/k', 'select'],
  ['q', 'quit'],
] as const;

function taskRow(task: FoundTask, selected: boolean, theme: Theme): Row {
  return {
    key: task.folder,
    left: [marker(selected, theme), segment(task.name, selected ? 'strong' : 'plain')],
    right: [segment(task.folder, 'dim')],
  };
}

function runRow(run: PastRun, theme: Theme): Row {
  return {
    key: run.run,
    left: [glyph(run.state, theme), segment(` ${wordOf(run.state).padEnd(8)} ${run.task}`)],
    right: [segment(`${run.run}  ${durationText(run.durationMs)}`, 'dim')],
  };
}
