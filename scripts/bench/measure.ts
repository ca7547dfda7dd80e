import { readFileSync, writeFileSync } from 'node:fs';
import { execa } from 'execa';

/** One line of the report: ours beside theirs. */
export interface Comparison {
  readonly what: string;
  readonly ours: number;
  readonly theirs: number;
  /** What the ratio should not be above; null: none is aimed at. */
  readonly aim: number | null;
  readonly rounds: number;
}

/** Milliseconds that a command takes; one that fails is an error. */
export async function timed(
  [program = '', ...args]: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const started = performance.now();
  await execa(program, args, { cwd, env, stdin: 'ignore' });
  return performance.now() - started;
}

/** The middle one of the values. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Two figures as a line of the report. */
export function compare(
  what: string,
  ours: readonly number[],
  theirs: readonly number[],
  aim: number | null,
): Comparison {
  return { what, ours: median(ours), theirs: median(theirs), aim, rounds: ours.length };
}

/** A Markdown table. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Comparisons as a Markdown table that says which aims were reached. */
export function comparisonTable(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(({ what, ours, theirs, aim, rounds }) => {
    const ratio = ours / theirs;
    const reached = aim === null ? '' : `${aim.toFixed(2)}, ${ratio <= aim ? 'reached' : '**not reached**'}`;
    return [what, ours.toFixed(0), theirs.toFixed(0), ratio.toFixed(2), reached, String(rounds)];
  });
  return table(['what', 'gym, ms', 'Compose, ms', 'ratio', 'aim', 'rounds'], rows);
}

const document = new URL('../../docs/benchmarks.md', import.meta.url);

/** Prints a text, and writes it into docs/benchmarks.md between the marks `<!-- name -->` and `<!-- /name -->`. */
export function writeFigures(name: string, text: string): void {
  console.log(`\n${text}`);
  const [start, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
  const page = readFileSync(document, 'utf8');
  const from = page.indexOf(start);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md has no marks ${name}`);
  writeFileSync(document, `${page.slice(0, from)}${start}\n${text}\n\n${page.slice(to)}`);
}
