import { accessSync, constants } from 'node:fs';
import { startInBackground } from '../../api/background.ts';
import { down, halt, listKept, listSlots, removeRest, removeUnusedStates } from '../../environment/existing.ts';
import type { SlotPart } from '../../environment/slots/sets.ts';
import type { Problem, Result } from '../../events/problem.ts';
import { forgetNotes } from '../../store/kept.ts';
import { ownerState } from '../../store/owner.ts';
import { forgetSlots, readSlots } from '../../store/slots.ts';
import { checkoutOf, openStore } from '../../store/store.ts';
import { findTask } from '../../task/find.ts';
import { loadTask } from '../../task/load.ts';
import type { Task } from '../../task/schema.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { holdKept } from '../kept.ts';
import { removeLeftovers } from '../leftovers.ts';

/** How long another gym that is busy with the environment is waited for. */
const holderLimitMs = 120_000;

interface Kept {
  readonly task: string;
  readonly checkout: string;
  readonly project: string;
}

type End = (env: Context['env'], project: string) => Promise<Result<void>>;

/**
 * `gym down`: ends kept environments: the task's, all of this checkout without a task, or all there are, with the seeded
 * states that were kept for their resets. Their processes have ended
 * when it returns; a gym in the background (`--rest`) removes what is left of them, or with `--wait` this one.
 */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const { env, cwd, stderr } = context;
  const [named] = args.positionals;
  const all = args.flag('all');
  const [waits, onlyRest] = [args.flag('wait'), args.flag('rest')];
  const task = named === undefined ? undefined : await openNamed(named, cwd);
  if (task !== undefined && !task.ok) return task.problems;
  if (waits || onlyRest) {
    const cleared = await removeLeftovers(context);
    if (!cleared.ok) return cleared.problems;
  }
  const checkout = checkoutOf(task?.value.root ?? cwd);
  // Before it is looked what there is: nothing takes them after that.
  if (!onlyRest && isWritable(checkout)) forgetSlots(checkout, task?.value.name);
  const [listed, slots] = await Promise.all([
    listKept(env, all ? undefined : checkout),
    listSlots(env, all ? undefined : checkout),
  ]);
  if (!listed.ok) return listed.problems;
  if (!slots.ok) return slots.problems;
  const isMeant = (each: { readonly task: string }): boolean => task === undefined || each.task === task.value.name;
  const wanted = listed.value.filter(isMeant);
  const pools = slots.value.filter((each) => isMeant(each) && !(onlyRest && isWarm(each)));
  if (wanted.length + pools.length === 0) stderr.write('nothing is up\n');
  for (const each of pools) if (!onlyRest && isWritable(each.checkout)) forgetSlots(each.checkout, each.task);
  const end = onlyRest ? removeRest : waits ? down : halt;
  const ended = await Promise.all(wanted.map((each) => endOne(context, each, end)));
  const cleared = await Promise.all(waits || onlyRest ? pools.map(({ set }) => down(env, set)) : []);
  const forgotten = all && (waits || onlyRest) ? [await removeUnusedStates(env)] : [];
  for (const name of new Set(pools.map((each) => each.task))) stderr.write(`${name} is not kept warm any more\n`);
  const problems = [...ended.flat(), ...[...cleared, ...forgotten].flatMap((each) => (each.ok ? [] : each.problems))];
  if (!waits && !onlyRest && (wanted.length + pools.length > 0 || all)) {
    const rest = [...(named === undefined ? [] : [named]), ...(all ? ['--all'] : [])];
    startInBackground(context, ['down', '--rest', ...rest]);
  }
  const [first, ...others] = problems;
  return first === undefined ? 0 : [first, ...others];
}

/** Whether a set has come since the slots were forgotten. */
function isWarm({ checkout, task, set, owner }: SlotPart): boolean {
  return readSlots(checkout, task)?.set === set || ownerState(owner) === 'alive';
}

/** Its Compose file may be broken by now: it is not looked at. */
async function openNamed(named: string, cwd: string): Promise<Result<Task>> {
  const file = await findTask(named, cwd);
  return file.ok ? loadTask(file.value) : file;
}

async function endOne(context: Context, { task, ...kept }: Kept, end: End): Promise<readonly Problem[]> {
  // Of a checkout that is gone nobody else is busy with it; that of another user cannot be locked.
  const isThere = isWritable(kept.checkout);
  const lock = isThere ? await holdKept(context, kept, holderLimitMs) : undefined;
  if (lock?.ok === false) return lock.problems;
  // Who brings a spare up sees that nobody wants it any more.
  if (isThere && end !== removeRest) forgetNotes(openStore(kept.checkout), kept.project);
  const ended = await end(context.env, kept.project);
  if (ended.ok && end !== removeRest) context.stderr.write(`${task} is down\n`);
  lock?.value.release();
  return ended.ok ? [] : ended.problems;
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
