import type { Arguments } from './command.ts';
import type { Context } from './context.ts';

/**
 * Who reads the result. An `agent` gets few words and no progress, since its program mixes both streams; a `person` gets a page;
 * whatever reads a `pipe` gets the few words, and progress on stderr.
 */
export type Reader = 'agent' | 'person' | 'pipe';

/** The reader that `--for` names, or else the one that the environment tells of. */
export function readerOf({ isAgent, stdout }: Pick<Context, 'isAgent' | 'stdout'>, args: Arguments): Reader {
  const asked = args.text('for');
  if (asked === 'agent' || asked === 'person') return asked;
  if (isAgent) return 'agent';
  return stdout.isTty ? 'person' : 'pipe';
}
