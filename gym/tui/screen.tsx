import { Box } from 'ink';
import type { ReactNode } from 'react';
import { attemptRows, contentOf } from './content.ts';
import { bindings } from './keys.ts';
import { helpRows, type Layout, type PaneName, type Place, paneNames } from './layout.ts';
import { layoutOfModel, type Model } from './model.ts';
import { Frame, Keys, Line } from './parts.tsx';
import { type Row, segment } from './row.ts';
import { keysRow, newsRow, stateOf, stateRow, titleRow } from './status.ts';

/** One frame: a pure picture of the model, as high and wide as the terminal. */
export function Screen({ model }: { readonly model: Model }): ReactNode {
  const { size, theme } = model;
  const layout = layoutOfModel(model);
  const line = (row: Row) => <Line row={row} width={size.columns} theme={theme} />;
  if (layout.kind === 'line') return line(statusLine(model));
  return (
    <Box flexDirection="column" width={size.columns} height={size.rows}>
      {line(titleRow(model))}
      {line(stateRow(model))}
      {model.ui.mode === 'help' ? <Help model={model} /> : <Body model={model} layout={layout} />}
      {line(newsRow(model))}
      {line(keysRow(model))}
    </Box>
  );
}

/** All that fits into one line. */
function statusLine(model: Model): Row {
  const state = stateOf(model);
  return { key: 'line', left: [segment(`${state.text}  `, state.tone), ...(titleRow(model).right ?? [])] };
}

function Body({ model, layout }: { readonly model: Model; readonly layout: Layout }): ReactNode {
  if (layout.kind === 'line') return null;
  const pane = (place: Place) => <Pane key={place.pane} model={model} place={place} />;
  if (layout.kind === 'tabs') {
    return (
      <>
        <Line row={tabs(model)} width={model.size.columns} theme={model.theme} />
        {pane(layout.place)}
      </>
    );
  }
  return (
    <>
      <Box>
        <Box flexDirection="column">{layout.left.map(pane)}</Box>
        <Box flexDirection="column">{layout.right.map(pane)}</Box>
      </Box>
      {layout.attempts > 0 && <Attempts model={model} height={layout.attempts} />}
    </>
  );
}

function tabs({ ui, view }: Model): Row {
  const shown = paneNames.filter((pane) => pane !== 'agent' || view.loop !== null);
  const label = (pane: PaneName) => `${paneNames.indexOf(pane) + 1} ${pane}`;
  return {
    key: 'tabs',
    left: shown.map((pane) =>
      pane === ui.focused ? segment(` [${label(pane)}]`, 'accent') : segment(`  ${label(pane)} `, 'dim'),
    ),
  };
}

function Pane({ model, place }: { readonly model: Model; readonly place: Place }): ReactNode {
  const { pane, width, height } = place;
  const { title, info, rows } = contentOf(model, pane, height - 2);
  const focused = model.ui.focused === pane;
  return <Frame {...{ title, info, rows, width, height, focused, theme: model.theme }} />;
}

function Attempts({ model, height }: { readonly model: Model; readonly height: number }): ReactNode {
  const rows = attemptRows(model, height - 2);
  const frame = {
    title: [segment('Attempts')],
    info: [segment(model.view.loop?.branch ?? '', 'dim')],
    rows,
    focused: false,
  };
  return <Frame {...frame} width={model.size.columns} height={height} theme={model.theme} />;
}

function Help({ model: { size, theme, ui } }: { readonly model: Model }): ReactNode {
  return <Keys {...{ bindings, top: ui.helpTop, width: size.columns, rows: helpRows(size), theme }} />;
}
