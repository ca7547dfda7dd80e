import { type VerifyAsked, verifyTask } from '../../api/verify.ts';
import { failed, ok, type Result } from '../../events/problem.ts';
import type { WholeAsk } from '../../verify/known.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { tellLeftovers } from '../leftovers.ts';
import { readerOf } from '../reader.ts';
import { jsonMode } from '../render/json.ts';
import { listenersFor, verdictText } from '../render/verdict.ts';

/**
 * One verification of the workspace as it is, of which nothing is known as a whole. `whole`: how it was asked for, where it may become so; `judged`: gives
 * what judges it, where that has been asked ahead.
 */
export async function verifyFully(
  context: Context,
  args: Arguments,
  whole?: WholeAsk,
  judged?: VerifyAsked['judged'],
): Promise<CommandEnd> {
  const { cwd, env, signal, stdout } = context;
  const mode = jsonMode(args);
  const reader = readerOf(context, args);
  const compareWith = args.text('baseline');
  const part = partAsked(args);
  if (!part.ok) return part.problems;
  const ended = await verifyTask({
    ...{ cwd, env, signal, judged },
    named: args.positionals[0],
    fault: args.text('fault'),
    ...(compareWith !== undefined && { compareWith }),
    isCanary: args.flag('canary'),
    strict: args.flag('strict'),
    cache: args.flag('no-cache') ? 'refresh' : 'use',
    keepGoing: args.flag('keep-going'),
    part: part.value,
    whole,
    // A watch has done it for all its verifications.
    isCleared: args.flag('next'),
    listeners: listenersFor(context, mode, reader),
    onCleared: (cleared) => tellLeftovers(context, cleared),
  });
  if (!ended.ok) return ended.problems;
  const { verdict, directory } = ended.value;
  if (mode !== 'stream') stdout.write(`${await verdictText(verdict, directory, mode, reader, stdout)}\n`);
  return verdict.exitCode;
}

/** The part of the task that is asked for; nothing: all of it. */
export function partAsked(args: Arguments): Result<VerifyAsked['part']> {
  const [stage, check] = [args.text('stage'), args.text('check')];
  const ways = [stage !== undefined, check !== undefined, args.flag('changed'), args.flag('canary')].filter(Boolean);
  if (ways.length > 1) {
    const message = '--stage, --check, --changed and --canary do not go together';
    return failed({ kind: 'usage', message, remedy: 'Choose one of them.' });
  }
  if (stage !== undefined) return ok({ kind: 'stages', stages: [stage] });
  if (check !== undefined) return ok({ kind: 'check', check });
  return ok(args.flag('changed') ? { kind: 'changed' } : undefined);
}
