import { type Problem, placeText } from '../../events/problem.ts';
import { stateWord } from '../../judge/terse.ts';
import { isGreen, type StageResult, type Verdict } from '../../judge/verdict.ts';
import type { CheckResult, Part } from '../../task/judgement.ts';
import { durationText, glyph, inStateColour, type Paint } from './style.ts';

/** A verdict as a person reads it: every check with its state, failures with what is off, and what to do next. */
export function personVerdict(verdict: Verdict, paint: Paint): string {
  const stages = verdict.stages.map((stage) => stageLine(stage, paint));
  const invariants = verdict.checks
    .filter((check) => check.kind !== 'cases')
    .flatMap((check) => checkLines(check, paint));
  const restored = verdict.workspace.restored.map((file) => `  ${file}: protected; judged as in the baseline`);
  return [
    ...section('Stages', stages, paint),
    ...section('Invariants', invariants, paint),
    ...section('Restored', restored, paint),
    ...(verdict.problems.length === 0 ? [] : ['', ...verdict.problems.map((each) => problemText(each, paint))]),
    '',
    `${paint('bold', inStateColour(verdict.state, stateWord(verdict.state), paint))}  ${verdict.task}${verdict.fault === undefined ? '' : ` with ${verdict.fault}`}: ${verdict.headline}`,
    paint('dim', `run ${verdict.run}, ${durationText(verdict.durationMs)}${nextText(verdict)}`),
  ].join('\n');
}

function section(title: string, lines: readonly string[], paint: Paint): string[] {
  return lines.length === 0 ? [] : ['', paint('bold', title), ...lines];
}

function nextText({ state, run, checks }: Verdict): string {
  const worst = checks.find((check) => check.state === state);
  return isGreen(state) || worst === undefined ? '' : `; more: gym show ${run}:${worst.name}`;
}

function stageLine(stage: StageResult, paint: Paint): string {
  const cases =
    stage.cases === null
      ? ''
      : `${stage.cases.passed} passed${stage.cases.failed > 0 ? `, ${stage.cases.failed} failed` : ''}`;
  const line = `  ${glyph(stage.state, paint)} ${stage.stage.padEnd(24)} ${stateWord(stage.state).toLowerCase().padEnd(8)} ${durationText(stage.durationMs).padStart(8)}  ${cases}`;
  if (isGreen(stage.state)) return line;
  const failures = stage.failures.slice(0, 5).map(({ id, file, line: at, message }) => {
    const where = placeText({ ...(file !== undefined && { file }), ...(at !== undefined && { line: at }) });
    return `      ${id}${where === '' ? '' : `  ${where}`}\n        ${message.split('\n')[0] ?? ''}`;
  });
  return [line, `      ${stage.because}`, ...failures].join('\n');
}

function checkLines(check: CheckResult, paint: Paint): string[] {
  const head = `  ${glyph(check.state, paint)} ${check.name.padEnd(24)} ${stateWord(check.state).toLowerCase()}`;
  if (isGreen(check.state)) return [head];
  return [head, `      ${check.because}`, paint('dim', `      claim: ${check.claim}`)];
}

/** A problem with its place and remedy. */
export function problemText(problem: Problem, paint: Paint): string {
  const where = placeText(problem.place);
  const lines = [`${paint('red', 'error')}${where === '' ? '' : ` ${where}`}: ${problem.message}`];
  return [...lines, ...(problem.remedy === undefined ? [] : [`  ${problem.remedy}`])].join('\n');
}

/** All about one check. */
export function checkText(check: CheckResult, verdict: Verdict, runDirectory: string, paint: Paint): string {
  const stage = verdict.stages.find((each) => each.stage === check.name);
  return [
    `${glyph(check.state, paint)} ${paint('bold', check.name)} (${check.kind}): ${stateWord(check.state)}`,
    `Claim     ${check.claim}`,
    `Observed  ${check.because}`,
    ...(check.parts.length === 0 ? [] : ['Parts', ...check.parts.map(partLine)]),
    ...(stage?.failures ?? []).map((failure) => `  ${failure.id}\n${failure.message.replaceAll(/^/gmu, '    ')}`),
    ...(check.distance === null ? [] : [`Distance  ${Number(check.distance.toPrecision(4))}`]),
    ...check.evidence.map(
      ({ what, place }) => `Evidence  ${what}: ${placeText({ ...place, file: absolute(place.file, runDirectory) })}`,
    ),
    `Again     ${check.again}`,
  ].join('\n');
}

function partLine({ part, observed, expected, off }: Part): string {
  const difference = off === '' || off === '0' ? '' : `   ${off.startsWith('-') ? '' : '+'}${off}`;
  return `  ${part.padEnd(28)} ${observed}${expected === '' ? '' : ` / ${expected}`}${difference}`;
}

function absolute(file: string | undefined, runDirectory: string): string {
  return file === undefined || file.startsWith('/') ? (file ?? '') : `${runDirectory}/${file}`;
}
