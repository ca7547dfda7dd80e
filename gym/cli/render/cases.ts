import { existsSync, readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { placeText } from '../../events/problem.ts';
import { signatureOf } from '../../judge/signature.ts';
import { displayPath } from '../../task/display-path.ts';
import type { KeptCase } from '../../verify/stage-result.ts';
import type { Paint } from './style.ts';

/** Ids that are listed of cases with one signature; the stage's log and result file have all. */
const idsListed = 20;
/** Of a stage's log, around a place where it names a case. */
const linesBefore = 2;
const linesAfter = 20;
/** A log is looked through up to this length, and this many places are shown. */
const logChars = 8 * 1024 * 1024;
const placesShown = 2;

/** Failed cases of a stage: each signature with its first case and message, and the names of the others. */
export function failuresText(failures: readonly KeptCase[]): string[] {
  const groups = [...Map.groupBy(failures, ({ message = '' }) => signatureOf(message)).values()];
  return groups.flatMap((group) => {
    const [first, ...others] = group;
    if (first === undefined) return [];
    const left = others.length - idsListed;
    return [
      ...headLines(first).map((line) => `  ${line}`),
      ...(others.length === 0 ? [] : [`    and ${others.length} alike:`]),
      ...others.slice(0, idsListed).map((other) => `      ${nameText(other)}`),
      ...(left > 0 ? [`      … ${left} more`] : []),
    ];
  });
}

/** One failed case: its place, all that its tool said, and where its stage's log names it. */
export function caseText(failure: KeptCase, logFile: string, paint: Paint): string {
  const [head = '', ...message] = headLines(failure);
  const places = existsSync(logFile) ? logPlaces(failure.id, readFileSync(logFile, 'utf8').slice(0, logChars)) : [];
  return [
    paint('bold', head),
    ...message,
    ...places.flatMap(({ line, text }) => ['', `${displayPath(logFile)}:${line}`, ...text]),
    ...(places.length === 0 && existsSync(logFile) ? [`Log       ${displayPath(logFile)}`] : []),
  ].join('\n');
}

function headLines(failure: KeptCase): string[] {
  const message = (failure.message ?? '').trimEnd();
  return [nameText(failure), ...(message === '' ? [] : message.split('\n').map((line) => `  ${line}`))];
}

function nameText({ id, file, line }: KeptCase): string {
  const where = placeText({ file, line });
  return where === '' ? id : `${id}  ${where}`;
}

/** The last places where a log has the case's own name; tools print what they have to say at the end. */
function logPlaces(id: string, log: string): { line: number; text: string[] }[] {
  const name = id.split(' > ').at(-1) ?? id;
  const lines = stripVTControlCharacters(log).split(/\r?\n/);
  const hits = [...lines.keys()].filter((index) => lines[index]?.includes(name)).slice(-placesShown);
  const shown = hits.filter((hit, at) => at === 0 || hit > (hits[at - 1] ?? 0) + linesAfter);
  return shown.map((hit) => {
    const from = Math.max(0, hit - linesBefore);
    const text = lines
      .slice(from, hit + linesAfter)
      .join('\n')
      .trimEnd()
      .split('\n');
    return { line: from + 1, text: text.map((line) => `  ${line}`) };
  });
}
