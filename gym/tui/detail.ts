import type { CheckView } from '../events/view.ts';
import { groupedText } from '../judge/text.ts';
import type { Verdict } from '../judge/verdict.ts';
import type { CheckResult, Part } from '../task/judgement.ts';
import { type Row, type Segment, segment } from './row.ts';
import { distanceText, sparkline, wrapped } from './text.ts';
import { type Theme, toneOf, wordOf } from './theme.ts';

/** What the detail of a check is made of. */
export interface DetailInput {
  readonly check: CheckView;
  readonly verdict: Verdict | null;
  readonly theme: Theme;
  /** Characters in a row. */
  readonly width: number;
}

const labelWidth = 9;

/**
 * A check in full. While its run goes on, there is the event's one sentence; claim and command come from the last
 * verdict, the parts only from the verdict that the shown state is from.
 */
export function detailRows({ check, verdict, theme, width }: DetailInput): readonly Row[] {
  const result = verdict?.checks.find((each) => each.name === check.name) ?? null;
  const isCurrent = verdict !== null && verdict.run === check.history.at(-1)?.run && result?.state === check.progress;
  const labelled = (label: string, text: string): readonly Row[] =>
    wrapped(text, width - labelWidth).map((line, index) => row(label, index, [segment(line)]));
  return [
    ...trendRows(check, theme),
    ...labelled('claim', result?.claim ?? '').filter(() => result !== null),
    ...labelled('because', check.because).filter(() => check.because !== ''),
    ...(result === null || !isCurrent ? [] : partRows(result.parts, theme)),
    ...labelled('again', result?.again ?? '').filter(() => result !== null),
    ...(result === null || !isCurrent ? [] : evidenceRows(result)),
  ];
}

/** State and name of a check, for the pane's title. */
export function detailTitle(check: CheckView, theme: Theme): readonly Segment[] {
  const tone = toneOf(check.progress);
  return [
    segment(`${theme.glyphs[check.progress]} ${wordOf(check.progress)}`, tone),
    segment(` ${check.name}`, 'strong'),
  ];
}

function row(label: string, index: number, segments: readonly Segment[]): Row {
  const left = segment((index === 0 ? label : '').padEnd(labelWidth), 'dim');
  return { key: `${label}-${index}`, left: [left, ...segments] };
}

/** Parts that are off come first, with how far and which way. */
function partRows(parts: readonly Part[], theme: Theme): readonly Row[] {
  const holds = (part: Part) => part.off === '0';
  const ordered = parts.toSorted((a, b) => Number(holds(a)) - Number(holds(b)));
  const column = (text: (part: Part) => string) => Math.max(0, ...ordered.map((part) => text(part).length));
  const observed = (part: Part) => groupedText(part.observed);
  const [names, values, offs] = [column((part) => part.part), column(observed), column(offText)];
  return ordered.map((part, index) =>
    row('parts', index, [
      segment(`${theme.glyphs[holds(part) ? 'pass' : 'fail']} `, holds(part) ? 'good' : 'bad'),
      segment(`${part.part.padEnd(names)} `),
      segment(observed(part).padStart(values)),
      segment(`  ${offText(part).padStart(offs)}`, holds(part) ? 'dim' : 'bad'),
      segment(holds(part) ? '' : ` of ${groupedText(part.expected)}`, 'dim'),
    ]),
  );
}

function offText(part: Part): string {
  if (part.off === '0') return 'exact';
  return groupedText(part.off.startsWith('-') ? part.off : `+${part.off}`);
}

/** The distance over the runs so far. */
function trendRows(check: CheckView, theme: Theme): readonly Row[] {
  const distances = check.history.map((each) => each.distance);
  if (distances.every((distance) => distance === null)) return [];
  const way = distances.slice(-5).map(distanceText).join(` ${theme.arrow} `);
  const bars = segment(`${sparkline(distances, theme.sparks)}  `, toneOf(check.progress));
  return [row('distance', 0, [bars, segment(way)])];
}

function evidenceRows(result: CheckResult): readonly Row[] {
  return result.evidence.map(({ what, place }, index) => {
    const where =
      place.file === undefined ? (place.service ?? '') : `${place.file}${place.line ? `:${place.line}` : ''}`;
    return row('evidence', index, [segment(what), segment(where === '' ? '' : `  ${where}`, 'dim')]);
  });
}
