import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import { ownerState, pidOf, thisOwner } from '../store/owner.ts';

/** Says that this process runs a loop, until it is released or the process ends. */
export interface Ownership {
  release(): void;
}

/**
 * Takes a loop for this process. Each owner makes the file after the last one (`owner.1`, `owner.2`, …) with a link, which
 * fails when it is there already: so of two that find the last owner dead, one gets it.
 */
export function takeLoop(directory: string, loop: string): Result<Ownership> {
  const last = lastOwner(directory);
  if (last !== undefined && ownerState(last.owner) === 'alive') return taken(loop, last.owner);
  const file = join(directory, `owner.${(last?.number ?? 0) + 1}`);
  const own = join(directory, `owner-of-${process.pid}.tmp`);
  writeFileSync(own, thisOwner());
  try {
    linkSync(own, file);
  } catch {
    return taken(loop, lastOwner(directory)?.owner ?? '');
  } finally {
    rmSync(own, { force: true });
  }
  return ok({ release: () => rmSync(file, { force: true }) });
}

/** Whether some process runs the loop of a folder. */
export function isTaken(directory: string): boolean {
  const last = lastOwner(directory);
  return last !== undefined && ownerState(last.owner) === 'alive';
}

function lastOwner(directory: string): { number: number; owner: string } | undefined {
  const numbers = readdirSync(directory).flatMap((name) => /^owner\.(\d+)$/.exec(name)?.[1] ?? []);
  if (numbers.length === 0) return undefined;
  const number = Math.max(...numbers.map(Number));
  return { number, owner: readFileSync(join(directory, `owner.${number}`), 'utf8') };
}

function taken(loop: string, owner: string): Result<never> {
  const pid = pidOf(owner) ?? '?';
  return failed({
    kind: 'usage',
    message: `the loop ${loop} is under way in process ${pid}`,
    remedy: `wait for it, or end it first: kill ${pid}`,
  });
}
