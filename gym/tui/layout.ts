/** Panes, in the order of their keys. */
export const paneNames = ['stages', 'checks', 'detail', 'log', 'services', 'agent'] as const;
export type PaneName = (typeof paneNames)[number];

/** Columns and rows of the terminal. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** A pane's place: its size with the border. */
export interface Place {
  readonly pane: PaneName;
  readonly width: number;
  readonly height: number;
}

/**
 * How a screen is divided. `panes`: two columns; `tabs`: one pane at a time; `line`: too small for either.
 * Two rows of header and two of footer are off already.
 */
export type Layout =
  | { readonly kind: 'line' }
  | { readonly kind: 'tabs'; readonly place: Place }
  | {
      readonly kind: 'panes';
      readonly left: readonly Place[];
      readonly right: readonly Place[];
      /** Rows of the attempts with their border; 0 without a loop. */
      readonly attempts: number;
    };

/** What the layout depends on. */
export interface LayoutInput {
  readonly size: Size;
  readonly focused: PaneName;
  /** Whether the focused pane fills the screen. */
  readonly opened: boolean;
  readonly hasLoop: boolean;
  readonly steps: number;
  readonly services: number;
  /** What the agent has done so far. */
  readonly acts: number;
}

const chrome = 4;
const border = 2;

/** Divides the screen. */
export function layoutOf(input: LayoutInput): Layout {
  const { columns, rows } = input.size;
  if (columns < 60 || rows < 15) return { kind: 'line' };
  if (columns < 90 || input.opened) {
    const tabs = 1;
    return { kind: 'tabs', place: { pane: input.focused, width: columns, height: rows - chrome - tabs } };
  }
  const attempts = input.hasLoop ? (rows >= 36 ? 5 : 3) + border : 0;
  const height = rows - chrome - attempts;
  const leftWidth = Math.min(52, Math.round(columns * 0.4));
  return {
    kind: 'panes',
    left: leftColumn(input, leftWidth, height),
    right: rightColumn(input, columns - leftWidth, height),
    attempts,
  };
}

function leftColumn(input: LayoutInput, width: number, height: number): readonly Place[] {
  const stages = Math.min(Math.max(1, input.steps), Math.max(3, Math.floor(height * 0.26))) + border;
  const services = Math.min(Math.max(1, input.services), Math.max(1, Math.floor(height * 0.25))) + border;
  return [
    { pane: 'stages', width, height: stages },
    { pane: 'checks', width, height: height - stages - services },
    { pane: 'services', width, height: services },
  ];
}

function rightColumn(input: LayoutInput, width: number, height: number): readonly Place[] {
  const detail = Math.round(height * 0.45);
  const agent = input.hasLoop ? (input.acts === 0 ? 1 + border : Math.max(3, Math.round(height * 0.25))) : 0;
  const places: Place[] = [
    { pane: 'detail', width, height: detail },
    { pane: 'log', width, height: height - detail - agent },
  ];
  return agent === 0 ? places : [...places, { pane: 'agent', width, height: agent }];
}

/** Rows of the help inside its border. */
export function helpRows({ rows }: Size): number {
  return Math.max(1, rows - chrome - border);
}

/** Rows inside a pane; of one that is not on the screen: a page of ten. */
export function rowsOf(layout: Layout, pane: PaneName): number {
  const place = placeOf(layout, pane);
  return place === undefined ? 10 : place.height - border;
}

/** Characters in a row of a pane: without the border and a space on either side. */
export function widthOf(layout: Layout, pane: PaneName): number {
  const place = placeOf(layout, pane);
  return place === undefined ? 60 : place.width - border - 2;
}

function placeOf(layout: Layout, pane: PaneName): Place | undefined {
  if (layout.kind === 'line') return undefined;
  const places = layout.kind === 'panes' ? [...layout.left, ...layout.right] : [layout.place];
  return places.find((each) => each.pane === pane);
}
