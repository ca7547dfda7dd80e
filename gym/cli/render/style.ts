import { styleText } from 'node:util';
import type { State } from '../../events/event.ts';
import type { Output } from '../context.ts';

type Format = Parameters<typeof styleText>[0];

/** Colours text for an output, or leaves it as it is where there is no colour. */
export type Paint = (format: Format, text: string) => string;

/** The paint of an output. */
export function painter(output: Output): Paint {
  return (format, text) => (output.hasColour ? styleText(format, text, { validateStream: false }) : text);
}

const glyphs: Record<State, string> = { pass: '✓', waived: '✓', unknown: '?', vacuous: '∅', fail: '✗', error: '!' };
const colours: Record<State, Format> = {
  pass: 'green',
  waived: 'green',
  unknown: 'yellow',
  vacuous: 'yellow',
  fail: 'red',
  error: 'magenta',
};

/** A state's sign, coloured. Never alone: a word stands beside it. */
export function glyph(state: State, paint: Paint): string {
  return paint(colours[state], glyphs[state]);
}

/** Text in a state's colour. */
export function inStateColour(state: State, text: string, paint: Paint): string {
  return paint(colours[state], text);
}

/** A duration as people say it: `840 ms`, `12.3 s`, `4:02 min`, `5:20 h`, `3 days`. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${String(seconds % 60).padStart(2, '0')} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}:${String(minutes % 60).padStart(2, '0')} h` : `${Math.floor(hours / 24)} days`;
}

/** Rows as columns with two spaces between; the last column is not padded, and cut where a line would be wider than `most`. */
export function tableText(rows: readonly (readonly string[])[], most = Number.POSITIVE_INFINITY): string {
  const widths = rows.reduce<number[]>(
    (all, row) => row.map((cell, column) => Math.max(all[column] ?? 0, cell.length)),
    [],
  );
  return rows
    .map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))))
    .map((cells) => cells.join('  '))
    .map((line) => (line.length > most ? `${line.slice(0, most - 1)}…` : line))
    .join('\n');
}
