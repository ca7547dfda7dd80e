import {
  type CheckView,
  checksInOrder,
  countsOf,
  isFailure,
  type ServiceView,
  type Step,
  steps,
} from '../events/view.ts';
import { detailTitle } from './detail.ts';
import type { PaneName } from './layout.ts';
import { detailOf, listed, logLines, type Model, selectedCheck, shownActs, shownLog } from './model.ts';
import { glyph, marker, type Row, type Segment, segment } from './row.ts';
import { bytesText, clockText, distanceText, durationText, timeText } from './text.ts';
import { type Theme, type Tone, wordOf } from './theme.ts';
import { type ListPane, selectedOf, type TextPane, topIndex } from './ui.ts';

/** A pane's title and the rows that are visible in it. */
export interface Content {
  readonly title: readonly Segment[];
  readonly info: readonly Segment[];
  readonly rows: readonly Row[];
}

/** What a pane of that many rows shows. Only visible rows are made. */
export function contentOf(model: Model, pane: PaneName, rows: number): Content {
  const filter = model.ui.filters[pane] ?? '';
  const content = contents[pane](model, rows);
  return filter === '' ? content : { ...content, info: [segment(`/${filter} `, 'warn'), ...content.info] };
}

const contents: Readonly<Record<PaneName, (model: Model, rows: number) => Content>> = {
  stages,
  checks,
  detail,
  log,
  services,
  agent,
};

/** The rows around the selected one, or around `anchor` as long as nothing was selected. */
function listContent<Item extends { readonly name: string }>(
  model: Model,
  pane: ListPane,
  rows: number,
  items: readonly Item[],
  rowOf: (item: Item, mark: Segment) => Row,
  anchor = 0,
): { readonly rows: readonly Row[]; readonly position: string } {
  const name = selectedOf(
    model.ui,
    pane,
    items.map((item) => item.name),
  );
  const chosen = model.ui.selected[pane] === name ? items.findIndex((item) => item.name === name) : anchor;
  const start = Math.max(0, Math.min(chosen - Math.floor(rows / 2), items.length - rows));
  const visible = items.slice(start, start + rows);
  const isMarked = (item: Item) => item.name === name && model.ui.focused === pane;
  return {
    rows: visible.map((item) => rowOf(item, marker(isMarked(item), model.theme))),
    position: items.length > rows ? `${start + 1}-${start + visible.length} of ${items.length}` : '',
  };
}

function stages(model: Model, rows: number): Content {
  const items = listed(model.ui, 'stages', steps(model.view));
  // As long as nothing is selected, what runs or went wrong is in sight; when all is over, the end.
  const focal = items.findIndex((item) => item.progress === 'running' || isFailure(item.progress));
  const list = listContent(
    model,
    'stages',
    rows,
    items,
    (step, mark) => stepRow(step, mark, model),
    focal < 0 ? items.length - 1 : focal,
  );
  return { title: [segment('1 Stages')], info: [segment(list.position, 'dim')], rows: list.rows };
}

function stepRow(step: Step, mark: Segment, { theme, now }: Model): Row {
  const { progress, name, cases } = step;
  const failed = cases === null || cases.failed === 0 ? '' : ` ${cases.failed}${theme.glyphs.fail}`;
  const passed = cases === null ? '' : `  ${cases.passed}${theme.glyphs.pass}`;
  const tone = progress === 'waiting' || progress === 'skipped' ? 'dim' : 'plain';
  return {
    key: name,
    left: [mark, glyph(progress, theme), segment(` ${name}`, tone), segment(passed, 'dim'), segment(failed, 'bad')],
    right: [segment(stepTime(step, now), 'dim')],
  };
}

/** How long it took or has been running; of what was taken from an earlier run that one's last digits, as `gym logs` and `gym show` take them. */
function stepTime({ progress, startedAt, durationMs, cachedFrom }: Step, now: number): string {
  if (cachedFrom !== null) return `cached ${cachedFrom.slice(-4)}`;
  if (durationMs !== null) return durationText(durationMs);
  return progress === 'running' && startedAt !== null ? clockText(now - startedAt) : wordOf(progress);
}

function checks(model: Model, rows: number): Content {
  const items = listed(model.ui, 'checks', checksInOrder(model.view));
  const list = listContent(model, 'checks', rows, items, (check, mark) => checkRow(check, mark, model.theme));
  return { title: [segment('2 Checks')], info: [segment(list.position, 'dim')], rows: list.rows };
}

function checkRow(check: CheckView, mark: Segment, theme: Theme): Row {
  const { name, progress, distance } = check;
  const isFar = distance !== null && distance > 0;
  const tone = progress === 'waiting' || progress === 'skipped' ? 'dim' : 'plain';
  return {
    key: name,
    left: [
      mark,
      glyph(progress, theme),
      segment(` ${name}`, tone),
      segment(check.severity === 'gate' ? '' : ` ${check.severity}`, 'dim'),
    ],
    right: [segment(isFar ? distanceText(distance) : '', 'bad'), segment(` ${wordOf(progress)}`, 'dim')],
  };
}

const serviceLook: Readonly<Record<ServiceView['state'], { glyph: keyof Theme['glyphs']; tone: Tone }>> = {
  created: { glyph: 'waiting', tone: 'dim' },
  started: { glyph: 'running', tone: 'accent' },
  ready: { glyph: 'pass', tone: 'good' },
  exited: { glyph: 'skipped', tone: 'dim' },
  removed: { glyph: 'skipped', tone: 'dim' },
};

function services(model: Model, rows: number): Content {
  const items = listed(model.ui, 'services', model.view.services);
  const list = listContent(model, 'services', rows, items, (service, mark) => serviceRow(service, mark, model.theme));
  const ready = model.view.services.filter((service) => service.state === 'ready').length;
  const count = items.length === 0 ? '' : `${ready} ready`;
  return { title: [segment('5 Services')], info: [segment(list.position || count, 'dim')], rows: list.rows };
}

function serviceRow(service: ServiceView, mark: Segment, theme: Theme): Row {
  const { name, state, exitCode, detail: words } = service;
  const hasFailed = state === 'exited' && exitCode !== null && exitCode !== 0;
  const look = hasFailed ? ({ glyph: 'fail', tone: 'bad' } as const) : serviceLook[state];
  const said = words === null ? '' : `  ${words}`;
  return {
    key: name,
    left: [mark, segment(theme.glyphs[look.glyph], look.tone), segment(` ${name}`), segment(said, 'dim')],
    right: [segment(hasFailed ? `exit ${exitCode}` : state, hasFailed ? 'bad' : 'dim')],
  };
}

/** The visible part of a text pane. */
function textRows<Line>(
  model: Model,
  pane: TextPane,
  rows: number,
  lines: readonly Line[],
  numberOf: (line: Line, index: number) => number,
): readonly Line[] {
  const top = topIndex(model.ui, pane, lines.map(numberOf), rows);
  return lines.slice(top, top + rows);
}

function detail(model: Model, rows: number): Content {
  const check = selectedCheck(model);
  if (check === null) return { title: [segment('3 Detail')], info: [], rows: [] };
  const all = detailOf(model);
  const visible = textRows(model, 'detail', rows, all, (_, index) => index);
  const start = topIndex(
    model.ui,
    'detail',
    all.map((_, index) => index),
    rows,
  );
  const position =
    all.length > rows ? ` ${model.theme.separator} ${start + 1}-${start + visible.length} of ${all.length}` : '';
  return {
    title: [segment('3 '), ...detailTitle(check, model.theme)],
    info: [segment(`${check.kind ?? ''}${position}`, 'dim')],
    rows: visible,
  };
}

function log(model: Model, rows: number): Content {
  const shown = shownLog(model);
  if (shown === null) return { title: [segment('4 Log')], info: [], rows: [] };
  const visible = textRows(model, 'log', rows, logLines(model), (line) => line.number);
  const follows = model.ui.top.log === null;
  return {
    title: [segment('4 Log '), segment(`${shown.source} ${shown.name}`, 'strong')],
    info: [
      segment(follows ? 'follow on' : 'follow off', follows ? 'dim' : 'warn'),
      segment(` ${model.theme.separator} ${bytesText(model.log.bytes)}`, 'dim'),
    ],
    rows: visible.map(({ number, text }) => ({ key: String(number), left: [segment(text, toneOfLine(text))] })),
  };
}

/** Lines that speak of errors and warnings stand out. */
function toneOfLine(text: string): Tone {
  if (/\b(error|ERR|FAIL|failed|fatal|panic)\b/.test(text)) return 'bad';
  return /\b(warn|WRN|WARN|warning)\b/.test(text) ? 'warn' : 'plain';
}

const actTones: Readonly<Record<string, Tone>> = { edits: 'good', runs: 'accent', fails: 'bad', says: 'plain' };

function agent(model: Model, rows: number): Content {
  const { loop, acts, attempts } = model.view;
  const visible = textRows(model, 'agent', rows, shownActs(model), (act) => act.id);
  const latest = attempts.at(-1);
  const attempt = latest === undefined || latest.attempt === 0 ? '' : `attempt ${latest.attempt}`;
  return {
    title: [segment('6 Agent '), segment(loop?.agent ?? '', 'strong')],
    info: [segment(acts.length === 0 ? 'nothing yet' : attempt, 'dim')],
    rows: visible.map(({ id, at, act, text }) => ({
      key: String(id),
      left: [
        segment(`${timeText(at)} `, 'dim'),
        segment(act.padEnd(6), actTones[act] ?? 'dim'),
        segment(text.replaceAll(/\s+/g, ' ')),
      ],
    })),
  };
}

/** One row an attempt, the latest ones: what came out, how far off, how long, at what cost. */
export function attemptRows({ view, theme, now }: Model, rows: number): readonly Row[] {
  return view.attempts.slice(-rows).map((each) => {
    const time = clockText(each.durationMs ?? now - each.startedAt);
    const cost = each.usage?.costUsd;
    const name = each.attempt === 0 ? 'start' : `#${each.attempt}`;
    return {
      key: String(each.attempt),
      left: [
        segment(`  ${name.padEnd(6)}`, 'strong'),
        glyph(each.progress, theme),
        segment(` ${wordOf(each.progress).padEnd(8)}`),
        segment(each.progress === 'running' ? '' : `distance ${distanceText(each.distance).padEnd(7)}`),
        segment(each.headline ?? '', 'dim'),
      ],
      right: [
        segment(`${cost === null || cost === undefined ? '' : ` $${cost.toFixed(2)}`} ${time.padStart(6)}`, 'dim'),
      ],
    };
  });
}

/** Checks by state, as in `1 ✗  2 ?  9 ✓`. */
export function countSegments({ view, theme }: Model): readonly Segment[] {
  return countsOf(view.checks).map(([progress, count]) => {
    const { text, tone } = glyph(progress, theme);
    return segment(`${count} ${text}  `, tone);
  });
}
