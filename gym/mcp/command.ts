import { execFile } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import type { Caller } from '../api/caller.ts';
import { entryFile } from '../task/entry.ts';

/** What a command of gym said. */
export interface Said {
  readonly ok: boolean;
  /** Its result; where it failed, the problems with their remedies. */
  readonly text: string;
}

/**
 * Runs a command of gym as a process of its own: what it says is what its reader at a shell gets, and task files are read afresh. Aborting ends it,
 * in order. `input` is what it reads on standard input.
 */
export function runCommand(
  { cwd, env }: Caller,
  args: readonly string[],
  signal: AbortSignal,
  input = '',
): Promise<Said> {
  // A model reads it, whatever its program tells in the environment.
  const options = { cwd, env: { AI_AGENT: 'mcp', ...env }, signal, maxBuffer: Number.POSITIVE_INFINITY };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [entryFile('gym'), ...args], options, (error, stdout, stderr) => {
      const [first, second] = error === null ? [stdout, stderr] : [stderr, stdout];
      const text = stripVTControlCharacters(first || second).trim();
      resolve({ ok: error === null, text: text || (error?.message ?? 'done') });
    });
    // One that ends without having read it all says why.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
