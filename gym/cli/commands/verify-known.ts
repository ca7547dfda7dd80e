import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { VerifyAsked } from '../../api/verify.ts';
import { checkoutOf, newRunName, openStore, taskFile } from '../../store/store.ts';
import { findTasks } from '../../task/found.ts';
import { sameAgain } from '../../verify/again.ts';
import { findWhole, type WholeAsk } from '../../verify/known.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { readerOf } from '../reader.ts';
import { jsonMode } from '../render/json.ts';
import { listenersFor, verdictText } from '../render/verdict.ts';

/** With one of these, nothing that is known as a whole is asked for. */
const apart = ['fault', 'baseline', 'stage', 'check'] as const;
const apartFlags = ['canary', 'changed'] as const;

/** `gym verify`: what is known of the very same as a whole; or else one verification, whose code is loaded only then. */
export async function run(context: Context, args: Arguments, judged?: VerifyAsked['judged']): Promise<CommandEnd> {
  if (args.flag('audit')) return (await import('./audit.ts')).audit(context, args);
  const startedAt = Date.now();
  const ask = wholeAsk(context, args);
  const found = ask === undefined || args.flag('no-cache') ? undefined : await findWhole(ask);
  if (ask === undefined || found === undefined) {
    const { verifyFully } = await import('./verify.ts');
    return verifyFully(context, args, ask, judged);
  }
  const { store, taskFile: file } = ask;
  const mode = jsonMode(args);
  const reader = readerOf(context, args);
  const listeners = listenersFor(context, mode, reader);
  const request = { store, run: newRunName(new Date()), listeners, taskFile: file, startedAt };
  const verdict = sameAgain(request, found);
  if (mode !== 'stream') {
    const text = await verdictText(verdict, store.runDirectory(verdict.run), mode, reader, context.stdout);
    context.stdout.write(`${text}\n`);
  }
  return verdict.exitCode;
}

/** How a whole verification is asked for, where the task is named by its folder; `undefined`: only a part is, or something is broken on purpose. */
function wholeAsk({ cwd, env }: Context, args: Arguments): WholeAsk | undefined {
  if (apart.some((name) => args.text(name) !== undefined) || apartFlags.some((name) => args.flag(name)))
    return undefined;
  const [called] = args.positionals;
  const file = findFile(called, cwd);
  if (file === undefined) return undefined;
  const root = dirname(file);
  return { store: openStore(checkoutOf(root)), taskFile: file, root, called, strict: args.flag('strict'), env };
}

/** The task file that is meant, where it is clear without loading any; findTask knows more. */
export function findFile(called: string | undefined, cwd: string): string | undefined {
  const beside = called === undefined ? undefined : join(resolve(cwd, called), taskFile);
  if (beside !== undefined && existsSync(beside)) return beside;
  const tasks = findTasks(cwd).filter(({ name }) => called === undefined || name === called);
  return tasks.length === 1 ? tasks[0]?.file : undefined;
}
