import { type ListedRun, newestRuns } from '../../api/stores.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { durationText, tableText } from '../render/style.ts';

const defaultLimit = 20;

/** `gym runs`: the history of this checkout, newest first. */
export async function run({ cwd, stdout, stderr }: Context, args: Arguments): Promise<CommandEnd> {
  const limit = Math.ceil(args.number('limit') ?? defaultLimit);
  const rows = newestRuns(cwd, limit).slice(0, limit);
  if (args.text('json') !== undefined) stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  else if (rows.length === 0) stderr.write('nothing has run here yet; begin with gym verify\n');
  else stdout.write(`${tableText([header, ...rows.map(cells)], stdout.columns)}\n`);
  return 0;
}

const header = ['RUN', 'KIND', 'TASK', 'STATE', 'DISTANCE', 'TIME', 'WHAT'];

function cells({ run: name, kind, task, state, distance, durationMs, headline, isAsWritten }: ListedRun): string[] {
  const far = distance === null ? '-' : String(Number(distance.toPrecision(3)));
  return [
    name,
    kind,
    task,
    state,
    far,
    durationMs === null ? '-' : durationText(durationMs),
    isAsWritten ? (headline.split('\n')[0] ?? '') : 'NOT AS GYM WROTE IT: gym verify --audit',
  ];
}
