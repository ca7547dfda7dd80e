import type { EnvironmentStatus } from '../../environment/environment.ts';
import { logs } from '../../environment/existing.ts';
import type { Result } from '../../events/problem.ts';
import { nearOrKnown } from '../../task/suggest.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context, Output } from '../context.ts';
import { chooseKept } from '../kept.ts';
import { painter } from '../render/style.ts';

const colours = ['cyan', 'yellow', 'green', 'magenta', 'blue', 'red'] as const;

/** `gym logs`: logs of the kept environment's services, each line with its service where there are several. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const kept = await chooseKept(context, args.text('task'));
  if (!kept.ok) return kept.problems;
  const services = kept.value.services.map(({ service }) => service).sort();
  const unknown = args.positionals.find((service) => !services.includes(service));
  if (unknown !== undefined) {
    return [
      { kind: 'usage', message: `there is no service ${unknown}`, remedy: nearOrKnown(unknown, 'services', services) },
    ];
  }
  const wanted = args.positionals.length === 0 ? services : args.positionals;
  const prefixes = prefixesFor(wanted, context.stdout);
  const ends = await Promise.all(
    wanted.map((service) => copy(context, args, kept.value, service, prefixes.get(service) ?? '')),
  );
  const [first, ...others] = ends.flatMap((end) => (end.ok ? [] : end.problems));
  return first === undefined ? 0 : [first, ...others];
}

function prefixesFor(services: readonly string[], stdout: Output): Map<string, string> {
  if (services.length === 1) return new Map();
  const width = Math.max(...services.map((service) => service.length));
  const paint = painter(stdout);
  return new Map(
    services.map((service, index) => [
      service,
      paint(colours[index % colours.length] ?? 'cyan', `${service.padEnd(width)} | `),
    ]),
  );
}

/** Copies one service's log to stdout, whole lines at a time, so that the lines of several do not mix. */
async function copy(
  context: Context,
  args: Arguments,
  { project }: EnvironmentStatus,
  service: string,
  prefix: string,
): Promise<Result<void>> {
  const decoder = new TextDecoder();
  let rest = '';
  const end = await logs(context.env, {
    project,
    service,
    follow: args.flag('follow'),
    tail: args.number('tail') ?? null,
    timestamps: args.flag('timestamps'),
    signal: context.signal,
    onOutput: (chunk) => {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      if (lines.length > 0) context.stdout.write(lines.map((line) => `${prefix}${line}\n`).join(''));
    },
  });
  if (rest !== '') context.stdout.write(`${prefix}${rest}\n`);
  return end;
}
