import type { Context } from '../context.ts';
import { painter } from '../render/style.ts';

/** Names of saved files that are told. */
const toldFiles = 3;

/** What a watch says of itself, on standard error. */
export interface Telling {
  /** It has begun to watch. */
  watches(): void;
  /** A verification begins; `isStopped`: another one was stopped for it. */
  saved(paths: readonly string[], isStopped: boolean): void;
  again(isStopped: boolean): void;
  /** A verification has ended, and nothing happens before the next save. */
  waits(): void;
}

/** For a person, also that it waits and what it can be told; anybody else gets a line at the start, and one for each save. */
export function tellingOf({ stderr }: Pick<Context, 'stderr'>, folder: string, hasKeys: boolean): Telling {
  const paint = painter(stderr);
  const say = (text: string): void => stderr.write(`${paint('dim', text)}\n`);
  const begins = (why: string, isStopped: boolean): void =>
    say(`\n${why}${isStopped ? '; the run before is stopped' : ''}`);
  const keys = hasKeys ? 'Enter runs again, q and Enter quit' : 'Ctrl-C ends it';
  return {
    watches: () => say(`watching ${folder}, verifying on every save; ${keys}`),
    saved: (paths, isStopped) => {
      const more = paths.length > toldFiles ? ` and ${paths.length - toldFiles} more` : '';
      begins(`saved: ${paths.slice(0, toldFiles).join(', ')}${more}`, isStopped);
    },
    again: (isStopped) => begins('again', isStopped),
    waits: () => {
      if (stderr.isTty) say(`\nwaiting for a save in ${folder}; ${keys}`);
    },
  };
}
