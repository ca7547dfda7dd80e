import { describe, expect, test } from 'vitest';
import { type Command, parseCommandLine } from '../../../gym/cli/command.ts';
import { commands } from '../../../gym/cli/commands.ts';
import { commandHelp, generalHelp } from '../../../gym/cli/help.ts';

function commandNamed(name: string): Command {
  const command = commands.find((each) => each.name === name);
  if (command === undefined) throw new Error(`no command ${name}`);
  return command;
}
const parse = (line: readonly string[]) => {
  const [name = '', ...argv] = line;
  return parseCommandLine(commandNamed(name), argv);
};
const words = (line: string): string[] => line.split(' ');

describe('what is understood', () => {
  test.each<[string, string[], Record<string, unknown>]>([
    ['verify', [], { json: undefined, fault: undefined }],
    ['verify shuffle --json', ['shuffle'], { json: 'final' }],
    ['verify --json shuffle', ['shuffle'], { json: 'final' }],
    ['verify --json=stream shuffle', ['shuffle'], { json: 'stream' }],
    ['verify shuffle --fault swap --json', ['shuffle'], { fault: 'swap', json: 'final' }],
    ['verify --fault=swap shuffle', ['shuffle'], { fault: 'swap' }],
    ['verify -- --json', ['--json'], { json: undefined }],
    ['loop -a oracle shuffle --max-usd 0.5 --plain', ['shuffle'], { agent: 'oracle', 'max-usd': 0.5, plain: true }],
    ['loop --agent command:./a=b', [], { agent: 'command:./a=b' }],
    ['logs worker-1 -f worker-2 -n 10', ['worker-1', 'worker-2'], { follow: true, tail: 10 }],
    ['logs -fn 10', [], { follow: true, tail: 10 }],
    ['logs -n 0', [], { tail: 0 }],
    ['runs -n 5 --json', [], { limit: 5, json: 'final' }],
    ['show 3fa9:bytes-by-channel', ['3fa9:bytes-by-channel'], {}],
    ['exec worker-1 ls -la --color', ['worker-1', 'ls', '-la', '--color'], { task: undefined }],
    ['exec -t shuffle worker-1 -- sh -c x', ['worker-1', 'sh', '-c', 'x'], { task: 'shuffle' }],
    ['exec worker-1 -t shuffle ls -t other', ['worker-1', 'ls', '-t', 'other'], { task: 'shuffle' }],
    ['exec --task=shuffle worker-1 ls', ['worker-1', 'ls'], { task: 'shuffle' }],
    ['exec -tshuffle worker-1 ls', ['worker-1', 'ls'], { task: 'shuffle' }],
    ['exec worker-1 git log -- file', ['worker-1', 'git', 'log', '--', 'file'], {}],
    ['exec worker-1 -- git log -- file', ['worker-1', 'git', 'log', '--', 'file'], {}],
    ['exec -- worker-1 ls -l', ['worker-1', 'ls', '-l'], {}],
    ['exec worker-1 test --json=x', ['worker-1', 'test', '--json=x'], {}],
    ['exec worker-1 cat -', ['worker-1', 'cat', '-'], {}],
  ])('%s', (line, positionals, options) => {
    const parsed = parse(words(line));
    if (!parsed.ok) throw new Error(parsed.problems[0].message);
    expect(parsed.value.positionals).toEqual(positionals);
    for (const [name, value] of Object.entries(options)) {
      const given = typeof value === 'boolean' ? parsed.value.flag(name) : parsed.value.text(name);
      expect(typeof value === 'number' ? parsed.value.number(name) : given, name).toBe(value);
    }
  });
  test('an argument with spaces, and an empty one, stay as they are', () => {
    const parsed = parse(['exec', 'worker-1', 'sh', '-c', 'echo a -- b', '']);
    expect(parsed.ok && parsed.value.positionals).toEqual(['worker-1', 'sh', '-c', 'echo a -- b', '']);
  });
});

describe('what is not', () => {
  test.each<[string, string]>([
    ['verify --frob', "Unknown option '--frob'"],
    ['verify -z', "Unknown option '-z'"],
    ['verify a b', 'verify does not take b: gym verify'],
    ['verify --json=x', '--json takes nothing or stream, not x'],
    ['verify --json=', '--json takes nothing or stream, not '],
    ['ps --json=stream', '--json takes nothing, not stream'],
    ['verify --fault', "Option '--fault <value>' argument missing"],
    ['verify --fault --json', '--fault takes a value; one that begins with - is written --fault=-…'],
    ['down --all=yes', "Option '--all' does not take an argument"],
    ['tasks extra', 'tasks does not take extra: gym tasks'],
    ['exec', 'exec needs more: gym exec SERVICE COMMAND…'],
    ['exec worker-1', 'exec needs more'],
    ['exec worker-1 --', 'exec needs more'],
    ['exec --frob worker-1 ls', "Unknown option '--frob'"],
    ['logs --tail=-1', '--tail takes a whole number, not -1'],
    ['logs --tail=', '--tail takes a whole number, not '],
    ['loop --max-minutes 0', '--max-minutes takes a number above 0, not 0'],
    ...['0', '-5', 'x', '', 'NaN', 'Infinity', '1e999', '1.5'].map((value): [string, string] => [
      `runs --limit=${value}`,
      `--limit takes a whole number above 0, not ${value}`,
    ]),
  ])('%s', (line, message) => {
    const parsed = parse(words(line));
    if (parsed.ok) throw new Error('it was understood');
    const [problem] = parsed.problems;
    expect(problem.message.startsWith(message), problem.message).toBe(true);
    expect(problem.message).not.toContain('\n');
    expect(problem).toMatchObject({ kind: 'usage', remedy: `See gym ${words(line)[0]} --help.` });
  });
});

describe('help', () => {
  test('names every command, and each fits a terminal', () => {
    const text = generalHelp(commands);
    for (const { name, summary } of commands) expect(text).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'));
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(120);
  });
  test.each(commands)('of $name names each option, with its short form and value', (command) => {
    const text = commandHelp(command);
    for (const [name, option] of Object.entries(command.options)) {
      expect(text).toContain(`${option.short === undefined ? '' : `-${option.short}, `}--${name}`);
      expect(text).toContain(option.help);
    }
    expect(text.startsWith(`gym ${command.usage}\n`)).toBe(true);
  });
  test('the examples in it are understood', () => {
    for (const command of commands) {
      for (const [example] of command.examples) {
        const argv = (example.match(/'[^']*'|\S+/g) ?? []).slice(2);
        expect(parseCommandLine(command, argv), example).toMatchObject({ ok: true });
      }
    }
  });
});
