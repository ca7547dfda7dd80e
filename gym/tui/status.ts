import { type CheckView, costUsd, isOver, steps, type View } from '../events/view.ts';
import { countSegments } from './content.ts';
import { bindings } from './keys.ts';
import type { Model } from './model.ts';
import { type Row, type Segment, segment } from './row.ts';
import { clockText, distanceText, dollarsText, sparkline } from './text.ts';
import { type Theme, type Tone, toneOf, wordOf } from './theme.ts';

/** The header's first row: what is worked on, and what it has used of its budgets. */
export function titleRow(model: Model): Row {
  const { view, theme } = model;
  const task = view.loop?.task ?? view.run?.task ?? '';
  const names = [task, view.run === null ? '' : `run ${view.run.id}`, view.run?.fault ? `fault ${view.run.fault}` : ''];
  const rest = names.slice(1).filter((name) => name !== '');
  const between = ` ${theme.separator} `;
  return {
    key: 'title',
    left: [
      segment(' gym ', 'accent'),
      segment(task, 'strong'),
      segment(rest.map((name) => between + name).join(''), 'dim'),
    ],
    right: [segment(`${budgets(model).join(between)} `)],
  };
}

function budgets({ view, now, running }: Model): readonly string[] {
  const { loop, run } = view;
  const startedAt = loop?.startedAt ?? run?.startedAt ?? view.firstAt;
  const measured = (loop ?? run)?.durationMs ?? null;
  const until = running ? now : (view.lastAt ?? now);
  const time = startedAt === null ? [] : [clockText(measured ?? until - startedAt)];
  if (loop === null) return time;
  const { attempts, minutes, usd } = loop.limits;
  const attempt = Math.max(0, ...view.attempts.map((each) => each.attempt));
  const cost = costUsd(view);
  const costText = cost === null ? [] : [dollarsText(cost) + (usd === null ? '' : ` of ${dollarsText(usd)}`)];
  return [`attempt ${attempt} of ${attempts}`, ...time.map((each) => `${each} of ${minutes}:00`), ...costText];
}

/** The header's second row: where it stands, in a word and in numbers. */
export function stateRow(model: Model): Row {
  const { text, tone } = stateOf(model);
  return {
    key: 'state',
    left: [segment(` ${text}  `, tone), ...countSegments(model)],
    right: distanceSegments(model),
  };
}

/** Where the work stands, with glyph and word. */
export function stateOf({ view, theme, running, ui }: Model): Segment {
  const { loop, run } = view;
  const badge = (progress: keyof Theme['glyphs'], word: string): Segment =>
    segment(`${theme.glyphs[progress]} ${word}`, toneOf(progress));
  if (ui.mode === 'stopping' && running) return badge('unknown', 'STOPPING');
  if (running) return badge('running', `RUNNING ${activity(view)}`.trimEnd());
  if (loop?.end === 'done') return badge('pass', 'DONE');
  if (loop?.end) return badge('fail', `ENDED: ${loop.end}`);
  if (isOpen(view)) return badge('unknown', 'CUT OFF');
  if (run !== null && run.state !== 'running') return badge(run.state, wordOf(run.state).toUpperCase());
  return badge('unknown', 'NOTHING RECORDED');
}

/** Whether something has begun, and no event tells of its end. */
function isOpen(view: View): boolean {
  return (view.loop !== null || view.run !== null) && !isOver(view);
}

function activity(view: View): string {
  const isAgentActing = view.attempts.at(-1)?.progress === 'running' && view.run?.state !== 'running';
  if (isAgentActing) return view.loop?.agent ?? 'agent';
  return steps(view).find((step) => step.progress === 'running')?.name ?? '';
}

/** The distance over the attempts, as bars and as its ends. */
export function distanceSegments({ view, theme }: Model): readonly Segment[] {
  const judged = view.attempts.filter((each) => each.progress !== 'running');
  const first = judged.at(0);
  const last = judged.at(-1);
  if (first === undefined || last === undefined || last.progress === 'running') return [];
  const bars = sparkline(
    judged.map((each) => each.distance),
    theme.sparks,
  );
  const way = first === last ? '' : `${distanceText(first.distance)} ${theme.arrow} `;
  return [
    segment('distance ', 'dim'),
    segment(bars, toneOf(last.progress)),
    segment(` ${way}${distanceText(last.distance)} `),
  ];
}

/** The footer's first row: the one thing that a person should know now. */
export function newsRow(model: Model): Row {
  const { view, now, theme, running } = model;
  const row = (label: string, text: string, tone: Tone): Row => ({
    key: 'news',
    left: [segment(` ${label} `, 'dim'), segment(text, tone)],
  });
  const problem = view.problems.at(-1);
  if (problem !== undefined) {
    const remedy = problem.remedy === undefined ? '' : ` ${theme.separator} ${problem.remedy}`;
    return row('problem', `${problem.message.split('\n')[0]}${remedy}`, 'bad');
  }
  if (view.loop?.because) return row('end', view.loop.because, view.loop.end === 'done' ? 'good' : 'warn');
  if (running && view.note !== null) return row('now', view.note, 'plain');
  if (!running && isOpen(view)) {
    const resume = view.loop === null ? '' : `: gym loop ${view.loop.id} --resume goes on with it`;
    return row('end', `none was recorded${resume}`, 'warn');
  }
  const change = lastChange(view);
  if (change === null) return row('', '', 'plain');
  const [check, before, after] = change;
  const age = running ? `, ${clockText(now - after.at)} ago` : '';
  return row('changed', `${check.name} ${before.state} ${theme.arrow} ${after.state}${age}`, toneOf(after.state));
}

type Change = readonly [CheckView, CheckView['history'][number], CheckView['history'][number]];

/** The check whose state changed last from one run to the next. */
function lastChange(view: View): Change | null {
  const changes = view.checks.flatMap((check): Change[] => {
    const [before, after] = check.history.slice(-2);
    return before === undefined || after === undefined || before.state === after.state ? [] : [[check, before, after]];
  });
  return changes.toSorted((a, b) => a[2].at - b[2].at).at(-1) ?? null;
}

const hints = ['help', 'filter', 'next-pane', 'open', 'next-failure', 'follow', 'quit'] as const;
const hintWords: Readonly<Record<(typeof hints)[number], string>> = {
  help: 'help',
  filter: 'filter',
  'next-pane': 'pane',
  open: 'open',
  'next-failure': 'failure',
  follow: 'follow',
  quit: 'quit',
};

/** The footer's last row: a question that waits for an answer, or the most useful keys. */
export function keysRow({ ui, view, origin, running }: Model): Row {
  const row = (left: readonly Segment[]): Row => ({ key: 'keys', left });
  if (ui.mode === 'filter') {
    const text = ui.filters[ui.focused] ?? '';
    return row([segment(` filter ${ui.focused}: /${text}_`, 'warn'), segment('  Enter keep, Esc clear', 'dim')]);
  }
  if (ui.mode === 'confirm') {
    const what = view.loop === null ? 'the run' : 'the loop';
    return row([segment(` Stop ${what}, clean up and quit? `, 'warn'), segment('y/n', 'strong')]);
  }
  if (ui.mode === 'stopping') return row([segment(' stopping and cleaning up; Ctrl-C leaves at once', 'warn')]);
  return row(
    hints.flatMap((hint) => {
      const binding = bindings.find((each) => each.action === hint);
      const goesBack = hint === 'quit' && origin !== 'command' && (origin === 'record' || !running);
      return [
        segment(` ${binding?.label ?? ''}`, 'accent'),
        segment(` ${goesBack ? 'back' : hintWords[hint]} `, 'dim'),
      ];
    }),
  );
}
