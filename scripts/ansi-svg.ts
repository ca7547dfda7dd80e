// Turns text with ANSI colours into an SVG of a terminal, in which the text stays text.

const cell = { width: 8.4, height: 18, baseline: 13.5, fontSize: 14 };
const margin = { side: 16, top: 44, bottom: 16 };
const background = '#12161f';
const foreground = '#c8d0e0';

/** The sixteen colours of a terminal: 30 to 37, then 90 to 97. */
const palette = [
  ['#3b4252', '#ff6b7d', '#7fd88f', '#f2c66d', '#6ea8fe', '#c792ea', '#5ccfe6', '#c8d0e0'],
  ['#667187', '#ff8b98', '#9ee6ac', '#ffd98a', '#8fbdff', '#d9b0f3', '#86e1f2', '#ffffff'],
] as const;

interface Style {
  readonly color: string | null;
  readonly bold: boolean;
  readonly dim: boolean;
}
/** Begins a control sequence; SGR, which selects colours, is ESC [ numbers m. */
const control = '\u001B';
const sgr = new RegExp(`(${control}\\[[\\d;]*m)`);
const plain: Style = { color: null, bold: false, dim: false };

interface Run extends Style {
  readonly column: number;
  readonly text: string;
}

/** An SVG of a terminal window of `columns` with the given lines in it. Understands SGR of the sixteen colours, bold and dim. */
export function ansiToSvg(text: string, columns: number, title: string): string {
  const lines = text.split('\n').map(runsOf);
  const width = Math.round(columns * cell.width + 2 * margin.side);
  const height = Math.round(lines.length * cell.height + margin.top + margin.bottom);
  const rows = lines.map((runs, row) => {
    const y = margin.top + row * cell.height + cell.baseline;
    return `<text y="${y}">${runs.map(span).join('')}</text>${runs.map((run) => shapes(run, row)).join('')}`;
  });
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, at) => `<circle cx="${20 + at * 20}" cy="20" r="6" fill="${fill}"/>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" rx="10" fill="${background}"/>`,
    ...dots,
    `<text x="${width / 2}" y="25" text-anchor="middle" font-family="sans-serif" font-size="13" fill="#667187">${escaped(title)}</text>`,
    `<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${cell.fontSize}" fill="${foreground}" xml:space="preserve">`,
    ...rows,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

const middle = { x: cell.width / 2, y: cell.height / 2 };
const curve = 4;
/** Lines of boxes, as paths within a cell: as glyphs they would not meet, whatever the font. */
const lines: Readonly<Record<string, string>> = {
  '─': `M0 ${middle.y}H${cell.width}`,
  '│': `M${middle.x} 0V${cell.height}`,
  '╭': `M${middle.x} ${cell.height}V${middle.y + curve}q0 ${-curve} ${curve} ${-curve}H${cell.width}`,
  '╮': `M0 ${middle.y}H${middle.x - curve}q${curve} 0 ${curve} ${curve}V${cell.height}`,
  '╰': `M${middle.x} 0V${middle.y - curve}q0 ${curve} ${curve} ${curve}H${cell.width}`,
  '╯': `M0 ${middle.y}H${middle.x - curve}q${curve} 0 ${curve} ${-curve}V0`,
};
const bars = '▁▂▃▄▅▆▇█';

/** Boxes and bars of a piece, drawn. */
function shapes({ column, text, color }: Run, row: number): string {
  const paint = color ?? foreground;
  return [...text]
    .map((character, index) => {
      const x = round(margin.side + (column + index) * cell.width);
      const y = margin.top + row * cell.height;
      const line = lines[character];
      if (line !== undefined)
        return `<path transform="translate(${x} ${y})" d="${line}" stroke="${paint}" fill="none"/>`;
      const level = bars.indexOf(character);
      if (level < 0) return '';
      const height = ((level + 1) / bars.length) * (cell.height - 4);
      return `<rect x="${x}" y="${round(y + cell.height - 3 - height)}" width="${cell.width - 1.4}" height="${round(height)}" fill="${paint}"/>`;
    })
    .join('');
}

const drawn = new RegExp(`[${Object.keys(lines).join('')}${bars}]`, 'g');

/** Each piece has its own place and length, so that columns stay aligned in any monospace font. */
function span({ column, text, color, bold, dim }: Run): string {
  const visible = text.replaceAll(drawn, ' ');
  if (visible.trim() === '') return '';
  const attributes = [
    `x="${round(margin.side + column * cell.width)}"`,
    `textLength="${round([...text].length * cell.width)}"`,
    ...(color === null ? [] : [`fill="${color}"`]),
    ...(bold ? ['font-weight="bold"'] : []),
    ...(dim ? ['opacity="0.6"'] : []),
  ];
  return `<tspan ${attributes.join(' ')}>${escaped(visible)}</tspan>`;
}

/** Pieces of a line in one style each. */
function runsOf(line: string): readonly Run[] {
  let style = plain;
  let column = 0;
  const runs: Run[] = [];
  for (const piece of line.split(sgr)) {
    if (piece.startsWith(control)) style = styled(style, piece.slice(2, -1).split(';').map(Number));
    else if (piece !== '') {
      if (piece.trim() !== '') runs.push({ ...style, column, text: piece });
      column += [...piece].length;
    }
  }
  return runs;
}

function styled(style: Style, codes: readonly number[]): Style {
  let next = style;
  for (const code of codes) next = afterCode(next, code);
  return next;
}

function afterCode(before: Style, code: number): Style {
  if (code === 0) return plain;
  if (code === 1) return { ...before, bold: true };
  if (code === 2) return { ...before, dim: true };
  if (code === 22) return { ...before, bold: false, dim: false };
  if (code === 39) return { ...before, color: null };
  const color = palette[code >= 90 ? 1 : 0][code % 10];
  const isColor = (code >= 30 && code <= 37) || (code >= 90 && code <= 97);
  return isColor && color !== undefined ? { ...before, color } : before;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
