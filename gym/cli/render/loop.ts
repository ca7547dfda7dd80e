import { stateWord } from '../../judge/terse.ts';
import type { AttemptRow, LoopReport } from '../../loop/report.ts';
import type { Proposal } from '../../store/proposals.ts';
import type { Output } from '../context.ts';
import { durationText, painter, tableText } from './style.ts';

/** The end of a loop: the table of its attempts, what it came to, and where to look. */
export function loopText(
  report: LoopReport,
  runDirectory: string,
  output: Output,
  proposals: readonly Proposal[] = [],
): string {
  const paint = painter(output);
  const { end, because, branch, look, task, agent, loop } = report;
  const colour = end === 'done' ? 'green' : 'yellow';
  return [
    '',
    ...(report.attempts.length === 0
      ? []
      : [tableText([header, ...report.attempts.map(cells)], output.columns ?? plainColumns), '']),
    `${paint(['bold', colour], end === 'done' ? 'DONE' : `ENDED (${end})`)}  ${task} by ${agent}: ${because}`,
    ...(branch === null ? [] : [`branch  ${branch}`]),
    ...(look === null ? [] : [`review  ${look}`]),
    ...proposals.map(
      ({ id, files, reason }) => `propose ${files.map(({ path }) => path).join(', ')}: ${reason}; gym review ${id}`,
    ),
    ...(report.resumable ? [`resume  gym loop --resume ${loop}`] : []),
    paint('dim', `log     ${runDirectory}`),
  ].join('\n');
}

/** Where there is no terminal to tell a width. */
const plainColumns = 160;

const header = ['ATTEMPT', 'STATE', 'DISTANCE', 'AGENT', 'VERIFY', 'TOKENS', 'COST', 'WHAT'];

function cells(row: AttemptRow): string[] {
  const { attempt, state, distance, agentMs, verifyMs, headline } = row;
  return [
    attempt === 0 ? 'start' : String(attempt),
    state === null ? '-' : stateWord(state),
    distance === null ? '-' : distance.toFixed(4),
    agentMs === null ? '-' : durationText(agentMs),
    verifyMs === null ? '-' : durationText(verifyMs),
    tokensText(row),
    row.usage.costUsd === null ? '-' : `$${row.usage.costUsd.toFixed(2)}`,
    (headline ?? '').split('\n')[0] ?? '',
  ];
}

/** Tokens in and out, by model where the agent tells. */
function tokensText({ usage }: AttemptRow): string {
  const models = Object.entries(usage.models).map(
    ([model, used]) => `${model} ${used.inputTokens}/${used.outputTokens}`,
  );
  if (models.length > 0) return models.join(', ');
  return usage.inputTokens + usage.outputTokens === 0 ? '-' : `${usage.inputTokens}/${usage.outputTokens}`;
}
