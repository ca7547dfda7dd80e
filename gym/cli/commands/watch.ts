import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { startInBackground } from '../../api/background.ts';
import { openTask } from '../../api/tasks.ts';
import { importDocker } from '../../environment/docker.ts';
import { forgetSlots, readSlots } from '../../store/slots.ts';
import { checkoutOf } from '../../store/store.ts';
import { preloadApi } from '../../task/api.ts';
import { watchWorkspace } from '../../workspace/watch.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { removeLeftovers } from '../leftovers.ts';
import { painter } from '../render/style.ts';

/** Names of saved files that are told. */
const toldFiles = 3;

/**
 * `gym watch`: verifies on every save. Each verification is a gym of its own, so that it loads the task as it is by then; one more waits, all loaded,
 * until it is told to go (`--next`).
 *
 *     waiting ──save──► verifying ──► ended
 *                          └──save──► stopped, while the next one begins
 */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  if (args.flag('next')) return verifyWhenTold(context, args);
  const task = await openTask(args.positionals[0], context);
  if (!task.ok) return task.problems;
  const { root, name } = task.value;
  // Once for all of them. Where no engine answers, their verdicts tell.
  await removeLeftovers(context);
  const checkout = checkoutOf(root);
  const runs = new Runs(args);
  const paint = painter(context.stderr);
  const watching = await watchWorkspace(root, (paths) => {
    const more = paths.length > toldFiles ? ` and ${paths.length - toldFiles} more` : '';
    context.stderr.write(`\n${paint('dim', `saved: ${paths.slice(0, toldFiles).join(', ')}${more}`)}\n`);
    runs.next();
  });
  if (!watching.ok) return watching.problems;
  const wasWarm = readSlots(checkout, name) !== undefined;
  if (!wasWarm) startInBackground(context, ['warm', root]);
  runs.next();
  if (!context.signal.aborted) await once(context.signal, 'abort');
  watching.value.close();
  await runs.end();
  if (!wasWarm) {
    forgetSlots(checkout, name);
    startInBackground(context, ['down', '--rest', root]);
  }
  return 0;
}

/** The verifications of a watch: the one that runs, and one that waits. */
class Runs {
  readonly #words: readonly string[];
  readonly #living = new Set<ChildProcess>();
  #running: ChildProcess | undefined;
  #waiting: ChildProcess;

  constructor(args: Arguments) {
    const texts = (['stage', 'check'] as const).flatMap((name) => {
      const value = args.text(name);
      return value === undefined ? [] : [`--${name}`, value];
    });
    this.#words = [...args.positionals, ...texts, ...(args.flag('keep-going') ? ['--keep-going'] : [])];
    this.#waiting = this.#spawn();
  }

  /** Stops the one that runs, whose result nobody wants any more, and lets the next one go. */
  next(): void {
    this.#running?.kill('SIGINT');
    this.#running = this.#waiting;
    this.#running.stdin?.end('\n');
    this.#waiting = this.#spawn();
  }

  /** Stops all, and resolves when nothing of them is left. */
  async end(): Promise<void> {
    const ends = [...this.#living].map((child) => once(child, 'exit'));
    for (const child of this.#living) child.kill('SIGINT');
    await Promise.all(ends);
  }

  #spawn(): ChildProcess {
    const [, program = ''] = process.argv;
    const child = spawn(process.execPath, [...process.execArgv, program, 'watch', '--next', ...this.#words], {
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    this.#living.add(child);
    child.once('exit', () => {
      this.#living.delete(child);
      if (this.#running === child) this.#running = undefined;
    });
    // It ends without being told to go: that is seen at the next save.
    child.stdin?.on('error', () => undefined);
    return child;
  }
}

/** Loads all that a verification needs, waits for a line, and verifies. Of one that is stopped nothing is said any more. */
async function verifyWhenTold(context: Context, args: Arguments): Promise<CommandEnd> {
  const [{ run: verify }] = await Promise.all([
    import('./verify-known.ts'),
    import('./verify.ts'),
    preloadApi(),
    importDocker(),
  ]);
  const isTold = await Promise.race([
    once(process.stdin, 'data').then(() => true),
    once(process.stdin, 'end').then(() => false),
    once(context.signal, 'abort').then(() => false),
  ]);
  process.stdin.destroy();
  if (!isTold) return 0;
  const quiet = <Stream extends Context['stdout']>(stream: Stream): Stream => ({
    ...stream,
    write: (text: string | Uint8Array) => (context.signal.aborted ? undefined : stream.write(text)),
  });
  return verify({ ...context, stdout: quiet(context.stdout), stderr: quiet(context.stderr) }, args);
}
