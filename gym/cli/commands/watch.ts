import { dirname, relative } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { findJudged, openJudged } from '../../api/tasks.ts';
import { ok, type Result } from '../../events/problem.ts';
import { partOf } from '../../verify/part.ts';
import { watchWorkspace } from '../../workspace/watch.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { removeLeftovers } from '../leftovers.ts';
import { Runs } from '../watch/runs.ts';
import { tellingOf } from '../watch/telling.ts';
import { keepWarm } from '../watch/warmth.ts';
import { verifyWhenTold } from '../watch/when-told.ts';
import { partAsked } from './verify.ts';

/**
 * `gym watch`: verifies on every save.
 *
 *     verifying ──► waiting ──save, Enter──► verifying
 *         └──save, Enter──► stopped, while the next one begins
 */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  if (args.flag('next')) return verifyWhenTold(context, args);
  const asked = await folderAsked(context, args);
  if (!asked.ok) return asked.problems;
  const root = asked.value;
  // Once for all of them. Where no engine answers, their verdicts tell.
  await removeLeftovers(context);
  const hasKeys = context.stdin.isTty && context.stderr.isTty;
  const telling = tellingOf(context, relative(context.cwd, root) || '.', hasKeys);
  let isWarm = false;
  const runs = new Runs(context, wordsOf(args), {
    onBegun: (task) => {
      if (!isWarm) keepWarm(context, root, task);
      isWarm = true;
    },
    onEnded: telling.waits,
  });
  const ended = Promise.withResolvers<CommandEnd>();
  const watching = await watchWorkspace(root, {
    onSaved: (paths) => telling.saved(paths, runs.next()),
    onLost: (problem) => ended.resolve([problem]),
  });
  if (!watching.ok) return watching.problems;
  telling.watches();
  runs.next();
  const quit = (): void => ended.resolve(0);
  context.signal.addEventListener('abort', quit);
  const again = (): void => telling.again(runs.next());
  const keys = hasKeys ? readKeys({ again, quit }) : undefined;
  if (context.signal.aborted) quit();
  const end = await ended.promise;
  watching.value.close();
  keys?.close();
  await runs.end();
  return end;
}

/** The folder of the task. What is wrong with how it was asked for ends the watch; what is wrong with its files each run tells, until they are mended. */
async function folderAsked(context: Context, args: Arguments): Promise<Result<string>> {
  const part = partAsked(args);
  if (!part.ok) return part;
  const found = await findJudged(args.positionals[0], args.text('baseline'), context);
  if (!found.ok) return found;
  const task = await openJudged(found.value, context);
  if (task.ok && part.value !== undefined && part.value.kind !== 'changed') {
    const meant = partOf(task.value, part.value);
    if (!meant.ok) return meant;
  }
  return ok(dirname(found.value.file));
}

/** What each verification is asked, as on the command line. */
function wordsOf(args: Arguments): string[] {
  const texts = (['stage', 'check', 'baseline'] as const).flatMap((name) => {
    const value = args.text(name);
    return value === undefined ? [] : [`--${name}`, value];
  });
  return [...args.positionals, ...texts, ...(args.flag('keep-going') ? ['--keep-going'] : [])];
}

/** By lines, as the terminal gives them: one whose keys were read singly would be left so by a kill -9. */
function readKeys({ again, quit }: { again(): void; quit(): void }): Interface {
  const lines = createInterface({ input: process.stdin, terminal: false });
  lines.on('line', (line) => {
    if (line.trim() === '') again();
    if (line.trim() === 'q') quit();
  });
  return lines.on('close', quit);
}
