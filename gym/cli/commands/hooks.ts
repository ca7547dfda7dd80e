import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';

/** `gym hooks`: lists, installs or removes gym's hooks in the settings of agents' programs and in git; `run` is what the hooks call. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const [verb, name, task] = args.positionals;
  if (verb === 'run') {
    // Called before and after each edit of an agent: nothing is loaded that is not needed.
    const { runHook } = await import('../hooks/run.ts');
    return runHook(context, name, task);
  }
  const { changeHooks, listHooks } = await import('../hooks/change.ts');
  if (verb === undefined) return listHooks(context);
  if (verb === 'install' || verb === 'uninstall') return changeHooks(context, verb, name, task);
  const remedy = 'install, uninstall, or nothing to list them.';
  return [{ kind: 'usage', message: `gym hooks does not know ${verb}`, remedy }];
}
