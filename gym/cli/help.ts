import type { Command } from './command.ts';

const groups = ['judge', 'environment', 'look back', 'agents', 'gym'] as const;
const titles = {
  judge: 'Judge',
  environment: 'Environments',
  'look back': 'Look back',
  agents: 'For agents',
  gym: 'This repo and machine',
} as const;

/** The help of gym as a whole. */
export function generalHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  const lines = groups.flatMap((group) => [
    '',
    titles[group],
    ...commands
      .filter((command) => command.group === group)
      .map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
  ]);
  return [
    'gym: judges a real system in containers, and drives a coding agent until the task is really done.',
    '',
    'Examples',
    '  gym                              the terminal UI',
    '  gym verify shuffle               one verdict',
    '  gym loop shuffle --agent claude  an agent against the verdict, within budgets',
    ...lines,
    '',
    'gym COMMAND --help tells more; gym --version (or -v) tells the version.',
    'Exit codes: 0 pass, 1 fail or vacuous, 2 wrong usage or definition, 3 unknown, 4 the environment could not be',
    'brought up, 5 ended by a budget, 70 a bug in gym, 128+n a signal.',
    '',
  ].join('\n');
}

/** The help of one command. */
export function commandHelp(command: Command): string {
  const examples = command.examples.flatMap(([example, what]) => [`  ${example}`, `      ${what}`]);
  const options = Object.entries(command.options).map(([name, option]): [string, string] => {
    const short = option.short === undefined ? '' : `-${option.short}, `;
    const value =
      option.value === undefined || option.value === ''
        ? ''
        : option.kind === 'json'
          ? `[${option.value}]`
          : ` ${option.value}`;
    return [`${short}--${name}${value}`, option.help];
  });
  const width = Math.max(0, ...options.map(([left]) => left.length)) + 2;
  return [
    `gym ${command.usage}`,
    `  ${command.summary}`,
    ...(examples.length === 0 ? [] : ['', 'Examples', ...examples]),
    ...(options.length === 0
      ? []
      : ['', 'Options', ...options.map(([left, right]) => `  ${left.padEnd(width)}${right}`)]),
    '',
  ].join('\n');
}
