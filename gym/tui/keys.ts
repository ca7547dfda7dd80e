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

/** A row of the key table; `?` shows the rows as they stand. */
interface Binding {
  readonly keys: readonly string[];
  readonly label: string;
  readonly help: string;
  readonly action: Action;
}

/** The one table of keys: what is pressed and what is documented cannot differ. */
export const bindings: readonly Binding[] = [
  { keys: ['1', '2', '3', '4', '5', '6'], label: '1-6', help: 'go to a pane', action: 'pane' },
  { keys: ['tab'], label: 'Tab', help: 'next pane', action: 'next-pane' },
  { keys: ['shift-tab'], label: 'Shift-Tab', help: 'previous pane', action: 'previous-pane' },
  { keys: ['j', 'down'], label: 'j, down', help: 'one row down', action: 'down' },
  { keys: ['k', 'up'], label: 'k, up', help: 'one row up', action: 'up' },
  { keys: ['pagedown', ' '], label: 'PgDn, Space', help: 'one page down', action: 'page-down' },
  { keys: ['pageup'], label: 'PgUp', help: 'one page up', action: 'page-up' },
  { keys: ['g', 'home'], label: 'g', help: 'first row', action: 'first' },
  { keys: ['G', 'end'], label: 'G', help: 'last row; a log is followed again', action: 'last' },
  {
    keys: ['return'],
    label: 'Enter',
    help: 'open: the log of a stage or service, the detail of a check',
    action: 'open',
  },
  { keys: ['escape'], label: 'Esc', help: 'back', action: 'back' },
  { keys: ['n'], label: 'n', help: 'next failure', action: 'next-failure' },
  { keys: ['N'], label: 'N', help: 'previous failure', action: 'previous-failure' },
  { keys: ['/'], label: '/', help: 'filter this pane; /!text hides what has the text', action: 'filter' },
  { keys: ['f'], label: 'f', help: 'follow the log, or hold it still', action: 'follow' },
  { keys: [']'], label: ']', help: 'next log', action: 'next-log' },
  { keys: ['['], label: '[', help: 'previous log', action: 'previous-log' },
  { keys: ['?'], label: '?', help: 'this help', action: 'help' },
  { keys: ['q'], label: 'q', help: 'quit; asks while something is running', action: 'quit' },
  { keys: ['ctrl-c'], label: 'Ctrl-C', help: 'stop and clean up; again: leave at once', action: 'interrupt' },
];

const byKey = new Map(bindings.flatMap(({ keys, action }) => keys.map((key) => [key, action] as const)));

/** The action of a key, by the key's name. */
export function actionOf(key: string): Action | undefined {
  return byKey.get(key);
}

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
  return [...input].map((each) => (each === '\r' || each === '\n' ? 'return' : each));
}
