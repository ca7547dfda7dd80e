import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, relative } from 'node:path';
import { isAgent } from 'std-env';
import { type Arguments, type Command, parseCommandLine } from './cli/command.ts';
import { commands } from './cli/commands.ts';
import type { CommandEnd, Context, Output, Screen } from './cli/context.ts';
import { interruption } from './cli/interruption.ts';
import type { OpenTui } from './tui/open.ts';
import type { Choice, FoundTask, Offer } from './tui/start.ts';
import type { Leaving } from './tui/tui.tsx';

/** Runs one command line and gives the exit code. The only place where the parts are put together. */
export async function main(argv: readonly string[]): Promise<number> {
  const [first] = argv;
  watchPipes();
  if (first !== undefined && ['--version', '-V', '-v', 'version'].includes(first)) return print(`${version()}\n`);
  quietExperiments();
  if (first === undefined && process.stdout.isTTY && process.stdin.isTTY && !isAgent) return startScreen();
  if (first === undefined || ['help', '--help', '-h'].includes(first)) {
    const help = await import('./cli/help.ts');
    const named = commands.find(({ name }) => name === argv[1]);
    return print(named === undefined ? help.generalHelp(commands) : help.commandHelp(named));
  }
  const command = commands.find(({ name }) => name === first);
  if (command === undefined) return unknownCommand(first, commands);
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const asksHelp = command.positionals.stopAt === undefined ? own : own.slice(0, 2);
  if (asksHelp.includes('--help') || asksHelp.includes('-h'))
    return print((await import('./cli/help.ts')).commandHelp(command));
  return run(command, argv.slice(1));
}

let onBrokenPipe = (): void => process.exit(128 + constants.signals.SIGPIPE);

/** Whoever reads the result may stop reading (`gym logs | head`): that ends the work, in order. Progress that nobody reads ends nothing. */
function watchPipes(): void {
  const watch = (stream: NodeJS.WriteStream, onBroken: () => void): void => {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      onBroken();
    });
  };
  watch(process.stdout, () => onBrokenPipe());
  watch(process.stderr, () => undefined);
}

/** `way`: how it is carried out, where it is not as on the command line. */
async function run(command: Command, argv: readonly string[], way?: Way): Promise<number> {
  // Standard output is for results alone: what task files print is none.
  Object.assign(console, { log: console.error, info: console.error, debug: console.error });
  const args = parseCommandLine(command, argv);
  if (!args.ok) return report(args.problems);
  const interrupted = interruption(process);
  onBrokenPipe = () => interrupted.interrupt('SIGPIPE');
  const context: Context = {
    cwd: process.cwd(),
    env: process.env,
    isAgent,
    stdin: { isTty: process.stdin.isTTY === true },
    stdout: output(process.stdout),
    stderr: output(process.stderr),
    signal: interrupted.signal,
    interrupt: () => interrupted.interrupt('SIGINT'),
    version: version(),
    openScreen,
    serveMcp,
  };
  try {
    const { run: runCommand } = await command.load();
    const end = await (way === undefined ? runCommand(context, args.value) : way(runCommand, context, args.value));
    return interrupted.exitCode() ?? (await report(end));
  } finally {
    interrupted.stop();
  }
}

type Run = Awaited<ReturnType<Command['load']>>['run'];
type Way = (runCommand: Run, context: Context, args: Arguments) => Promise<CommandEnd>;

async function openScreen(onQuit: () => void): Promise<Screen> {
  const { openTui } = await import('./tui/open.ts');
  return openTui(onQuit);
}

async function serveMcp({ cwd, env, version: own, signal, stderr }: Context): Promise<void> {
  const { serve } = await import('./mcp/serve.ts');
  await serve({ cwd, env, version: own, signal, onError: ({ message }) => stderr.write(`gym mcp: ${message}\n`) });
}

/** The start screen: what was chosen is carried out, and then it is there again, until the user leaves from it or from work that has not ended. */
async function startScreen(): Promise<number> {
  const { openStart } = await import('./tui/open.ts');
  let last: Choice | null = null;
  let code = 0;
  for (;;) {
    const choice: Choice = await openStart(await offer(process.cwd()), last);
    last = choice;
    if (choice.action === 'quit') return code;
    if (choice.action === 'interrupted') return 130;
    if (choice.action === 'show') {
      if ((await showRun(choice.run.run)) !== 'back') return 130;
      continue;
    }
    const done = await begin(choice);
    code = done.code;
    if (done.leaving !== 'back') return code;
  }
}

/** The tasks that can be named here, and the newest runs. */
async function offer(cwd: string): Promise<Offer> {
  const [{ findTasks }, { newestRuns }, { lackOf }] = await Promise.all([
    import('./task/found.ts'),
    import('./api/stores.ts'),
    import('./agent/choose.ts'),
  ]);
  const now = Date.now();
  // The verifications of a loop are told by its one line.
  const runs = newestRuns(cwd, 200).filter(({ loop }) => loop === null);
  const asked = process.env['GYM_AGENT'] || undefined;
  const tasks = findTasks(cwd).map(({ name, file }) => ({
    name,
    folder: relative(cwd, dirname(file)) || '.',
    agents: [
      ...(asked === undefined ? [] : [{ key: 'l', name: asked, lacks: null }]),
      ...agents.map(([key, agent]) => ({ key, name: agent, lacks: lackOf(agent, dirname(file), process.env) })),
    ],
  }));
  return { tasks, runs: runs.map(({ startedAt, ...row }) => ({ ...row, ageMs: now - startedAt })) };
}

/** Shows a run as it was recorded. One that was removed meanwhile is not on the start screen either when that is there again. */
async function showRun(name: string): Promise<Leaving> {
  const [{ runNamed }, { recordedEvents }, { openRecord }] = await Promise.all([
    import('./api/run-named.ts'),
    import('./api/recorded.ts'),
    import('./tui/open.ts'),
  ]);
  const named = runNamed(process.cwd(), name);
  return named.ok ? openRecord(recordedEvents(named.value)) : 'back';
}

/** Carries out what was chosen, on the run's screen; what it prints otherwise is there when that has been left. */
async function begin(choice: Extract<Choice, { task: FoundTask }>): Promise<{ code: number; leaving: Leaving }> {
  const { openTui } = await import('./tui/open.ts');
  let leaving: Leaving = 'left';
  const way: Way = async (runCommand, context, args) => {
    const opened = async (onQuit: () => void): Promise<OpenTui> => {
      const tui = await openTui(onQuit, 'start');
      const closed = tui.closed.then((why) => (leaving = why));
      return { ...tui, closed };
    };
    return choice.action === 'loop'
      ? runCommand({ ...context, openScreen: opened }, args)
      : onScreen(runCommand, context, args, await opened(context.interrupt));
  };
  const words = [choice.task.folder, ...(choice.action === 'loop' ? ['--agent', choice.agent] : [])];
  const command = commands.find(({ name }) => name === choice.action);
  if (command === undefined) throw new Error(`there is no command ${choice.action}`);
  const code = await run(command, words, way);
  return { code, leaving };
}

/** A command that prints lines, on a screen: they are held back until that has been left. */
async function onScreen(runCommand: Run, context: Context, args: Arguments, screen: OpenTui): Promise<CommandEnd> {
  const held: (() => void)[] = [];
  const holding = (to: Output): Output => ({ ...to, write: (text) => void held.push(() => to.write(text)) });
  const [stdout, stderr] = [holding(context.stdout), holding(context.stderr)];
  try {
    const end = await runCommand({ ...context, stdout, stderr, listeners: [screen.listener] }, args);
    if (typeof end === 'number' && !context.signal.aborted) await screen.closed;
    return end;
  } finally {
    screen.close();
    await screen.closed;
    for (const write of held) write();
  }
}

/** Agents of the start screen, with their keys. */
const agents = [
  ['o', 'oracle'],
  ['c', 'claude'],
  ['x', 'codex'],
] as const;

async function unknownCommand(word: string, commands: readonly Command[]): Promise<number> {
  const { suggest } = await import('./task/suggest.ts');
  const meant = suggest(
    word,
    commands.map(({ name }) => name),
  );
  const remedy = meant === undefined ? 'See gym --help.' : `Did you mean gym ${meant}?`;
  return report([{ kind: 'usage', message: `there is no command ${word}`, remedy }]);
}

async function report(end: CommandEnd): Promise<number> {
  if (typeof end === 'number') return end;
  const [{ problemText }, { painter }, { exitCodeOfProblems }] = await Promise.all([
    import('./cli/render/problem.ts'),
    import('./cli/render/style.ts'),
    import('./judge/verdict.ts'),
  ]);
  const stderr = output(process.stderr);
  for (const problem of end) stderr.write(`${problemText(problem, painter(stderr))}\n`);
  return exitCodeOfProblems(end);
}

/** A coding agent's terminal, as `AI_AGENT` or a variable of its program tells, counts as none. */
function output(stream: NodeJS.WriteStream): Output {
  const isTty = stream.isTTY === true && !isAgent;
  const forced = process.env['FORCE_COLOR'];
  const wantsColour =
    forced === undefined || forced === ''
      ? isTty && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb'
      : forced !== '0' && forced !== 'false';
  const hasColour = wantsColour && !isAgent;
  return { isTty, hasColour, columns: isTty ? stream.columns : undefined, write: (text) => stream.write(text) };
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}

/** Node's warnings that a feature is experimental are no concern of a user of gym. */
function quietExperiments(): void {
  const printers = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (
      warning.name === 'ExperimentalWarning' ||
      ('code' in warning && warning.code === 'MODULE_TYPELESS_PACKAGE_JSON')
    )
      return;
    for (const printer of printers) printer(warning);
  });
}
