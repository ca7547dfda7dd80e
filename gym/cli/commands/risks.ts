import { openTaskAndModel } from '../../api/tasks.ts';
import { heldOutStore } from '../../store/key.ts';
import { readProofs } from '../../store/proofs.ts';
import { checkoutOf, openStore } from '../../store/store.ts';
import { workspaceDefinition } from '../../verify/proof.ts';
import { guardedRisks, unguarded } from '../../verify/risks.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { risksText } from '../render/risks.ts';
import { painter } from '../render/style.ts';

/** `gym risks`: what could be harmed, and which checks would notice. Nothing is brought up. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const opened = await openTaskAndModel(args.positionals[0], context);
  if (!opened.ok) return opened.problems;
  const { task, model } = opened.value;
  const store = openStore(checkoutOf(task.root));
  // Only there are the checks that are held out.
  const record = readProofs(task.heldOut === undefined ? store : heldOutStore(store), task.name);
  const risks = guardedRisks(task, record, await workspaceDefinition(task, model));
  const open = unguarded(risks);
  const text =
    args.text('json') === undefined
      ? risksText(task.name, risks, painter(context.stdout))
      : JSON.stringify({ schema: 'gym.risks/1', task: task.name, risks, unguarded: open }, null, 2);
  context.stdout.write(`${text}\n`);
  return args.flag('strict') && open.length > 0 ? 1 : 0;
}
