import type { Progress } from '../events/view.ts';

/** What a piece of text is for; the theme says how that looks. */
export type Tone = 'plain' | 'strong' | 'dim' | 'accent' | 'good' | 'bad' | 'warn';

/** How Ink shows a tone. */
export interface Look {
  readonly color?: string;
  readonly dimColor?: boolean;
  readonly bold?: boolean;
}

/** Characters and colours that the terminal can show. */
export interface Theme {
  readonly looks: Readonly<Record<Tone, Look>>;
  readonly glyphs: Readonly<Record<Progress, string>>;
  /** Levels of a sparkline, lowest first. The lowest is kept for zero. */
  readonly sparks: string;
  readonly marker: string;
  readonly separator: string;
  readonly cut: string;
  readonly arrow: string;
  readonly border: Border;
  /** Of the pane that has the focus: another one where no colour tells it. */
  readonly focusedBorder: Border;
}

/** Corners and lines of a pane. */
export interface Border {
  readonly topLeft: string;
  readonly top: string;
  readonly topRight: string;
  readonly left: string;
  readonly right: string;
  readonly bottomLeft: string;
  readonly bottom: string;
  readonly bottomRight: string;
}

const bright: Theme['looks'] = {
  plain: {},
  strong: { bold: true },
  dim: { color: 'gray' },
  accent: { color: 'cyan' },
  good: { color: 'green' },
  bad: { color: 'red' },
  warn: { color: 'yellow' },
};
const colourless: Theme['looks'] = {
  plain: {},
  strong: { bold: true },
  dim: {},
  accent: {},
  good: {},
  bad: {},
  warn: {},
};

const unicode = {
  glyphs: {
    pass: '✓',
    waived: '≈',
    unknown: '?',
    vacuous: '∅',
    fail: '✗',
    error: '!',
    running: '●',
    waiting: '·',
    skipped: '–',
  },
  sparks: '▁▂▃▄▅▆▇█',
  marker: '›',
  separator: '·',
  cut: '…',
  arrow: '→',
  border: {
    topLeft: '╭',
    top: '─',
    topRight: '╮',
    left: '│',
    right: '│',
    bottomLeft: '╰',
    bottom: '─',
    bottomRight: '╯',
  },
  strong: {
    topLeft: '╔',
    top: '═',
    topRight: '╗',
    left: '║',
    right: '║',
    bottomLeft: '╚',
    bottom: '═',
    bottomRight: '╝',
  },
} as const;
const ascii = {
  glyphs: {
    pass: '+',
    waived: '~',
    unknown: '?',
    vacuous: '0',
    fail: 'x',
    error: '!',
    running: '*',
    waiting: '.',
    skipped: '-',
  },
  sparks: '_.:-=+*#',
  marker: '>',
  separator: '|',
  cut: '~',
  arrow: '->',
  border: {
    topLeft: '+',
    top: '-',
    topRight: '+',
    left: '|',
    right: '|',
    bottomLeft: '+',
    bottom: '-',
    bottomRight: '+',
  },
  strong: {
    topLeft: '#',
    top: '=',
    topRight: '#',
    left: '#',
    right: '#',
    bottomLeft: '#',
    bottom: '=',
    bottomRight: '#',
  },
} as const;

/**
 * The theme for an environment: no colours with NO_COLOR; ASCII with GYM_ASCII, on a console, or where the locale is
 * not UTF-8. Ink does not know NO_COLOR, so colours are left out here.
 */
export function themeFor(environment: NodeJS.ProcessEnv): Theme {
  const { NO_COLOR: noColor = '', GYM_ASCII: asked = '', TERM: terminal } = environment;
  const locale = environment['LC_ALL'] || environment['LC_CTYPE'] || environment['LANG'] || 'UTF-8';
  const plain = asked !== '' || terminal === 'linux' || !/utf-?8/i.test(locale);
  const { strong, ...characters } = plain ? ascii : unicode;
  if (noColor === '') return { looks: bright, ...characters, focusedBorder: characters.border };
  return { looks: colourless, ...characters, focusedBorder: strong };
}

const tones: Readonly<Record<Progress, Tone>> = {
  pass: 'good',
  waived: 'good',
  unknown: 'warn',
  vacuous: 'warn',
  fail: 'bad',
  error: 'bad',
  running: 'accent',
  waiting: 'dim',
  skipped: 'dim',
};

/** The tone of a state. */
export function toneOf(progress: Progress): Tone {
  return tones[progress];
}

/** A state as a word, as wide screens show it. */
export function wordOf(progress: Progress): string {
  return progress === 'skipped' ? 'not run' : progress;
}
