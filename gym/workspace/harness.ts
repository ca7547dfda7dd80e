import { posix } from 'node:path';
import type { Stage, Task } from '../task/schema.ts';

const word = (pattern: string): RegExp => new RegExp(pattern, 'i');

/** Folders in which the common stacks keep their tests, and gym's own examples their harness. */
const testFolders = word('(^|/)(tests?|__tests__|__snapshots__|specs?|e2e|testdata|harness)/');

/** How the common stacks name the files of tests, wherever they are. */
const testFiles = [
  // JavaScript and TypeScript, and snapshots of what was expected.
  word('\\.(test|spec|e2e|cy)\\.[cm]?[jt]sx?$'),
  word('\\.snap$'),
  // Go, Python, Ruby, Rust, C and C++, Elixir.
  word('_(test|tests|spec)\\.\\w+$'),
  word('(^|/)test_[^/]*\\.\\w+$'),
  // Java, Kotlin, C#, PHP, Swift: these have capitals, so that `latest.java` is none.
  /(Test|Tests|TestCase|IT|Spec)\.(java|kt|kts|groovy|scala|cs|fs|vb|php|swift)$/,
  word('\\.feature$'),
];

/** What tells a runner which tests there are and what they mean: a new one changes what those that were there come to. */
const settings = [
  word(
    '(^|/)(vitest|jest|playwright|cypress|karma|ava|wdio|nightwatch|web-test-runner|stryker|nyc|cucumber)\\.(config|conf|setup|workspace|preset)[^/]*$',
  ),
  word('(^|/)\\.(mocharc|nycrc|c8rc|jestrc|taprc|rspec|coveragerc)[^/]*$'),
  word('(^|/)(conftest\\.py|pytest\\.ini|\\.pytest\\.ini|tox\\.ini|noxfile\\.py)$'),
  word(
    '(^|/)(phpunit[^/]*\\.xml(\\.dist)?|codeception\\.ya?ml|\\.config/nextest\\.toml|spec_helper\\.rb|rails_helper\\.rb)$',
  ),
  word('(^|/)[^/]*\\.runsettings$'),
];

const matches = (path: string, patterns: readonly RegExp[]): boolean => patterns.some((each) => each.test(path));

/** Whether a file is a test, or of one, by where it is or how it is named. */
export function isTest(path: string): boolean {
  return testFolders.test(path) || matches(path, testFiles);
}

/** Whether a file sets up a runner of tests. */
export function isTestSetting(path: string): boolean {
  return matches(path, settings);
}

/** Whether a path is one of those that the stages run. */
export function runByStages({ stages }: Task): (path: string) => boolean {
  const named = new Set(stages.flatMap(filesRun));
  // Where the workspace is in a container nobody knows here: any end of an absolute path may be the path in the workspace.
  const ends = [...named].filter((each) => each.startsWith('/'));
  return (path) => named.has(path) || ends.some((each) => each.endsWith(`/${path}`));
}

/** A program that runs the file which is its first argument. */
const interpreters =
  /^(sh|bash|dash|zsh|node|nodejs|tsx|ts-node|bun|deno|python[\d.]*|ruby|perl|php|Rscript|lua|pwsh|java)$/;
/** Programs that run what a file in their folder says. */
const runners: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(npm|pnpm|yarn)$/, ['package.json']],
  [/^g?make$/, ['Makefile', 'makefile', 'GNUmakefile']],
  [/^just$/, ['justfile', 'Justfile', '.justfile']],
  [/^task$/, ['Taskfile.yml', 'Taskfile.yaml']],
  [/^rake$/, ['Rakefile']],
];
const prefixes = /^(env|exec|time|nice|xvfb-run|\w+=.*)$/;

/** Files that a stage's command runs, relative to the workspace or absolute in the service: scripts, settings that it names, and those that runners read. */
function filesRun({ command, workdir = '' }: Stage): string[] {
  const at = (path: string): string => posix.normalize(posix.isAbsolute(path) ? path : posix.join(workdir, path));
  const [first = '', ...rest] = typeof command === 'string' ? [] : command;
  const script = rest[rest.findIndex((each) => /^-\w*c$/.test(each)) + 1];
  const isShell = /^(sh|bash|dash|zsh)$/.test(posix.basename(first)) && rest.some((each) => /^-\w*c$/.test(each));
  const text = typeof command === 'string' ? command : isShell ? (script ?? '') : undefined;
  const simple = text === undefined ? [[first, ...rest]] : simpleCommands(text);
  return simple.flatMap(wordsRun).map(at);
}

/** The words of each command of a shell's text. Quotes are taken off; what is put in at run time is not known. */
function simpleCommands(text: string): string[][] {
  return text.split(/\|\||&&|[;&|\n()`]/).map((each) =>
    each
      .trim()
      .split(/\s+/)
      .map((one) => one.replaceAll(/["']/g, '')),
  );
}

function wordsRun(words: readonly string[]): string[] {
  const from = words.findIndex((each) => !prefixes.test(each));
  const [program = '', ...args] = from < 0 ? [] : words.slice(from);
  const name = posix.basename(program);
  const settingsNamed = args.flatMap((arg, index) => {
    const [, value] = /^--?[\w-]*config[\w-]*(?:=(.+))?$/.exec(arg) ?? ['', ''];
    return value === '' ? [] : [value ?? args[index + 1] ?? ''];
  });
  const script = interpreters.test(name) ? args.find((arg) => !arg.startsWith('-')) : undefined;
  const read = runners.find(([pattern]) => pattern.test(name))?.[1] ?? [];
  return [
    ...(program.includes('/') ? [program] : []),
    ...(script === undefined ? [] : [script]),
    ...settingsNamed,
    ...read,
  ].filter((each) => each !== '' && !each.includes('$'));
}
