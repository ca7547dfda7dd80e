import { type Action, actionOf, bindings } from './keys.ts';
import { type PaneName, paneNames } from './layout.ts';

/** Panes in which a row is selected, by its name. */
export type ListPane = 'stages' | 'checks' | 'services';
/** Panes whose text is scrolled. */
export type TextPane = 'detail' | 'log' | 'agent';

/** What the keyboard is for at the moment. */
export type Mode = 'browse' | 'filter' | 'help' | 'confirm' | 'stopping';

/** What the user has chosen. Nothing here changes by itself: a selection stays where the user put it. */
export interface Ui {
  readonly mode: Mode;
  /** The first row of the help that is shown. */
  readonly helpTop: number;
  readonly focused: PaneName;
  /** Whether the focused pane fills the screen. */
  readonly opened: boolean;
  /** The pane to go back to. */
  readonly cameFrom: PaneName | null;
  /** Names of selected rows; null: none was chosen, the first row is shown as selected. */
  readonly selected: Readonly<Record<ListPane, string | null>>;
  /** Number of the top line; null: the end is followed, or for the detail: its beginning. */
  readonly top: Readonly<Record<TextPane, number | null>>;
  readonly filters: Readonly<Partial<Record<PaneName, string>>>;
  /** Key of the chosen log; null: that of what is running. */
  readonly log: string | null;
}

/** The UI as it opens. */
export const initialUi: Ui = {
  mode: 'browse',
  helpTop: 0,
  focused: 'checks',
  opened: false,
  cameFrom: null,
  selected: { stages: null, checks: null, services: null },
  top: { detail: null, log: null, agent: null },
  filters: {},
  log: null,
};

/** What is on the screen when a key is pressed. */
export interface Shown {
  /** Names of the rows of each list, in order, filtered. */
  readonly names: Readonly<Record<ListPane, readonly string[]>>;
  /** Numbers of the lines of each text, in order, filtered. */
  readonly numbers: Readonly<Record<TextPane, readonly number[]>>;
  /** Visible rows of each pane. */
  readonly rows: Readonly<Record<PaneName, number>>;
  /** Names of checks that failed, in the order shown. */
  readonly failures: readonly string[];
  /** Keys of the logs, and of the one shown. */
  readonly logs: readonly string[];
  readonly log: string | null;
  readonly hasAgent: boolean;
  /** Rows of the help that fit. */
  readonly helpRows: number;
  /** Whether something runs that leaving would stop. */
  readonly running: boolean;
  /** Whether there is a start screen to go back to. */
  readonly hasStart: boolean;
}

/** What a key led to: a new state, and at most one thing that is done outside. */
export interface Pressed {
  readonly ui: Ui;
  readonly effect?: 'stop' | 'leave' | 'interrupt';
}

/** The state after a key. Pure. */
export function press(ui: Ui, key: string, shown: Shown): Pressed {
  if (key === 'ctrl-c') return { ui, effect: 'interrupt' };
  if (ui.mode === 'filter') return { ui: editFilter(ui, key) };
  if (ui.mode === 'help') {
    const helpTop = nextHelp(ui.helpTop, bindings.length, shown.helpRows);
    return { ui: { ...ui, mode: helpTop === 0 ? 'browse' : 'help', helpTop } };
  }
  if (ui.mode === 'confirm') {
    return key === 'y' ? { ui: { ...ui, mode: 'stopping' }, effect: 'stop' } : { ui: { ...ui, mode: 'browse' } };
  }
  const action = actionOf(key, bindings);
  if (action === 'back' && shown.hasStart && !shown.running && !canGoBack(ui)) return { ui, effect: 'leave' };
  if (action !== 'quit') return { ui: browse(ui, key, action, shown) };
  if (!shown.running) return { ui, effect: 'leave' };
  return { ui: ui.mode === 'stopping' ? ui : { ...ui, mode: 'confirm' } };
}

function editFilter(ui: Ui, key: string): Ui {
  const text = ui.filters[ui.focused] ?? '';
  const to = (next: string): Ui => ({ ...ui, filters: { ...ui.filters, [ui.focused]: next } });
  if (key === 'return') return { ...ui, mode: 'browse' };
  if (key === 'escape') return { ...to(''), mode: 'browse' };
  if (key === 'backspace') return to(text.slice(0, -1));
  return [...key].length === 1 ? to(text + key) : ui;
}

function browse(ui: Ui, key: string, action: Action | undefined, shown: Shown): Ui {
  switch (action) {
    case 'pane':
      return focus(ui, paneNames[Number(key) - 1] ?? ui.focused, shown);
    case 'next-pane':
      return focus(ui, neighbour(ui.focused, 1, shown), shown);
    case 'previous-pane':
      return focus(ui, neighbour(ui.focused, -1, shown), shown);
    case 'open':
      return open(ui, shown);
    case 'back':
      return back(ui);
    case 'next-failure':
      return toFailure(ui, 1, shown);
    case 'previous-failure':
      return toFailure(ui, -1, shown);
    case 'filter':
      return { ...ui, mode: 'filter', filters: { ...ui.filters, [ui.focused]: '' } };
    case 'follow':
      return follow(ui, shown);
    case 'next-log':
      return { ...ui, log: stepped(shown.logs, shown.log, 1), top: { ...ui.top, log: null } };
    case 'previous-log':
      return { ...ui, log: stepped(shown.logs, shown.log, -1), top: { ...ui.top, log: null } };
    case 'help':
      return { ...ui, mode: 'help' };
    default:
      return action === undefined ? ui : move(ui, action, shown);
  }
}

function focus(ui: Ui, pane: PaneName, shown: Shown): Ui {
  return pane === 'agent' && !shown.hasAgent ? ui : { ...ui, focused: pane, cameFrom: null };
}

function neighbour(pane: PaneName, by: 1 | -1, shown: Shown): PaneName {
  const panes = paneNames.filter((each) => each !== 'agent' || shown.hasAgent);
  return stepped(panes, pane, by) ?? pane;
}

/** The next or previous of some names, round and round. */
function stepped<Name extends string>(names: readonly Name[], from: Name | null, by: 1 | -1): Name | null {
  const at = from === null ? -1 : names.indexOf(from);
  if (at < 0) return names.at(by === 1 ? 0 : -1) ?? from;
  return names[(at + by + names.length) % names.length] ?? from;
}

/** Name of the row that is shown as selected: the chosen one, or the first as long as that is not there. */
export function selectedOf(ui: Ui, pane: ListPane, names: readonly string[]): string | null {
  const chosen = ui.selected[pane];
  return chosen !== null && names.includes(chosen) ? chosen : (names[0] ?? null);
}

function open(ui: Ui, shown: Shown): Ui {
  const { focused } = ui;
  if (focused === 'checks') return { ...ui, focused: 'detail', opened: true, cameFrom: 'checks' };
  if (focused !== 'stages' && focused !== 'services') return { ...ui, opened: !ui.opened };
  const log = `${focused === 'stages' ? 'stage' : 'service'}:${selectedOf(ui, focused, shown.names[focused])}`;
  if (!shown.logs.includes(log)) return ui;
  return { ...ui, focused: 'log', cameFrom: focused, log, top: { ...ui.top, log: null } };
}

/** The first row of the help after a key: that of its next page, or 0: it has been read to its end. */
export function nextHelp(top: number, count: number, rows: number): number {
  return top + rows < count ? top + Math.max(1, rows) : 0;
}

function canGoBack({ cameFrom, opened, filters, focused }: Ui): boolean {
  return cameFrom !== null || opened || (filters[focused] ?? '') !== '';
}

function back(ui: Ui): Ui {
  if (ui.cameFrom !== null) return { ...ui, focused: ui.cameFrom, opened: false, cameFrom: null };
  if (ui.opened) return { ...ui, opened: false };
  return { ...ui, filters: { ...ui.filters, [ui.focused]: '' } };
}

function toFailure(ui: Ui, by: 1 | -1, shown: Shown): Ui {
  const from = selectedOf(ui, 'checks', shown.names.checks);
  const chosen = ui.selected.checks === null && by === 1 ? null : from;
  const name = stepped(shown.failures, chosen, by);
  if (name === null || shown.failures.length === 0) return ui;
  const focused = ui.focused === 'detail' ? 'detail' : 'checks';
  const top = { ...ui.top, detail: null };
  return { ...ui, focused, selected: { ...ui.selected, checks: name }, top };
}

function follow(ui: Ui, shown: Shown): Ui {
  const pane = ui.focused === 'agent' ? 'agent' : 'log';
  const numbers = shown.numbers[pane];
  const held = numbers[Math.max(0, numbers.length - shown.rows[pane])] ?? null;
  return { ...ui, top: { ...ui.top, [pane]: ui.top[pane] === null ? held : null } };
}

type Movement = 'down' | 'up' | 'page-down' | 'page-up' | 'first' | 'last';

/** Whether an action moves within a list or text. */
export function isMovement(action: string): action is Movement {
  return ['down', 'up', 'page-down', 'page-up', 'first', 'last'].includes(action);
}

function move(ui: Ui, action: Action, shown: Shown): Ui {
  if (!isMovement(action)) return ui;
  const pane = ui.focused;
  if (pane === 'detail' || pane === 'log' || pane === 'agent') return scroll(ui, pane, action, shown);
  const names = shown.names[pane];
  const selected = selectedOf(ui, pane, names);
  const index = moved(selected === null ? 0 : names.indexOf(selected), action, shown.rows[pane], names.length - 1);
  const top = pane === 'checks' ? { ...ui.top, detail: null } : ui.top;
  return { ...ui, top, selected: { ...ui.selected, [pane]: names[index] ?? null } };
}

/** Only G goes back to following: a hand on j must not be torn to the end by new lines. */
function scroll(ui: Ui, pane: TextPane, action: Movement, shown: Shown): Ui {
  const numbers = shown.numbers[pane];
  const lastTop = Math.max(0, numbers.length - shown.rows[pane]);
  if (action === 'last' && pane !== 'detail') return { ...ui, top: { ...ui.top, [pane]: null } };
  const from = topIndex(ui, pane, numbers, shown.rows[pane]);
  const index = moved(from, action, shown.rows[pane], lastTop);
  return { ...ui, top: { ...ui.top, [pane]: numbers[index] ?? null } };
}

/** Index of the line at the top of a text pane. */
export function topIndex(ui: Ui, pane: TextPane, numbers: readonly number[], rows: number): number {
  const lastTop = Math.max(0, numbers.length - rows);
  const top = ui.top[pane];
  if (top === null) return pane === 'detail' ? 0 : lastTop;
  const index = numbers.findIndex((number) => number >= top);
  return index < 0 ? lastTop : Math.min(index, lastTop);
}

/** The row after a movement from one; `page`: rows that are shown, `last`: the last row. */
export function moved(from: number, action: Movement, page: number, last: number): number {
  const to = { down: from + 1, up: from - 1, 'page-down': from + page, 'page-up': from - page, first: 0, last }[action];
  return Math.max(0, Math.min(last, to));
}
