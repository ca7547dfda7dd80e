import { spawn } from 'node:child_process';
import { readSlots } from '../store/slots.ts';
import { checkoutOf } from '../store/store.ts';
import { entryFile } from '../task/entry.ts';
import type { Task } from '../task/schema.ts';
import type { Caller } from './caller.ts';

/**
 * Starts a gym of its own that goes on when this one has ended, and that nobody hears. Should it be killed, the next gym's sweep does its
 * work. Gives its process id; undefined: it could not be started.
 */
export function startInBackground({ cwd, env }: Caller, args: readonly string[]): number | undefined {
  const child = spawn(process.execPath, [entryFile('gym'), ...args], {
    cwd,
    env,
    detached: true,
    stdio: 'ignore',
  });
  // It could not be started: what it was to remove is removed by the next gym.
  child.on('error', () => undefined);
  child.unref();
  return child.pid;
}

/** Where a task is kept warm, has a gym in the background make what an environment has taken. */
export function refillSlots(caller: Caller, { root, name }: Task): void {
  if (readSlots(checkoutOf(root), name) !== undefined) startInBackground(caller, ['warm', '--refill', root]);
}
