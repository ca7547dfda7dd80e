import { terse } from '../../judge/terse.ts';
import type { Verdict } from '../../judge/verdict.ts';
import type { Context, Output } from '../context.ts';
import type { ProblemLines } from './progress.ts';
import { painter } from './style.ts';

/** A verdict as whoever reads the output wants it. `directory`: the run's folder. */
export async function verdictText(
  verdict: Verdict,
  directory: string,
  mode: 'text' | 'final',
  stdout: Output,
): Promise<string> {
  if (mode === 'final') return JSON.stringify(verdict, null, 2);
  if (!stdout.isTty) return terse(verdict);
  const { personVerdict } = await import('./person.ts');
  return personVerdict(verdict, directory, painter(stdout));
}

/** On a terminal the page that follows has the problems, so that the lines before it leave them out. */
export function problemsIn({ stdout, stderr }: Context, mode: 'text' | 'final'): ProblemLines {
  return mode === 'text' && stdout.isTty && stderr.isTty ? 'left out' : 'shown';
}
