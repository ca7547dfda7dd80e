import { stripVTControlCharacters } from 'node:util';
import type { State } from '../events/event.ts';
import { placeText } from '../events/problem.ts';
import type { CheckResult } from '../task/judgement.ts';
import { restoredText } from './restored.ts';
import { listText } from './text.ts';
import { isGreen, type StageResult, type Verdict, worstFirst } from './verdict.ts';

/** An agent's program shows its model a few kilobytes of a command's output; the verdict stays well below. */
export const terseLimitBytes = 2000;
/** The first and the last line leave room for what is between them. */
const lineLimitBytes = 300;
const restoredLimitBytes = 400;

const words: Record<State, string> = {
  pass: 'PASS',
  waived: 'PASS (waived)',
  unknown: 'UNKNOWN',
  vacuous: 'VACUOUS',
  fail: 'FAIL',
  error: 'ERROR',
};

/** A state as the first word of a verdict. */
export const stateWord = (state: State): string => words[state];

/**
 * A verdict for an agent: the state on the first line, then only what does not hold, worst first, then the command that
 * narrows. At most 2,000 bytes, without colour. A pass is one line. What was not judged as it is in the workspace has a line of its own below the first.
 */
export function terse(verdict: Verdict): string {
  const restored = restoredText(verdict);
  const first = [firstLine(verdict), ...(restored === undefined ? [] : [clipped(restored, restoredLimitBytes)])].join(
    '\n',
  );
  if (isGreen(verdict.state)) return first;
  const last = lastLine(verdict);
  const room = terseLimitBytes - bytes(first) - bytes(last) - 2;
  return [first, ...fitted(bodyLines(verdict), room), last].join('\n');
}

function firstLine(verdict: Verdict): string {
  const distance = verdict.distance === null ? '' : ` distance ${Number(verdict.distance.toPrecision(3))}`;
  const fault = verdict.fault === undefined ? '' : ` fault ${verdict.fault}`;
  if (isGreen(verdict.state))
    return clipped(`${words[verdict.state]} ${verdict.task}${fault}: ${verdict.headline}`, lineLimitBytes);
  const gates = verdict.checks.filter(({ severity }) => severity === 'gate');
  const wrong = gates.filter((check) => !isGreen(check.state)).length;
  // Problems follow on lines of their own; without any, the headline says why: it was stopped.
  const unjudged = verdict.problems.length === 0 ? verdict.headline : 'nothing was judged';
  const checks = verdict.checks.length === 0 ? unjudged : `${wrong} of ${gates.length} checks do not hold`;
  return clipped(`${words[verdict.state]} ${verdict.task}${fault}${distance}: ${checks}`, lineLimitBytes);
}

function lastLine(verdict: Verdict): string {
  const [first] = failingOf(verdict);
  const more = `more: gym show ${verdict.run}`;
  if (first === undefined) return clipped(more, lineLimitBytes);
  return `${clipped(`${more}:${first.name}`, lineLimitBytes)}   again: ${clipped(first.again, lineLimitBytes)}`;
}

/** The checks that do not hold, worst first. */
function failingOf(verdict: Verdict): CheckResult[] {
  return worstFirst(verdict.checks.filter((check) => !isGreen(check.state)));
}

function bodyLines(verdict: Verdict): string[] {
  const problems = verdict.problems.map(({ place, message, remedy }) => {
    const where = placeText(place);
    return clipped(`${where === '' ? '' : `${where}: `}${message}${remedy === undefined ? '' : `. ${remedy}`}`, 500);
  });
  const failing = failingOf(verdict);
  // What could only not be judged because of something else comes last, in one line each reason.
  const judged = failing.filter((check) => check.state !== 'unknown');
  const unknown = Map.groupBy(
    failing.filter((check) => check.state === 'unknown'),
    (check) => check.because,
  );
  return [
    ...problems,
    ...judged.flatMap((check) =>
      checkLines(
        check,
        verdict.stages.find(({ stage }) => stage === check.name),
      ),
    ),
    ...unprovenLine(verdict),
    ...[...unknown].map(([because, checks]) =>
      clipped(`unknown ${checks.map(({ name }) => name).join(', ')}: ${because}`, 300),
    ),
  ];
}

/** What holds without ever having been seen to fail may hold because it cannot do otherwise. */
function unprovenLine({ checks, task }: Verdict): string[] {
  const names = checks.filter(({ proof }) => proof === 'unproven').map(({ name }) => name);
  return names.length === 0 ? [] : [clipped(`UNPROVEN ${listText(names)}: gym prove ${task}`, 200)];
}

function checkLines(check: CheckResult, stage: StageResult | undefined): string[] {
  const warned = check.severity === 'gate' ? '' : `${check.severity} `;
  const line = clipped(`${warned}${check.state} ${check.name}: ${check.because}`, 420);
  if (stage === undefined) return [line];
  return [
    line,
    ...stage.failures.map((failure) =>
      clipped(`  ${failure.id}${caseText(failure.file, failure.line)}  ${oneLine(failure.message)}`, 240),
    ),
  ];
}

function caseText(file: string | undefined, line: number | undefined): string {
  return file === undefined ? '' : `  ${placeText({ file, line })}`;
}

/** As many lines as there is room for, and how many were left out. */
function fitted(lines: readonly string[], room: number): string[] {
  const kept: string[] = [];
  let left = room - 40;
  for (const line of lines) {
    if (bytes(line) + 1 > left) break;
    left -= bytes(line) + 1;
    kept.push(line);
  }
  return kept.length === lines.length ? kept : [...kept, `… ${lines.length - kept.length} more lines`];
}

/** At most `most` bytes, cut between characters. */
function clipped(text: string, most: number): string {
  const line = oneLine(text);
  if (bytes(line) <= most) return line;
  return `${Buffer.from(line)
    .subarray(0, most - 3)
    .toString('utf8')
    .replace(/\uFFFD+$/u, '')}…`;
}

/** One line without control characters: what a stage printed may hold anything. */
function oneLine(text: string): string {
  return stripVTControlCharacters(text)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim();
}

const bytes = (text: string): number => Buffer.byteLength(text);
