import { amountText, countText, firstClause, listText, shareText } from '../../judge/text.ts';
import type { Dose } from '../../prove/dose.ts';
import { hintFor, type Matrix, notActivated, proofsOf, survivors, unprovenGates } from '../../prove/matrix.ts';
import type { ProofReport } from '../../prove/prove.ts';
import type { ProveProgress } from '../../prove/request.ts';
import { durationText, glyph, type Paint } from './style.ts';

/** What was found out about each check and each fault, and what is left to be proven. */
export function proofText(report: ProofReport, paint: Paint): string {
  const { matrix, task, agents, durationMs } = report;
  const unproven = unprovenGates(matrix);
  const slipped = survivors(matrix);
  const gates = matrix.checks.filter(({ severity }) => severity === 'gate');
  const lost = notActivated(matrix).length;
  return [
    ...section(
      'Checks',
      matrix.checks.map(({ name }) => checkLine(report, name, paint)),
      paint,
    ).slice(1),
    ...section('Faults', faultLines(matrix, paint), paint),
    ...section(
      'Agents',
      agents.map((each) => agentLine(each, paint)),
      paint,
    ),
    ...section(
      'Survivors',
      slipped.flatMap(({ name, what }) => survivorLines(report, name, what)),
      paint,
    ),
    ...section(
      'Unproven',
      unproven.flatMap((name) => unprovenLines(matrix, name)),
      paint,
    ),
    '',
    endLine(
      task,
      gates.length,
      unproven,
      [...slippedText(slipped.length), ...lostText(lost), ...wrongText(agents)],
      paint,
    ),
    paint('dim', `clean run ${report.cleanRun}, ${durationText(durationMs)}`),
  ].join('\n');
}

function section(title: string, lines: readonly string[], paint: Paint): string[] {
  return lines.length === 0 ? [] : ['', paint('bold', title), ...lines];
}

function slippedText(slipped: number): string[] {
  return slipped === 0 ? [] : [`${countText(slipped, 'fault')} got by every check`];
}

function lostText(lost: number): string[] {
  return lost === 0 ? [] : [`${countText(lost, 'fault')} did not take effect`];
}

function wrongText(agents: ProofReport['agents']): string[] {
  const wrong = agents.filter(({ isAsItShouldBe }) => !isAsItShouldBe).map(({ agent }) => agent);
  return wrong.length === 0 ? [] : [`agents that were judged wrongly: ${listText(wrong)}`];
}

const cameWords = { done: 'is done', 'not-done': 'is not done', 'not-judged': 'was not judged' } as const;

function agentLine({ agent, came, isAsItShouldBe, because }: ProofReport['agents'][number], paint: Paint): string {
  return `  ${glyph(isAsItShouldBe ? 'pass' : 'fail', paint)} ${agent.padEnd(24)} ${cameWords[came]}: ${firstClause(because)}`;
}

function endLine(
  task: string,
  gates: number,
  unproven: readonly string[],
  others: readonly string[],
  paint: Paint,
): string {
  const proven = gates === 0 ? [] : [`${shareText(gates - unproven.length, gates, 'gate')} can fail`];
  const word = unproven.length + others.length === 0 ? paint('green', 'PROVEN') : paint('red', 'UNPROVEN');
  return `${word}  ${task}: ${[...proven, ...others].join('; ')}`;
}

function checkLine({ matrix, doses, trusted }: ProofReport, name: string, paint: Paint): string {
  const proofs = proofsOf(matrix, name);
  const tiers = Map.groupBy(proofs, (fault) => matrix.faults.find((each) => each.name === fault)?.tier ?? 'patch');
  const counted = [...tiers].map(([tier, faults]) => countText(faults.length, tier)).join(', ');
  const least = leastText(doses.get(name) ?? []);
  const believed = trusted.get(name);
  const notes = [
    proofs.length === 0 ? 'nothing made it fail' : `fails under ${counted}`,
    ...(least === '' ? [] : [`notices ${least}`]),
    ...(believed === undefined ? [] : [`believes ${believed.join(' and ')} together`]),
  ];
  return `  ${glyph(proofs.length === 0 ? 'vacuous' : 'pass', paint)} ${name.padEnd(24)} ${notes.join('; ')}`;
}

/** The least that every number it looks at has to be off by. */
function leastText(doses: readonly Dose[]): string {
  const amounts = doses.flatMap(({ up, down, unit }) =>
    [up, down].flatMap((amount) => (amount === null ? [] : [{ amount, unit }])),
  );
  const [least] = amounts.toSorted((a, b) => b.amount - a.amount);
  return least === undefined ? '' : `${amountText(least.amount, least.unit)}`;
}

function faultLines(matrix: Matrix, paint: Paint): string[] {
  const { faults, cells } = matrix;
  const lost = new Map(notActivated(matrix).map(({ name, because }) => [name, `: ${because}`]));
  return faults
    .filter(({ tier }) => tier !== 'tampering')
    .map(({ name, caughtBy }) => {
      const under = cells.filter(({ fault }) => fault === name);
      const killers = under.filter(({ outcome }) => outcome === 'killed').map(({ check }) => check);
      const missed = caughtBy.filter((check) => !killers.includes(check));
      const what =
        killers.length > 0
          ? `noticed by ${listText(killers)}`
          : `${listText([...new Set(under.map(({ outcome }) => outcome))])}${lost.get(name) ?? ''}`;
      const promise = missed.length === 0 ? '' : `; its author says that ${listText(missed)} should notice it too`;
      return `  ${glyph(killers.length > 0 ? 'pass' : 'fail', paint)} ${name.padEnd(24)} ${what}${promise}`;
    });
}

function survivorLines({ nearest }: ProofReport, name: string, what: string): string[] {
  const found = nearest.get(name);
  const near =
    found === undefined ? 'no check saw any difference' : `nearest: ${found.check}, which saw ${found.because}`;
  return [`  ${name}: ${what}`, `      ${near}`];
}

function unprovenLines(matrix: Matrix, name: string): string[] {
  const check = matrix.checks.find((each) => each.name === name);
  return check === undefined ? [] : [`  ${name}: ${hintFor(matrix, check)}`];
}

/** One line of progress. */
export function progressText(progress: ProveProgress): string {
  switch (progress.kind) {
    case 'clean':
      return `  clean run ${progress.run}`;
    case 'tampered':
      return `  ${countText(progress.faults, 'tampering')} in ${durationText(progress.durationMs)}`;
    case 'begun':
      return `  … ${progress.fault}`;
    case 'agents':
      return '  … agents: the solution, one that does nothing, and those that cheat';
    case 'tried': {
      const { fault, killedBy, isCached } = progress;
      const found = killedBy.length === 0 ? 'noticed by nothing' : `noticed by ${listText(killedBy)}`;
      return `  ${fault} ${found}${isCached ? ' (as before)' : ''}`;
    }
  }
}
