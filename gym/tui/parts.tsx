import { Box, Text } from 'ink';
import { Fragment, type ReactNode } from 'react';
import type { Binding } from './keys.ts';
import { cutTo, fitted, lengthOf, type Row, type Segment, segment } from './row.ts';
import { cleanLine } from './text.ts';
import type { Theme } from './theme.ts';

interface FrameProps {
  readonly title: readonly Segment[];
  readonly info: readonly Segment[];
  readonly rows: readonly Row[];
  readonly width: number;
  readonly height: number;
  readonly focused: boolean;
  readonly theme: Theme;
}

/** A bordered box with a title in its upper edge. Rows that do not fit are left out. */
export function Frame({ title, info, rows, width, height, focused, theme }: FrameProps): ReactNode {
  const edge = focused ? 'accent' : 'dim';
  const border = focused ? theme.focusedBorder : theme.border;
  const inside = height - 2;
  const blank: Row = { key: 'blank', left: [] };
  const lines = Array.from({ length: inside }, (_, index) => rows[index] ?? { ...blank, key: `blank-${index}` });
  return (
    <Box flexDirection="column" width={width} height={height}>
      <Pieces segments={topEdge({ title, info, width, focused, theme })} theme={theme} />
      {lines.map((row) => (
        <Pieces
          key={row.key}
          theme={theme}
          segments={[
            segment(`${border.left} `, edge),
            ...fitted(row, width - 4, theme.cut),
            segment(` ${border.right}`, edge),
          ]}
        />
      ))}
      <Pieces
        segments={[segment(border.bottomLeft + border.bottom.repeat(width - 2) + border.bottomRight, edge)]}
        theme={theme}
      />
    </Box>
  );
}

function topEdge(props: Pick<FrameProps, 'title' | 'info' | 'width' | 'focused' | 'theme'>): readonly Segment[] {
  const { title, info, width, focused, theme } = props;
  const border = focused ? theme.focusedBorder : theme.border;
  const edge = focused ? 'accent' : 'dim';
  const right = lengthOf(info) === 0 ? [] : [segment(' '), ...info, segment(' ')];
  // Two corners, a line on either side, and a space on either side of the title.
  const left = cutTo(title, width - lengthOf(right) - 6, theme.cut).map((each) =>
    each.tone === 'plain' && focused ? { ...each, tone: 'accent' as const } : each,
  );
  const fill = Math.max(0, width - lengthOf(left) - lengthOf(right) - 6);
  return [
    segment(`${border.topLeft}${border.top} `, edge),
    ...left,
    segment(` ${border.top.repeat(fill)}`, edge),
    ...right,
    segment(border.top + border.topRight, edge),
  ];
}

/** A row over the whole width. */
export function Line({
  row,
  width,
  theme,
}: {
  readonly row: Row;
  readonly width: number;
  readonly theme: Theme;
}): ReactNode {
  return <Pieces segments={fitted(row, width, theme.cut)} theme={theme} />;
}

/** Segments in one line. What comes from elsewhere may hold control characters: they are taken out here. */
function Pieces({ segments, theme }: { readonly segments: readonly Segment[]; readonly theme: Theme }): ReactNode {
  const keyed = segments.map((each, index) => ({ ...each, key: index }));
  return (
    <Text wrap="truncate-end">
      {keyed.map(({ text, tone, key }) =>
        tone === 'plain' ? (
          <Fragment key={key}>{cleanLine(text)}</Fragment>
        ) : (
          <Text key={key} {...theme.looks[tone]}>
            {cleanLine(text)}
          </Text>
        ),
      )}
    </Text>
  );
}

interface KeysProps {
  readonly bindings: readonly Binding[];
  /** The first row that is shown. */
  readonly top: number;
  readonly width: number;
  /** Rows inside the border. */
  readonly rows: number;
  readonly theme: Theme;
}

/** A table of keys, or as much of it as fits from a row on. */
export function Keys({ bindings, top, width, rows, theme }: KeysProps): ReactNode {
  const shown = bindings.slice(top).map(({ label, help }): Row => {
    return { key: label, left: [segment(label.padEnd(14), 'accent'), segment(help)] };
  });
  const info = [segment(shown.length > rows ? 'any key: more' : 'any key goes back', 'dim')];
  return <Frame {...{ title: [segment('Keys')], info, rows: shown, width, height: rows + 2, focused: true, theme }} />;
}

/** A list in a box. Of too many rows, those around the selected one are shown. */
export function List({ title, rows, selected, ...frame }: ListProps): ReactNode {
  const inside = frame.height - 2;
  const start = Math.max(0, Math.min(selected - Math.floor(inside / 2), rows.length - inside));
  const shown = rows.slice(start, start + inside);
  const position = `${start + 1}-${start + shown.length} of ${rows.length}`;
  const info = rows.length > inside ? [segment(position, 'dim')] : [];
  return <Frame {...frame} title={[segment(title)]} info={info} rows={shown} />;
}

interface ListProps extends Omit<FrameProps, 'title' | 'info'> {
  readonly title: string;
  readonly selected: number;
}
