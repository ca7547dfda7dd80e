import type { Progress } from '../events/view.ts';
import { type Theme, type Tone, toneOf } from './theme.ts';

/** A piece of a row in one tone. */
export interface Segment {
  readonly text: string;
  readonly tone: Tone;
}

/** One row of a pane: what is left is cut where it does not fit, what is right is not. */
export interface Row {
  readonly key: string;
  readonly left: readonly Segment[];
  readonly right?: readonly Segment[];
}

/** A piece of a row. */
export function segment(text: string, tone: Tone = 'plain'): Segment {
  return { text, tone };
}

/** The mark before the selected row, or the same space. */
export function marker(selected: boolean, theme: Theme): Segment {
  return segment(selected ? `${theme.marker} ` : '  ', 'accent');
}

/** A state's glyph. */
export function glyph(progress: Progress, theme: Theme): Segment {
  return segment(theme.glyphs[progress], toneOf(progress));
}

/** A row in exactly `width` characters: the left part cut or padded, then the right part. */
export function fitted(row: Row, width: number, cut: string): readonly Segment[] {
  const right = row.right ?? [];
  const gap = lengthOf(right) === 0 ? 0 : 1;
  const room = Math.max(0, width - lengthOf(right) - gap);
  const left = cutTo(row.left, room, cut);
  return [...left, segment(' '.repeat(room - lengthOf(left) + gap)), ...right];
}

/** Segments cut to `width` characters; the last one kept then ends in the `cut` sign. */
export function cutTo(segments: readonly Segment[], width: number, cut: string): readonly Segment[] {
  if (lengthOf(segments) <= width) return segments;
  const kept: Segment[] = [];
  let room = width;
  for (const { text, tone } of segments) {
    if (text.length >= room) {
      kept.push(segment(text.slice(0, Math.max(0, room - 1)) + (room > 0 ? cut : ''), tone));
      return kept;
    }
    kept.push(segment(text, tone));
    room -= text.length;
  }
  return kept;
}

/** Characters in some segments. */
export function lengthOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { text }) => sum + text.length, 0);
}
