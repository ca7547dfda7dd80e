import type { Key } from 'ink';

/** What a key asks for. */
export type Action =
  | 'pane'
  | 'next-pane'
  | 'previous-pane'
  | 'down'
  | 'up'
  | 'page-down'
  | 'page-up'
  | 'first'
  | 'last'
  | 'open'
  | 'back'
  | 'next-failure'
  | 'previous-failure'
  | 'filter'
  | 'follow'
  | 'next-log'
  | 'previous-log'
  | 'help'
  | 'quit'
  | 'interrupt';

/** What a key asks for on the start screen. */
export type StartAction =
  | Extract<
      Action,
      'next-pane' | 'down' | 'up' | 'page-down' | 'page-up' | 'first' | 'last' | 'open' | 'help' | 'quit' | 'interrupt'
    >
  | 'loop';

/** A row of a key table; `?` shows the rows as they stand. */
export interface Binding<Asked extends string = string> {
  readonly keys: readonly string[];
  readonly label: string;
  readonly help: string;
  readonly action: Asked;
}

const movements = [
  { keys: ['j', 'down'], label: 'j, down', help: 'one row down', action: 'down' },
  { keys: ['k', 'up'], label: 'k, up', help: 'one row up', action: 'up' },
  { keys: ['pagedown', ' '], label: 'PgDn, Space', help: 'one page down', action: 'page-down' },
  { keys: ['pageup'], label: 'PgUp', help: 'one page up', action: 'page-up' },
  { keys: ['g', 'home'], label: 'g', help: 'first row', action: 'first' },
] as const;

/** The keys of the start screen. */
export const startBindings: readonly Binding<StartAction>[] = [
  { keys: ['return'], label: 'Enter', help: 'verify the task, or open the run', action: 'open' },
  { keys: ['l'], label: 'l', help: 'loop at the task: asks for the agent', action: 'loop' },
  { keys: ['tab', 'shift-tab'], label: 'Tab', help: 'to the other list', action: 'next-pane' },
  ...movements,
  { keys: ['G', 'end'], label: 'G', help: 'last row', action: 'last' },
  { keys: ['?'], label: '?', help: 'this help', action: 'help' },
  { keys: ['q'], label: 'q', help: 'quit', action: 'quit' },
  { keys: ['ctrl-c'], label: 'Ctrl-C', help: 'quit', action: 'interrupt' },
];

/** The keys of a run's screen, in one table: what is pressed and what is documented cannot differ. */
export const bindings: readonly Binding<Action>[] = [
  { keys: ['1', '2', '3', '4', '5', '6'], label: '1-6', help: 'go to a pane', action: 'pane' },
  { keys: ['tab'], label: 'Tab', help: 'next pane', action: 'next-pane' },
  { keys: ['shift-tab'], label: 'Shift-Tab', help: 'previous pane', action: 'previous-pane' },
  ...movements,
  { keys: ['G', 'end'], label: 'G', help: 'last row; a log is followed again', action: 'last' },
  {
    keys: ['return'],
    label: 'Enter',
    help: 'open: the log of a stage or service, the detail of a check',
    action: 'open',
  },
  { keys: ['escape'], label: 'Esc', help: 'back; out of a run that is over, to the start screen', action: 'back' },
  { keys: ['n'], label: 'n', help: 'next failure', action: 'next-failure' },
  { keys: ['N'], label: 'N', help: 'previous failure', action: 'previous-failure' },
  { keys: ['/'], label: '/', help: 'filter this pane; /!text hides what has the text', action: 'filter' },
  { keys: ['f'], label: 'f', help: 'follow the log, or hold it still', action: 'follow' },
  { keys: [']'], label: ']', help: 'next log', action: 'next-log' },
  { keys: ['['], label: '[', help: 'previous log', action: 'previous-log' },
  { keys: ['?'], label: '?', help: 'this help', action: 'help' },
  { keys: ['q'], label: 'q', help: 'quit, or to the start screen; asks while it runs', action: 'quit' },
  { keys: ['ctrl-c'], label: 'Ctrl-C', help: 'stop and clean up; again: leave at once', action: 'interrupt' },
];

/** The action of a key, by the key's name. */
export function actionOf<Asked extends string>(key: string, table: readonly Binding<Asked>[]): Asked | undefined {
  return table.find(({ keys }) => keys.includes(key))?.action;
}

const namesOfControls = new Map([
  ['\r', 'return'],
  ['\n', 'return'],
  ['\t', 'tab'],
]);

/** Names of the keys in one piece of input: keys that were pressed fast arrive together. */
export function keyNames(input: string, key: Key): readonly string[] {
  if (key.ctrl) return [`ctrl-${input}`];
  if (key.tab) return [key.shift ? 'shift-tab' : 'tab'];
  if (key.return) return ['return'];
  if (key.escape) return ['escape'];
  if (key.backspace || key.delete) return ['backspace'];
  if (key.upArrow) return ['up'];
  if (key.downArrow) return ['down'];
  if (key.pageUp) return ['pageup'];
  if (key.pageDown) return ['pagedown'];
  if (key.home) return ['home'];
  if (key.end) return ['end'];
  return [...input].map((each) => namesOfControls.get(each) ?? each);
}
