import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { placeText } from '../../events/problem.ts';
import { changeText } from '../../judge/change.ts';
import { noteLines, partText } from '../../judge/note.ts';
import { proposalLines, restoredBySource } from '../../judge/restored.ts';
import { stateWord } from '../../judge/terse.ts';
import { firstClause } from '../../judge/text.ts';
import {
  askedText,
  type FailedCase,
  isGreen,
  type StageResult,
  type Verdict,
  worstFirst,
} from '../../judge/verdict.ts';
import { displayPath } from '../../task/display-path.ts';
import type { CheckResult } from '../../task/judgement.ts';
import { failedCasesOf } from '../../verify/stage-result.ts';
import { failuresText } from './cases.ts';
import { problemText } from './problem.ts';
import { durationText, glyph, inStateColour, type Paint } from './style.ts';

/** A verdict as a person reads it: every check with its state, failures with what is off, and what to do next. */
export function personVerdict(verdict: Verdict, runDirectory: string, paint: Paint): string {
  const stages = verdict.stages.map((stage) =>
    stageLine(
      stage,
      verdict.checks.find(({ name }) => name === stage.stage),
      paint,
    ),
  );
  const linesOf = (checks: readonly CheckResult[] = []) =>
    checks.flatMap((check) => checkLines(check, verdict, runDirectory, paint));
  const checks = Map.groupBy(verdict.checks, ({ kind }) => sectionOf(kind));
  const { judgeOwn } = verdict.workspace;
  const instead = judgeOwn === undefined ? [] : [paint('dim', `  by your own: ${judgeOwn}`)];
  const { change } = verdict;
  return [
    ...restoredBySource(verdict).flatMap(({ from, files }) =>
      section(`Restored from ${from}`, [...files.map((file) => `  ${file}`), ...instead], paint),
    ),
    ...section(
      'Proposed',
      proposalLines(verdict).map((line) => `  ${line}`),
      paint,
    ),
    ...section('Stages', stages, paint),
    ...section('Invariants', linesOf(checks.get('invariants')), paint),
    ...section('Performance', linesOf(checks.get('performance')), paint),
    ...section('Guards', linesOf(checks.get('guards')), paint),
    ...(verdict.problems.length === 0 ? [] : ['', ...verdict.problems.map((each) => problemText(each, paint))]),
    '',
    ...(change === undefined ? [] : [paint('dim', changeText(change, verdict.distance))]),
    endLine(verdict, paint),
    paint('dim', `run ${verdict.run}, ${durationText(verdict.durationMs)}${nextText(verdict)}`),
  ].join('\n');
}

function sectionOf(kind: string): 'stages' | 'performance' | 'guards' | 'invariants' {
  if (kind === 'cases') return 'stages';
  if (kind === 'guard') return 'guards';
  return isPerformance(kind) ? 'performance' : 'invariants';
}

const isPerformance = (kind: string): boolean => kind === 'target' || kind === 'canary';

/** The verdict in one line; what it says at length stands above. */
function endLine(verdict: Verdict, paint: Paint): string {
  const { state, task, fault, distance, headline } = verdict;
  const word = paint('bold', inStateColour(state, stateWord(state), paint));
  const what = fault === undefined ? task : `${task} with ${fault}`;
  if (isGreen(state)) return `${word}  ${what}: ${headline}`;
  const far = distance === null ? '' : ` distance ${Number(distance.toPrecision(3))}`;
  const [worst] = worstFirst(verdict.checks);
  const asked = askedText(verdict);
  const said = headline.slice(asked.length);
  const isOfCheck = worst !== undefined && said === `${worst.name}: ${worst.because}`;
  const why = asked + (isOfCheck ? `${worst.name}: ${firstClause(worst.because)}` : firstClause(said));
  return `${word}  ${what}${far}: ${why}`;
}

function section(title: string, lines: readonly string[], paint: Paint): string[] {
  return lines.length === 0 ? [] : ['', paint('bold', title), ...lines];
}

function nextText({ state, run, checks }: Verdict): string {
  const worst = checks.find((check) => check.state === state);
  return isGreen(state) || worst === undefined ? '' : `; more: gym show ${run}:${worst.name}`;
}

function stageLine(stage: StageResult, check: CheckResult | undefined, paint: Paint): string {
  const cases =
    stage.cases === null
      ? ''
      : `${stage.cases.passed} passed${stage.cases.failed > 0 ? `, ${stage.cases.failed} failed` : ''}`;
  const line = `  ${glyph(stage.state, paint)} ${stage.stage.padEnd(24)} ${stateWord(stage.state).toLowerCase().padEnd(8)} ${durationText(stage.durationMs).padStart(8)}  ${cases}${proofText(check, paint)}${cachedText(stage, paint)}`;
  if (isGreen(stage.state)) return line;
  const failures = stage.failures
    .slice(0, 5)
    .map((failure) => `      ${caseLine(failure)}\n        ${failure.message.split('\n')[0] ?? ''}`);
  // The failed cases below say the rest.
  const because = failures.length === 0 ? stage.because : firstClause(stage.because);
  return [line, `      ${because}`, ...failures].join('\n');
}

function cachedText({ cached }: StageResult, paint: Paint): string {
  return cached === undefined ? '' : paint('dim', `  cached from run ${cached.run}`);
}

/** A failed case with its place, and how many are like it. */
function caseLine({ id, file, line, alike }: FailedCase): string {
  const where = placeText({ file, line });
  return `${id}${where === '' ? '' : `  ${where}`}${alike === undefined ? '' : `  and ${alike} alike`}`;
}

function checkLines(check: CheckResult, verdict: Verdict, runDirectory: string, paint: Paint): string[] {
  const decides = check.severity === 'gate' ? '' : ` (${check.severity})`;
  const head = `  ${glyph(check.state, paint)} ${check.name.padEnd(24)} ${stateWord(check.state).toLowerCase()}${decides}${proofText(check, paint)}`;
  if (check.state === 'waived') return [head, paint('dim', `      ${check.because}`)];
  if (isGreen(check.state) && isPerformance(check.kind))
    return [head, paint('dim', `      ${firstClause(check.because)}`)];
  if (isGreen(check.state)) return [head];
  return [
    head,
    ...noteLines(check, verdict.run, (file) => displayPath(opened(file, verdict, runDirectory))).map(
      (line) => `      ${line}`,
    ),
  ];
}

function proofText(check: CheckResult | undefined, paint: Paint): string {
  return check?.proof === 'unproven' ? paint('dim', '  UNPROVEN') : '';
}

/** All about one check; of a stage, with all failed cases that were kept. */
export function checkText(check: CheckResult, verdict: Verdict, runDirectory: string, paint: Paint): string {
  const listed = verdict.stages.find((each) => each.stage === check.name)?.failures ?? [];
  const kept = failedCasesOf(runDirectory, check.name);
  return [
    `${glyph(check.state, paint)} ${paint('bold', check.name)} (${check.kind}): ${stateWord(check.state)}`,
    `Claim     ${check.claim}`,
    `Observed  ${check.because}`,
    ...(check.parts.length === 0 ? [] : ['Parts', ...check.parts.map((part) => `  ${partText(part)}`)]),
    ...failuresText(kept.length > 0 ? kept : listed),
    ...(check.distance === null ? [] : [`Distance  ${Number(check.distance.toPrecision(4))}`]),
    ...(check.since === undefined
      ? []
      : [`Since     ${check.since === verdict.run ? 'this run' : `run ${check.since}`}`]),
    ...(check.risk.length === 0 ? [] : [`Risk      ${check.risk.join(', ')}`]),
    ...(check.owner === undefined ? [] : [`Owner     ${check.owner}`]),
    ...check.evidence.map(
      ({ what, place: { file, ...rest } }) =>
        `Evidence  ${what}: ${placeText({ ...rest, ...(file !== undefined && { file: opened(file, verdict, runDirectory) }) })}`,
    ),
    `Again     ${check.again}`,
  ].join('\n');
}

/** Where the evidence of a check can be opened: what was kept in the run's folder is there, any other file in the workspace. */
function opened(file: string, { workspace }: Verdict, runDirectory: string): string {
  const kept = resolve(runDirectory, file);
  return existsSync(kept) ? kept : resolve(workspace.root, file);
}
