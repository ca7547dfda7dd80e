import { execAttached } from '../../environment/terminal.ts';
import { nearOrKnown } from '../../task/suggest.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { chooseKept } from '../kept.ts';

/** `gym exec`: a command in a service of the kept environment, with a terminal where there is one. Its exit code is the exit code. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const [service = '', ...command] = args.positionals;
  const kept = await chooseKept(context, args.text('task'));
  if (!kept.ok) return kept.problems;
  const services = kept.value.services.map((each) => each.service);
  if (!services.includes(service)) {
    return [
      { kind: 'usage', message: `there is no service ${service}`, remedy: nearOrKnown(service, 'services', services) },
    ];
  }
  const { stdin, stdout, stderr } = process;
  const terminal = context.stdin.isTty && context.stdout.isTty;
  const ended = await execAttached(context.env, {
    project: kept.value.project,
    service,
    command,
    terminal,
    stdin,
    stdout,
    stderr,
    signal: context.signal,
  });
  return ended.ok ? ended.value : ended.problems;
}
