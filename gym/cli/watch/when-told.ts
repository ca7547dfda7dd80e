import { dirname, join } from 'node:path';
import { findJudgedAhead } from '../../api/tasks.ts';
import { loadCompose } from '../../environment/compose/load.ts';
import { importDocker } from '../../environment/docker.ts';
import type { Listener } from '../../events/log.ts';
import type { Problem } from '../../events/problem.ts';
import { taskFile } from '../../store/store.ts';
import { preloadApi } from '../../task/api.ts';
import { loadTask } from '../../task/load.ts';
import { buildId } from '../../verify/build-id.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import type { BegunMessage, Word } from './runs.ts';

/** Loads all that a verification needs, waits for the watch's word, and verifies. Of one that is stopped nothing is said any more. */
export async function verifyWhenTold(context: Context, args: Arguments): Promise<CommandEnd> {
  const { signal, stdout, stderr } = context;
  if (process.channel === undefined) return [notByHand];
  process.channel.ref();
  let isStale = false;
  const told = Promise.withResolvers<boolean>();
  process.on('message', (word: Word) => {
    if (word === 'go') told.resolve(true);
    else isStale = true;
  });
  if (signal.aborted) told.resolve(false);
  signal.addEventListener('abort', () => told.resolve(false));
  const [{ run: verify, findFile }] = await Promise.all([
    import('../commands/verify-known.ts'),
    import('../commands/verify.ts'),
    preloadApi(),
    importDocker(),
  ]);
  const file = findFile(args.positionals[0], context.cwd);
  const judged = file === undefined ? undefined : await findJudgedAhead(file, args.text('baseline'), context);
  if (file !== undefined) await rehearse(dirname(file), context);
  if (!(await told.promise)) return 0;
  process.channel?.unref();
  const quiet = <Stream extends Context['stdout']>(stream: Stream): Stream => ({
    ...stream,
    write: (text: string | Uint8Array) => (isStale || signal.aborted ? undefined : stream.write(text)),
  });
  return verify({ ...context, stdout: quiet(stdout), stderr: quiet(stderr), listeners: [tellBegun] }, args, judged);
}

/**
 * What takes longer the first time is done once: Node compiles a function when it is first called, and loads what strips types with the first
 * TypeScript. It is done with a task that is not there, in the folder of the real one: Node would keep that one's modules as they are now.
 */
async function rehearse(root: string, { env }: Context): Promise<void> {
  buildId();
  const file = join(root, '.gym-rehearsal.ts');
  const task = {
    name: 'rehearsal',
    instruction: taskFile,
    compose: taskFile,
    stages: [{ name: 'unit', command: 'true' }],
  };
  const text = `import { defineTask } from 'devgym';\nexport default defineTask(${JSON.stringify(task)});\n`;
  await loadTask(file, (module) => (module === file ? text : undefined));
  loadCompose(join(root, 'compose.yaml'), {}, env);
}

const notByHand: Problem = { kind: 'usage', message: '--next is for gym watch itself', remedy: 'Run gym watch.' };

const tellBegun: Listener = (event) => {
  if (event.type !== 'run.started') return;
  const message: BegunMessage = { begun: event.task };
  // A watch that is gone hears nothing.
  process.send?.(message, () => undefined);
};
