import { spawn } from 'node:child_process';
import { readSlots } from '../../store/slots.ts';
import { checkoutOf } from '../../store/store.ts';
import { entryFile } from '../../task/entry.ts';
import type { Context } from '../context.ts';

/** Makes what is kept warm, waits in a shell for the end of the pipe (the watch is gone, however it went), and removes it. */
const keeping = '"$1" "$2" warm "$3" </dev/null; read -r line; exec "$1" "$2" warm "$4" --end "$5"';

/**
 * Keeps a task warm as long as this process lives, unless somebody keeps it warm already: the networks of its next environment wait ready-made.
 * The process that sees to it is in a session of its own, so that neither Ctrl-C nor a kill of this one reaches it.
 */
export function keepWarm({ env }: Pick<Context, 'env'>, root: string, task: string): void {
  const checkout = checkoutOf(root);
  if (readSlots(checkout, task) !== undefined) return;
  const words = [process.execPath, entryFile('gym'), root, task, checkout];
  const child = spawn('sh', ['-c', keeping, 'gym-watch', ...words], {
    // Not in the checkout: that may be gone by then.
    ...{ cwd: '/', env },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without a shell nothing is warm.
  child.on('error', () => undefined);
  child.unref();
  if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
}
