import { Box, render, useInput, useWindowSize } from 'ink';
import { type ReactNode, useRef, useState } from 'react';
import { state } from '../events/event.ts';
import type { Progress } from '../events/view.ts';
import { keyNames, startBindings } from './keys.ts';
import { Keys, Line, List } from './parts.tsx';
import { glyph, marker, type Row, type Segment, segment } from './row.ts';
import {
  type AgentOption,
  type Choice,
  type FoundTask,
  heightsOf,
  helpRows,
  initialStart,
  type Offer,
  type PastRun,
  pressStart,
} from './start.ts';
import { ageText, distanceText, durationText } from './text.ts';
import { type Theme, themeFor } from './theme.ts';

/** What the start screen shows, and whom it tells. */
export interface StartScreenProps {
  readonly offer: Offer;
  /** What was chosen last: that row is selected. */
  readonly last: Choice | null;
  readonly theme: Theme;
  readonly onChoice: (choice: Choice) => void;
}

/** Shows the tasks that were found and the latest runs; settles when the user has chosen and the screen is as before. */
export async function chooseFrom(offer: Offer, last: Choice | null): Promise<Choice> {
  let choice: Choice = { action: 'quit' };
  const onChoice = (chosen: Choice): void => {
    choice = chosen;
    app.unmount();
  };
  const screen = <StartScreen {...{ offer, last, theme: themeFor(process.env), onChoice }} />;
  const app = render(screen, { alternateScreen: true, exitOnCtrlC: false, interactive: true });
  await app.waitUntilExit();
  return choice;
}

/** The start screen itself. */
export function StartScreen({ offer, last, theme, onChoice }: StartScreenProps): ReactNode {
  const [start, setStart] = useState(() => initialStart(offer, last));
  const size = useWindowSize();
  // Keys that arrive together are pressed one after the other, each on what the one before left.
  const latest = useRef(start);
  useInput((input, key) => {
    for (const name of keyNames(input, key)) {
      const pressed = pressStart(latest.current, name, offer, size);
      latest.current = pressed.start;
      setStart(pressed.start);
      if (pressed.choice !== undefined) onChoice(pressed.choice);
    }
  });
  const { columns: width, rows } = size;
  const { mode, helpTop, focused } = start;
  const heights = heightsOf(size, offer, focused);
  const taskRows = offer.tasks.map((task, index) => taskRow(task, focused === 'tasks' && index === start.tasks, theme));
  const runRows = offer.runs.map((run, index) => runRow(run, focused === 'runs' && index === start.runs, theme, width));
  const list = (name: typeof focused, title: string, all: readonly Row[]): ReactNode =>
    heights[name] > 0 && (
      <List
        {...{ title, rows: all, selected: start[name], width, height: heights[name], focused: focused === name, theme }}
      />
    );
  const question = mode === 'agent' ? agentKeys(offer.tasks[start.tasks]?.agents ?? []) : hintsOf(focused);
  return (
    <Box flexDirection="column" width={width} height={rows}>
      <Line row={{ key: 'title', left: [segment(' gym', 'accent')] }} width={width} theme={theme} />
      {mode === 'help' ? (
        <Keys {...{ bindings: startBindings, top: helpTop, width, rows: helpRows(size), theme }} />
      ) : (
        <>
          {list('tasks', 'Tasks', taskRows.length === 0 ? [noTask] : taskRows)}
          {list('runs', 'Runs', runRows)}
        </>
      )}
      <Line row={{ key: 'keys', left: question }} width={width} theme={theme} />
    </Box>
  );
}

const noTask: Row = { key: 'none', left: [segment('no task here: a task is a folder with a task.ts', 'warn')] };

function hintsOf(focused: 'tasks' | 'runs'): readonly Segment[] {
  const hints = [
    ['?', 'help'],
    ...(focused === 'tasks'
      ? ([
          ['Enter', 'verify'],
          ['l', 'loop'],
        ] as const)
      : ([['Enter', 'open']] as const)),
    ['j/k', 'select'],
    ['Tab', focused === 'tasks' ? 'runs' : 'tasks'],
    ['q', 'quit'],
  ] as const;
  return hints.flatMap(([key, word]) => keyHint(key, word));
}

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

/** A run: in a narrow terminal without columns, in a wide one with its name. Of a line that gym did not write, nothing that it says of the end. */
function runRow(past: PastRun, selected: boolean, theme: Theme, width: number): Row {
  const { run, ageMs, durationMs, isAsWritten } = past;
  const [isNarrow, isWide] = [width < 72, width >= 100];
  const took = durationMs === null ? '' : durationText(durationMs);
  const right = `${ageText(ageMs)}${isWide ? `  ${run}` : ''} ${took.padStart(isNarrow ? 0 : 7)}`;
  const end = isAsWritten
    ? endOf(past, theme, isNarrow)
    : [segment('! not as gym wrote it ', 'bad'), segment(past.task)];
  return { key: run, left: [marker(selected, theme), ...end], right: [segment(right, 'dim')] };
}

function endOf({ kind, task, state: word, distance }: PastRun, theme: Theme, isNarrow: boolean): readonly Segment[] {
  const mark = glyph(progressOf(word), theme);
  const far = distance === null ? '' : distanceText(distance);
  if (isNarrow) return [mark, segment(` ${word} `), segment(far === '' ? '' : `${far} `, 'dim'), segment(task)];
  const plain = segment(` ${word.padEnd(12)} ${kind.padEnd(6)} ${task}`);
  return [mark, plain, segment(far === '' ? '' : `  distance ${far}`, 'dim')];
}

/** How a run or loop that ended with this word is marked. */
function progressOf(word: string): Progress {
  const judged = state.safeParse(word);
  if (judged.success) return judged.data;
  if (word === 'done') return 'pass';
  if (word === 'running') return 'running';
  return word === 'stopped' || word === 'cut off' ? 'skipped' : 'fail';
}
