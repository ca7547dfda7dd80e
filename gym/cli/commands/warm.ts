import { join, resolve } from 'node:path';
import { openTask } from '../../api/tasks.ts';
import { down, listSlots } from '../../environment/existing.ts';
import { keepSlots, slotsLifeMs } from '../../environment/slots/keep.ts';
import { startWatchdog } from '../../environment/watchdog.ts';
import { ownerState } from '../../store/owner.ts';
import { forgetSlots } from '../../store/slots.ts';
import { checkoutOf } from '../../store/store.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { removeLeftovers } from '../leftovers.ts';
import { durationText } from '../render/style.ts';

/**
 * `gym warm`: makes the networks of a task's environment and what is to be in them, for the next `gym up`, `verify` or `loop` to take.
 * Whatever takes them has a gym in the background make others; with `--refill` this one does that. `--end` removes those of a checkout, which may be gone.
 */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const ended = args.text('end');
  if (ended !== undefined) return endWarmth(context.env, resolve(context.cwd, ended), args.positionals[0]);
  const task = await openTask(args.positionals[0], context);
  if (!task.ok) return task.problems;
  const { name, root, compose, variables } = task.value;
  const started = performance.now();
  const cleared = await removeLeftovers(context);
  if (!cleared.ok) return cleared.problems;
  const watchdog = startWatchdog(context.env);
  const kept = await keepSlots({
    composeFiles: compose.map((file) => join(root, file)),
    task: name,
    checkout: checkoutOf(root),
    variables,
    ambient: context.env,
    signal: context.signal,
    refill: args.flag('refill'),
  });
  if (!kept.ok) return kept.problems;
  watchdog.end();
  if (kept.value === 'impossible' || kept.value === 'unsupported') {
    const why =
      kept.value === 'unsupported'
        ? 'the engine is Podman'
        : 'none of its services is in a network that can be made before';
    const message = `${name} cannot be kept warm: ${why}`;
    return [{ kind: 'usage', message, remedy: 'Go on without: gym up does the same, only later.' }];
  }
  const took = kept.value === 'made' ? `, after ${durationText(performance.now() - started)}` : '';
  const life = `for the next ${slotsLifeMs / 60_000} minutes, or until gym down`;
  if (kept.value !== 'unwanted') context.stderr.write(`${name} is warm${took}: ${life}\n`);
  return 0;
}

/** By the name that the task gives itself: its file may be broken by now. */
async function endWarmth(env: Context['env'], checkout: string, task: string | undefined): Promise<CommandEnd> {
  // Before it is looked what there is: nothing takes or replaces them after that.
  forgetSlots(checkout, task);
  const slots = await listSlots(env, checkout);
  if (!slots.ok) return slots.problems;
  // One whose maker lives is not finished: its maker sees that nobody wants it.
  const sets = slots.value.filter((each) => each.task === (task ?? each.task) && ownerState(each.owner) !== 'alive');
  const ended = await Promise.all(sets.map(({ set }) => down(env, set)));
  const [first, ...others] = ended.flatMap((each) => (each.ok ? [] : each.problems));
  return first === undefined ? 0 : [first, ...others];
}
