import type { Listener } from '../../events/log.ts';
import { terse } from '../../judge/terse.ts';
import type { Verdict } from '../../judge/verdict.ts';
import type { Context, Output } from '../context.ts';
import type { Reader } from '../reader.ts';
import { eventLines, type JsonMode } from './json.ts';
import { type ProblemLines, progressLines } from './progress.ts';
import { painter } from './style.ts';

/** A verdict as whoever reads the output wants it. `directory`: the run's folder. */
export async function verdictText(
  verdict: Verdict,
  directory: string,
  mode: JsonMode,
  reader: Reader,
  stdout: Output,
): Promise<string> {
  if (mode === 'final') return JSON.stringify(verdict, null, 2);
  if (reader !== 'person') return terse(verdict);
  const { personVerdict } = await import('./person.ts');
  return personVerdict(verdict, directory, painter(stdout));
}

/** Events, or lines of progress; for an agent neither: its program would mix them with the verdict. */
export function listenersFor(context: Context, mode: JsonMode, reader: Reader): Listener[] {
  const { listeners = [], stdout, stderr } = context;
  if (mode === 'stream') return [...listeners, eventLines(stdout)];
  return reader === 'agent' ? [...listeners] : [...listeners, progressLines(stderr, problemsIn(context, mode))];
}

/** On a terminal the page that follows has the problems, so that the lines before it leave them out. */
function problemsIn({ stdout, stderr }: Context, mode: JsonMode): ProblemLines {
  return mode === 'text' && stdout.isTty && stderr.isTty ? 'left out' : 'shown';
}
