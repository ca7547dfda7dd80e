import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import type { Caller } from '../api/caller.ts';
import { entryFile } from '../api/entry.ts';

/** What a command of gym said. */
export interface Said {
  readonly ok: boolean;
  /** Its result; where it failed, the problems with their remedies. */
  readonly text: string;
}

/**
 * Runs a command of gym as a process of its own: what it says is what its reader at a shell gets, and task files are read afresh. Aborting ends it,
 * in order.
 */
export async function runCommand({ cwd, env }: Caller, args: readonly string[], signal: AbortSignal): Promise<Said> {
  const ended = await execa(process.execPath, [entryFile('gym'), ...args], {
    ...{ cwd, env, extendEnv: false, stdin: 'ignore', reject: false },
    cancelSignal: signal,
    // It removes what it holds first.
    forceKillAfterDelay: false,
  });
  const ok = ended.exitCode === 0;
  const [first, second] = ok ? [ended.stdout, ended.stderr] : [ended.stderr, ended.stdout];
  return { ok, text: stripVTControlCharacters(first || second || ended.shortMessage || 'done').trim() };
}
