import { failed, ok, type Result } from '../events/problem.ts';
import { type Lock, lockHolder, tryLock } from '../store/lock.ts';
import { pidOf } from '../store/owner.ts';

const name = 'owner';

/** Takes a loop for this process, until it is released or the process ends. */
export function takeLoop(directory: string, loop: string): Result<Lock> {
  const taken = tryLock(directory, name);
  if ('lock' in taken) return ok(taken.lock);
  const pid = pidOf(taken.holder) ?? '?';
  return failed({
    kind: 'usage',
    message: `the loop ${loop} is under way in process ${pid}`,
    remedy: `wait for it, or end it first: kill ${pid}`,
  });
}

/** Whether some process runs the loop of a folder. */
export function isTaken(directory: string): boolean {
  return lockHolder(directory, name) !== undefined;
}
