import { listEnvironments } from '../../environment/existing.ts';
import { checkoutOf } from '../../store/store.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { removeLeftovers } from '../leftovers.ts';
import { durationText, tableText } from '../render/style.ts';

const header = ['TASK', 'SERVICE', 'STATE', 'SINCE', 'PORTS', 'PROJECT'];

/** `gym ps`: the services of this checkout's environments, those of running verifications included. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const { cwd, env, stdout, stderr } = context;
  const cleared = await removeLeftovers(context);
  if (!cleared.ok) return cleared.problems;
  const listed = await listEnvironments(env, args.flag('all') ? undefined : checkoutOf(cwd));
  if (!listed.ok) return listed.problems;
  if (args.text('json') !== undefined) {
    stdout.write(`${JSON.stringify(listed.value, null, 2)}\n`);
    return 0;
  }
  const rows = listed.value.flatMap(({ task, project, services }) =>
    [...services]
      .sort((a, b) => (a.service < b.service ? -1 : 1))
      .map(({ service, state, exitCode, startedAt, ports }) => {
        const ended = exitCode === null ? state : `${state} (${exitCode})`;
        return [
          task,
          service,
          ended,
          startedAt === null ? '-' : durationText(Date.now() - startedAt),
          ports.join(', ') || '-',
          project,
        ];
      }),
  );
  if (rows.length === 0) stderr.write('nothing is up\n');
  else stdout.write(`${tableText([header, ...rows])}\n`);
  return 0;
}
