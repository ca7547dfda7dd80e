import { type CheckView, checksInOrder, isFailure, isOver, type LogView, steps, type View } from '../events/view.ts';
import type { Verdict } from '../judge/verdict.ts';
import { detailRows } from './detail.ts';
import { helpRows, type Layout, layoutOf, type PaneName, rowsOf, type Size, widthOf } from './layout.ts';
import type { Row } from './row.ts';
import type { LogWindow } from './tail.ts';
import { fits } from './text.ts';
import type { Theme } from './theme.ts';
import { type ListPane, type Shown, selectedOf, type Ui } from './ui.ts';

/** All that a frame is made of. */
export interface Model {
  readonly view: View;
  readonly ui: Ui;
  readonly log: LogWindow;
  /** Whether something was written to a log. */
  readonly hasContent: (log: LogView) => boolean;
  /** The last verdict that was written. */
  readonly verdict: Verdict | null;
  readonly size: Size;
  readonly theme: Theme;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Whether there is still work under way. */
  readonly running: boolean;
  readonly origin: Origin;
}

/**
 * How a run's screen was opened. `command`: by a command, which ends with it; `start`: for what was begun on the start screen; `record`: from
 * there too, for an earlier run or another gym's, which is only looked at.
 */
export type Origin = 'command' | 'start' | 'record';

/** The layout of a frame. */
export function layoutOfModel({ view, ui, size }: Model): Layout {
  return layoutOf({
    size,
    focused: ui.focused,
    opened: ui.opened,
    hasLoop: view.loop !== null,
    steps: steps(view).length,
    services: view.services.length,
    acts: view.acts.length,
  });
}

/** Rows of a list pane that fit its filter. */
export function listed<Item extends { readonly name: string; readonly progress?: string }>(
  ui: Ui,
  pane: ListPane,
  items: readonly Item[],
): readonly Item[] {
  const filter = ui.filters[pane] ?? '';
  return items.filter((item) => fits(`${item.name} ${item.progress ?? ''}`, filter));
}

/** What has to be known to choose the log that is shown. */
export type LogChoice = Pick<Model, 'view' | 'ui' | 'hasContent'>;

/**
 * The log to be shown: the chosen one, else that of what is running, else of what ran last. One that is empty takes no
 * other's place; what an agent does has a pane of its own.
 */
export function shownLog({ view, ui, hasContent }: LogChoice): LogView | null {
  const chosen = view.logs.find((log) => log.key === ui.log);
  if (chosen !== undefined) return chosen;
  const logOf = (key: string) => view.logs.filter((log) => log.key === key);
  const begun = view.stages.filter(({ startedAt }) => startedAt !== null);
  const last = view.attempts.at(-1);
  const isActing = last?.progress === 'running' && view.run?.state !== 'running';
  const ofSource = (source: LogView['source']) => view.logs.filter((log) => log.source === source).reverse();
  const inOrder = [
    ...(isActing ? logOf(`agent:attempt-${last.attempt}`) : []),
    ...begun.reverse().flatMap(({ name }) => logOf(`stage:${name}`)),
    ...ofSource('stage'),
    ...ofSource('service'),
    ...ofSource('agent'),
  ];
  return inOrder.find(hasContent) ?? inOrder[0] ?? null;
}

/** A line of a text pane with its number. */
export interface Numbered {
  readonly number: number;
  readonly text: string;
}

/** Lines of the log that fit its filter. */
export function logLines({ log, ui }: Model): readonly Numbered[] {
  const numbered = log.lines.map((text, index) => ({ number: log.first + index, text }));
  const filter = ui.filters.log ?? '';
  return filter === '' ? numbered : numbered.filter(({ text }) => fits(text, filter));
}

/** The agent's acts that fit their filter. */
export function shownActs({ view, ui }: Model): View['acts'] {
  const filter = ui.filters.agent ?? '';
  return view.acts.filter(({ act, text }) => fits(`${act} ${text}`, filter));
}

/** The check that is selected. */
export function selectedCheck({ view, ui }: Model): CheckView | null {
  const checks = listed(ui, 'checks', checksInOrder(view));
  const name = selectedOf(
    ui,
    'checks',
    checks.map((check) => check.name),
  );
  return checks.find((check) => check.name === name) ?? null;
}

/** Rows of the detail of the selected check. */
export function detailOf(model: Model): readonly Row[] {
  const check = selectedCheck(model);
  if (check === null) return [];
  const { verdict, theme } = model;
  return detailRows({ check, verdict, theme, width: widthOf(layoutOfModel(model), 'detail') });
}

/** What a key press has to know of the screen. */
export function shownOf(model: Model): Shown {
  const { view, ui } = model;
  const layout = layoutOfModel(model);
  const checks = listed(ui, 'checks', checksInOrder(view));
  const rows = (pane: PaneName) => rowsOf(layout, pane);
  return {
    names: {
      stages: listed(ui, 'stages', steps(view)).map((step) => step.name),
      checks: checks.map((check) => check.name),
      services: listed(ui, 'services', view.services).map((service) => service.name),
    },
    numbers: {
      detail: detailOf(model).map((_, index) => index),
      log: logLines(model).map((line) => line.number),
      agent: shownActs(model).map((act) => act.id),
    },
    rows: {
      stages: rows('stages'),
      checks: rows('checks'),
      detail: rows('detail'),
      log: rows('log'),
      services: rows('services'),
      agent: rows('agent'),
    },
    failures: checks
      .filter((check) => check.severity === 'gate' && isFailure(check.progress))
      .map((check) => check.name),
    logs: view.logs.map((log) => log.key),
    log: shownLog(model)?.key ?? null,
    hasAgent: view.loop !== null,
    helpRows: helpRows(model.size),
    running: model.running && model.origin !== 'record',
    hasStart: model.origin !== 'command',
  };
}

/** Whether the events, or who started the work, say that it is over. */
export function isRunning(view: View, settled: boolean): boolean {
  return !settled && !isOver(view);
}
