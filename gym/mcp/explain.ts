import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type NamedRun, readVerdict, runNamed } from '../api/run-named.ts';
import { readEvents } from '../events/log.ts';
import { failed, ok, type Place, placeText, type Result } from '../events/problem.ts';
import { meanings } from '../judge/meaning.ts';
import type { CheckResult } from '../task/judgement.ts';
import { nearOrKnown } from '../task/suggest.ts';

/**
 * Explains a word of a verdict, or a check as a run judged it (`CHECK` of the newest run, `RUN:CHECK`): what it claims, how and from what
 * that was judged, and what to do.
 */
export function explain(cwd: string, what: string): Result<string> {
  const meaning = Object.entries(meanings).find(([word]) => word === what.toLowerCase())?.[1];
  if (meaning !== undefined) return ok(`${what}: ${meaning.means}\nTo do: ${meaning.todo}`);
  const [, run, name = ''] = /^(?:([^:]*):)?(.*)$/s.exec(what) ?? [];
  const named = runNamed(cwd, run || undefined);
  if (!named.ok) return named;
  const verdict = readVerdict(named.value);
  if (!verdict.ok) return verdict;
  const check = verdict.value.checks.find((each) => each.name === name);
  if (check !== undefined) return ok(checkText(check, named.value));
  const names = verdict.value.checks.map((each) => each.name);
  return failed({
    kind: 'usage',
    message: `run ${verdict.value.run} judged no check ${name}, and it is no word of a verdict`,
    remedy: nearOrKnown(name, 'checks and words', [...names, ...Object.keys(meanings)]),
  });
}

function checkText(check: CheckResult, named: NamedRun): string {
  const { name, kind, severity, state, risk, owner, proof } = check;
  const directory = named.store.runDirectory(named.verdictOf);
  const seen = { proven: 'it was seen to fail under a fault', unproven: 'it was never seen to fail: gym prove' };
  const lines: [string, string | undefined][] = [
    ['Claim', check.claim],
    ['Judged', howText(check, directory)],
    ['Evidence', check.evidence.map(({ what, place }) => `${what}: ${placeText(opened(place, directory))}`).join('; ')],
    ['Result', check.because],
    ['Since', check.since],
    ['Proof', proof && seen[proof]],
    ['Risk', risk.join(', ')],
    ['Owner', owner],
    ['Means', meanings[state].means],
    ['To do', meanings[state].todo],
    ['Again', check.again],
  ];
  const told = lines.flatMap(([title, text = '']) => (text === '' ? [] : [`${title}: ${text}`]));
  return [`${name} (${kind}, ${severity}): ${state} in run ${named.verdictOf}`, ...told].join('\n');
}

/** What was kept is in the run's folder; any other file is in the workspace. */
function opened({ file, ...rest }: Place, directory: string): Place {
  if (file === undefined) return rest;
  const kept = join(directory, file);
  return { ...rest, file: existsSync(kept) ? kept : file };
}

/** By what a check was judged: a stage's command, or the sources that its kind looks at, those that the code under test does not control named so. */
function howText({ name, kind, evidence }: CheckResult, directory: string): string | undefined {
  const file = join(directory, 'events.ndjson');
  const events = existsSync(file) ? readEvents(file) : [];
  if (kind === 'cases') {
    const stage = events.find((event) => event.type === 'stage.started' && event.stage === name);
    return stage?.type === 'stage.started' ? `by what this stage reports: ${stage.command}` : undefined;
  }
  const read = events.flatMap((event) => (event.type === 'evidence.read' ? [event] : []));
  const sources = evidence.flatMap(({ what }) => read.filter(({ source }) => source === what));
  const names = sources.map(({ source, witness }) => (witness ? `${source} (a witness)` : source));
  return names.length === 0 ? undefined : `as ${kind}, from ${names.join(', ')}`;
}
