import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownerState, thisOwner } from './owner.ts';

/** Says that this process holds something, until it is released or the process ends. */
export interface Lock {
  /** Whether it was taken over from a process that ended without releasing it. */
  readonly tookOver: boolean;
  release(): void;
}

/** A lock, or the living process that has it, as `ownerOf` tells processes. */
export type Taken = { readonly lock: Lock } | { readonly holder: string };

const lookMs = 25;

/**
 * Takes a lock, if no living process has it. Each owner makes the file after the last one (`NAME.1`, `NAME.2`, …) with a link, which fails
 * when it is there already: so of two that find the last owner dead, one gets it. The files of the dead go once it is held; should somebody who
 * has looked before then make a later one, the earlier one holds.
 */
export function tryLock(directory: string, name: string): Taken {
  mkdirSync(directory, { recursive: true });
  const before = ownersOf(directory, name);
  const living = before.find(isAlive);
  if (living !== undefined) return { holder: living.owner };
  const number = Math.max(0, ...before.map((each) => each.number)) + 1;
  const file = join(directory, `${name}.${number}`);
  const own = join(directory, `${name}-of-${process.pid}.tmp`);
  writeFileSync(own, thisOwner());
  try {
    linkSync(own, file);
  } catch (error) {
    const other = ownersOf(directory, name).find(isAlive);
    if (other === undefined && !isThere(error)) throw error;
    return { holder: other?.owner ?? '' };
  } finally {
    rmSync(own, { force: true });
  }
  const release = (): void => rmSync(file, { force: true });
  const earlier = ownersOf(directory, name).filter((each) => each.number < number);
  const holder = earlier.find(isAlive);
  if (holder !== undefined) {
    release();
    return { holder: holder.owner };
  }
  for (const each of earlier) rmSync(join(directory, `${name}.${each.number}`), { force: true });
  return { lock: { tookOver: before.length > 0, release } };
}

/** The living process that has it; undefined: nobody. */
export function lockHolder(directory: string, name: string): string | undefined {
  return ownersOf(directory, name).find(isAlive)?.owner;
}

/** How long a lock is waited for, and who hears of it. */
export interface Waiting {
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** Called once, when another process has it. */
  readonly onWait: (holder: string) => void;
}

/** Takes a lock as soon as it is free; gives who still has it when the time is over or the signal comes. */
export async function waitForLock(
  directory: string,
  name: string,
  { limitMs, signal, onWait }: Waiting,
): Promise<Taken> {
  const until = performance.now() + limitMs;
  let isTold = false;
  for (;;) {
    const taken = tryLock(directory, name);
    if ('lock' in taken || signal.aborted || performance.now() > until) return taken;
    if (!isTold && taken.holder !== '') {
      isTold = true;
      onWait(taken.holder);
    }
    await sleep(lookMs);
  }
}

interface Owner {
  readonly number: number;
  readonly owner: string;
}

const isAlive = ({ owner }: Owner): boolean => ownerState(owner) === 'alive';

function isThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}

function ownersOf(directory: string, name: string): readonly Owner[] {
  return readdirSync(directory).flatMap((entry) => {
    const number = entry.startsWith(`${name}.`) ? entry.slice(name.length + 1) : '';
    if (!/^\d+$/.test(number)) return [];
    try {
      return [{ number: Number(number), owner: readFileSync(join(directory, entry), 'utf8') }];
    } catch {
      // It has just been released.
      return [];
    }
  });
}
