import { parseArgs } from 'node:util';
import { failed, ok, type Result } from '../events/problem.ts';
import { suggest } from '../task/suggest.ts';
import type { CommandEnd, Context } from './context.ts';

/** An option of a command. `count` takes a whole number, `json` is `--json` or `--json=stream`. */
export interface Option {
  readonly kind: 'flag' | 'text' | 'number' | 'count' | 'json';
  readonly short?: string;
  /** Of a `text`: the only values that it takes. */
  readonly choices?: readonly string[];
  /** Of a `count`: 0 is understood too. */
  readonly orNone?: true;
  /** What stands for the value in the help. */
  readonly value?: string;
  readonly help: string;
}

/** Parsed command line of one command. */
export interface Arguments {
  readonly positionals: readonly string[];
  flag(name: string): boolean;
  text(name: string): string | undefined;
  number(name: string): number | undefined;
}

/** One line of the command table: what help, parsing and the manual are made of. */
export interface Command {
  readonly name: string;
  readonly group: 'judge' | 'environment' | 'look back' | 'agents' | 'gym';
  readonly usage: string;
  readonly summary: string;
  readonly examples: readonly (readonly [command: string, what: string])[];
  readonly options: Readonly<Record<string, Option>>;
  /** Least and most positionals; what follows `--` or the first positional beyond `stopAt` is left as it is. */
  readonly positionals: { readonly least: number; readonly most: number; readonly stopAt?: number };
  /** Loads the command's code; nothing of it is loaded before. */
  readonly load: () => Promise<{ run(context: Context, args: Arguments): Promise<CommandEnd> }>;
}

/** Reads a command line. Every problem says which command's help has more. */
export function parseCommandLine(command: Command, argv: readonly string[]): Result<Arguments> {
  const { own, rest } = splitAt(argv, command);
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, option]) => [
      name,
      {
        type: option.kind === 'flag' ? ('boolean' as const) : ('string' as const),
        ...(option.short !== undefined && { short: option.short }),
      },
    ]),
  );
  try {
    const parsed = parseArgs({ args: own, options, allowPositionals: true, strict: true });
    const positionals = [...parsed.positionals, ...rest];
    const { least, most } = command.positionals;
    if (positionals.length < least) return usage(command, `${command.name} needs more: gym ${command.usage}`);
    if (positionals.length > most)
      return usage(command, `${command.name} does not take ${positionals[most]}: gym ${command.usage}`);
    for (const [name, value] of Object.entries(parsed.values)) {
      const wanted = wantedOf(command.options[name], String(value));
      if (wanted !== undefined) return usage(command, `--${name} takes ${wanted}, not ${String(value)}`);
    }
    const json = parsed.values['json'];
    const streams = command.options['json']?.value === '=stream';
    if (json !== undefined && json !== 'final' && !(streams && json === 'stream'))
      return usage(command, `--json takes nothing${streams ? ' or stream' : ''}, not ${String(json)}`);
    return ok(accessors(positionals, parsed.values));
  } catch (thrown) {
    const message = thrown instanceof Error ? (thrown.message.split(/\.\s/)[0] ?? thrown.message) : String(thrown);
    const [, unknown = ''] = /^Unknown option '--([^']+)'/.exec(message) ?? [];
    const [, dashed] = /^Option '([^']+)' argument is ambiguous/.exec(message) ?? [];
    if (dashed !== undefined)
      return usage(command, `${dashed} takes a value; one that begins with - is written ${dashed}=-…`);
    return usage(command, message, suggest(unknown, Object.keys(command.options)));
  }
}

/** What an option takes where the value is none of it. */
function wantedOf(option: Option | undefined, text: string): string | undefined {
  if (option?.choices !== undefined) return option.choices.includes(text) ? undefined : option.choices.join(' or ');
  const value = text === '' ? Number.NaN : Number(text);
  const isAbove0 = value > 0 && Number.isFinite(value);
  if (option?.kind === 'number' && !isAbove0) return 'a number above 0';
  if (option?.kind !== 'count' || (isAbove0 && Number.isInteger(value))) return undefined;
  if (option.orNone !== true) return 'a whole number above 0';
  return value === 0 ? undefined : 'a whole number';
}

function accessors(positionals: readonly string[], values: Readonly<Record<string, unknown>>): Arguments {
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    positionals,
    flag: (name) => values[name] === true,
    text,
    number: (name) => (text(name) === undefined ? undefined : Number(text(name))),
  };
}

/** Cuts where the command line of another program begins, and gives a bare `--json` its value. */
function splitAt(argv: readonly string[], command: Command): { own: string[]; rest: string[] } {
  const dashes = argv.indexOf('--');
  const until = dashes === -1 ? argv.length : dashes;
  const own = argv
    .slice(0, until)
    .map((word) => (word === '--json' && 'json' in command.options ? '--json=final' : word));
  const after = dashes === -1 ? [] : argv.slice(dashes + 1);
  const { stopAt } = command.positionals;
  if (stopAt === undefined) return { own, rest: after };
  let seen = 0;
  for (const [index, word] of own.entries()) {
    const takesNext = own[index - 1]?.startsWith('-') === true && isTextOption(command, own[index - 1] ?? '');
    if (word.startsWith('-') || takesNext) continue;
    seen += 1;
    if (seen > stopAt)
      return { own: own.slice(0, index), rest: [...own.slice(index), ...(dashes === -1 ? [] : argv.slice(dashes))] };
  }
  return { own, rest: after };
}

function isTextOption(command: Command, word: string): boolean {
  const entry = Object.entries(command.options).find(
    ([name, option]) => word === `--${name}` || word === `-${option.short ?? ''}`,
  );
  return entry !== undefined && ['text', 'number', 'count'].includes(entry[1].kind);
}

function usage(command: Command, message: string, meant?: string): Result<never> {
  const remedy = meant === undefined ? `See gym ${command.name} --help.` : `Did you mean --${meant}?`;
  return failed({ kind: 'usage', message, remedy });
}
