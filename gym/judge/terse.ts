import type { State } from '../events/event.ts';
import { type Problem, placeText } from '../events/problem.ts';
import { heldOutCheck } from '../task/held-out.ts';
import type { CheckResult } from '../task/judgement.ts';
import { changeText } from './change.ts';
import { gotWant } from './got-want.ts';
import { bytesOf, clipped, cut, oneLine } from './one-line.ts';
import { proposalLines, restoredText } from './restored.ts';
import { countText, firstClause, listText, shareText, verbFor } from './text.ts';
import { askedText, type FailedCase, isGreen, type StageResult, type Verdict, worstFirst } from './verdict.ts';

/** An agent's program shows its model the first two kilobytes of a command's output: the verdict with its last line break is never longer. */
export const terseLimitBytes = 2048;
/** The lines that are always there leave room for what is between them. */
const limits = {
  first: 300,
  restored: 320,
  proposal: 150,
  change: 250,
  unproven: 160,
  check: 420,
  case: 240,
  value: 80,
  ref: 160,
} as const;

/** More of them are in the document. */
const proposalsShown = 2;

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
 * A verdict for an agent: the state on the first line, what was restored, what changed since the run before, then only what does not hold,
 * worst first, and on the last line the state once more with the commands that tell more. At most 2,048 bytes, without
 * colour. A pass is one line, where nothing was restored.
 */
export function terse(verdict: Verdict): string {
  const restored = restoredText(verdict);
  const other = [...(restored === undefined ? [] : [clipped(restored, limits.restored)]), ...proposedLines(verdict)];
  const judged = [firstLine(verdict), ...other];
  if (isGreen(verdict.state)) return [...judged, ...(other.length === 0 ? [] : [named(verdict)])].join('\n');
  const head = [...judged, ...changeLine(verdict)];
  const foot = [...unprovenLine(verdict), lastLine(verdict)];
  const room = terseLimitBytes - [...head, ...foot].reduce((sum, line) => sum + bytesOf(line) + 1, 0);
  return [...head, ...fitted(bodyLines(verdict), room), ...foot].join('\n');
}

function proposedLines(verdict: Verdict): string[] {
  const lines = proposalLines(verdict);
  const left = lines.length - proposalsShown;
  const more = left > 0 ? [`… ${countText(left, 'more proposal')}: gym review`] : [];
  return [...lines.slice(0, proposalsShown).map((line) => clipped(line, limits.proposal)), ...more];
}

function firstLine(verdict: Verdict): string {
  if (isGreen(verdict.state)) return clipped(`${named(verdict)}: ${verdict.headline}`, limits.first);
  const gates = verdict.checks.filter(({ severity }) => severity === 'gate');
  const wrong = gates.filter((check) => !isGreen(check.state)).length;
  // Problems follow on lines of their own. Without any, and with no check that does not hold, the headline says why: it was stopped, or `--strict`.
  const counted =
    verdict.checks.length === 0
      ? 'nothing was judged'
      : `${shareText(wrong, gates.length, 'check')} ${verbFor(wrong, 'does', 'do')} not hold`;
  const said = wrong === 0 && verdict.problems.length === 0 ? verdict.headline : `${askedText(verdict)}${counted}`;
  return clipped(`${named(verdict)}: ${said}`, limits.first);
}

/** `FAIL shuffle distance 0.0151`. */
function named({ state, task, fault, distance }: Verdict): string {
  const broken = fault === undefined ? '' : ` fault ${fault}`;
  const far = distance === null || isGreen(state) ? '' : ` distance ${Number(distance.toPrecision(3))}`;
  return clipped(`${words[state]} ${task}${broken}${far}`, limits.ref);
}

function changeLine({ change, distance }: Verdict): string[] {
  return change === undefined ? [] : [clipped(changeText(change, distance), limits.change)];
}

/** What holds without ever having been seen to fail may hold because it cannot do otherwise. */
function unprovenLine({ checks, task }: Verdict): string[] {
  const names = checks.filter(({ proof }) => proof === 'unproven').map(({ name }) => name);
  // What is held out is not for the agent that reads this.
  const isForPeople = checks.some(({ name }) => name === heldOutCheck);
  const todo = isForPeople ? `; a person can: gym prove ${task}` : `: gym prove ${task}`;
  return names.length === 0 ? [] : [clipped(`UNPROVEN ${listText(names)}${todo}`, limits.unproven)];
}

function lastLine(verdict: Verdict): string {
  const { run, problems } = verdict;
  const [worst] = failingOf(verdict);
  const more = `more: gym show ${run}${worst === undefined ? '' : `:${worst.name}`}`;
  const service = problems.find(hasLog)?.place?.service;
  const around = worst?.kind === 'cases' ? `${run} --around ${worst.name}` : undefined;
  const logs = service === undefined ? around : `${run} ${service}`;
  const refs = [
    named(verdict),
    more,
    ...(logs ? [`logs: gym logs ${logs}`] : []),
    ...(worst === undefined ? [] : [`again: ${worst.again}`]),
  ];
  return refs.map((ref) => clipped(ref, limits.ref)).join('   ');
}

/** A service that could not be started, as its image was not to be had, has printed nothing; one that failed to come up is told with its log. */
function hasLog({ kind, place }: Problem): boolean {
  return place?.service !== undefined && (kind === 'evidence' || place.file?.endsWith('.log') === true);
}

/** The checks that do not hold, worst first. */
function failingOf(verdict: Verdict): CheckResult[] {
  return worstFirst(verdict.checks.filter((check) => !isGreen(check.state)));
}

/** A line of the verdict. Where room is scarce, `detail` gives way to `head`. */
interface Line {
  readonly kind: 'head' | 'detail';
  readonly text: string;
}

function bodyLines(verdict: Verdict): Line[] {
  const problems = verdict.problems.flatMap(({ place, message, remedy }) => {
    const where = placeText(place);
    return saidLines(where === '' ? '' : `${where}: `, message, remedy);
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
    ...judged.flatMap((check) => checkLines(check, verdict)),
    ...[...unknown].map(([because, checks]) =>
      headLine(`unknown ${checks.map(({ name }) => name).join(', ')}: ${because}`),
    ),
  ];
}

function checkLines(check: CheckResult, { stages, run }: Verdict): Line[] {
  const stage = stages.find((each) => each.stage === check.name);
  const failures = stage?.failures ?? [];
  const warned = check.severity === 'gate' ? '' : `${check.severity} `;
  // The cases below say the rest.
  const because = failures.length === 0 ? check.because : firstClause(check.because);
  const cases = failures.map((failure): Line => ({ kind: 'detail', text: caseLine(failure) }));
  return [...saidLines(`${warned}${check.state} ${check.name}: `, because), ...cases, ...unlistedLine(stage, run)];
}

const headLine = (text: string): Line => ({ kind: 'head', text: clipped(text, limits.check) });

/** What is said in one sentence is a line; the output that follows it is more of them, unless it is one line as well. */
function saidLines(before: string, said: string, remedy?: string): Line[] {
  const [first = '', ...output] = said.trim().split(/\s*[\r\n]+/);
  const todo = remedy === undefined ? '' : `. ${remedy}`;
  if (output.length <= 1) return [headLine(`${before}${[first, ...output].join(' ')}${todo}`)];
  const details = output.map((line): Line => ({ kind: 'detail', text: `  ${clipped(line, limits.case)}` }));
  return [headLine(`${before}${first}${todo}`), ...details];
}

/** A verdict keeps only so many signatures. */
function unlistedLine(stage: StageResult | undefined, run: string): Line[] {
  const listed = (stage?.failures ?? []).reduce((sum, { alike = 0 }) => sum + 1 + alike, 0);
  const left = (stage?.cases?.failed ?? 0) - listed;
  if (stage === undefined || listed === 0 || left <= 0) return [];
  return [
    {
      kind: 'detail',
      text: `  ${clipped(`… ${countText(left, 'more case')}: gym show ${run}:${stage.stage}`, limits.ref)}`,
    },
  ];
}

/** `  id  file:line  got 3 ≠ want 4`, with `×300 in 12 files, first:` before it where there are more like it. */
function caseLine({ id, file, line, message, alike, files = 0 }: FailedCase): string {
  const within = files > 1 ? ` in ${files} files` : '';
  const times = alike === undefined ? '' : `×${alike + 1}${within}, first: `;
  const where = file === undefined ? '' : `  ${clipped(placeText({ file, line }), limits.value)}`;
  return cut(`  ${times}${clipped(id, limits.value)}${where}  ${oneLine(saidText(message))}`, limits.case);
}

/** What an assertion said, in the fewest words: what was seen and what was wanted, or else its first lines. */
export function saidText(message: string): string {
  const seen = gotWant(message);
  if (seen === undefined) return message.replace(/^(?:Assertion)?Error: /, '');
  return `got ${clipped(seen.got, limits.value)} ≠ want ${clipped(seen.want, limits.value)}`;
}

/** The lines there is room for, heads before details, in their order; and how many were left out. */
function fitted(lines: readonly Line[], room: number): string[] {
  const ordered = [...lines.keys()].sort((a, b) => rank(lines[a]) - rank(lines[b]) || a - b);
  const kept = new Set<number>();
  let left = room - leftOutBytes;
  for (const index of ordered) {
    const size = bytesOf(lines[index]?.text ?? '') + 1;
    if (size > left) break;
    left -= size;
    kept.add(index);
  }
  const shown = lines.filter((_, index) => kept.has(index)).map(({ text }) => text);
  return kept.size === lines.length ? shown : [...shown, `… ${countText(lines.length - kept.size, 'more line')}`];
}

/** Of the line that tells how many were left out. */
const leftOutBytes = 40;
const rank = (line: Line | undefined): number => (line?.kind === 'head' ? 0 : 1);
