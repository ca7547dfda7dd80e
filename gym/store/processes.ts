import { readdirSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownerState, ownersHere, thisOwner } from './owner.ts';

/** How long killed processes may take to go; the kernel needs milliseconds unless one hangs in a device. */
const goneMs = 2_000;
const roundMs = 10;

/** Variable in the environment of every process that a gym starts on this machine to run others' code: whose it is. */
const ownerVariable = 'GYM_OWNER';

/** Marks a process to be started, and all that it starts, as this gym's: `killOrphans` finds them when it is gone. */
export function ownerMark(): Record<string, string> {
  return { [ownerVariable]: thisOwner() };
}

/**
 * Processes of this user that have `marker` ("NAME=value") in their environment, this one and those of its ancestors left
 * out. Children inherit it, whatever session or process group they move to. Linux only (proc(5)); elsewhere none is found.
 */
export function listMarked(marker: string): number[] {
  return listProcesses((variables) => variables.includes(marker));
}

/**
 * Kills them, again and again until none is left, because one may start another meanwhile.
 * Gives the processes that were still there when it gave up, after two seconds.
 */
export function killMarked(marker: string): Promise<readonly number[]> {
  return killAll(() => listMarked(marker));
}

/** Kills the processes of gyms that are gone, as `killMarked` does: what a kill -9 of a gym left running. */
export function killOrphans(): Promise<readonly number[]> {
  // Those of another boot or namespace are somebody else's: the mark came with an environment that was passed on.
  const prefix = `${ownerVariable}=${ownersHere()}`;
  const isOrphan = (variables: readonly string[]): boolean => {
    const owner = variables.find((variable) => variable.startsWith(prefix));
    return owner !== undefined && ownerState(owner.slice(ownerVariable.length + 1)) === 'gone';
  };
  return killAll(() => listProcesses(isOrphan));
}

/** Kills the processes of one gym, as `killMarked` does. */
export function killOwned(owner: string): Promise<readonly number[]> {
  return killMarked(`${ownerVariable}=${owner}`);
}

function listProcesses(accept: (variables: readonly string[]) => boolean): number[] {
  if (process.platform !== 'linux') return [];
  const spared = ancestors(process.pid);
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => !spared.has(pid) && accept(variablesOf(pid)));
}

async function killAll(list: () => readonly number[]): Promise<readonly number[]> {
  const deadline = performance.now() + goneMs;
  for (;;) {
    const left = list();
    if (left.length === 0 || performance.now() > deadline) return left;
    for (const pid of left) signal(pid, 'SIGKILL');
    await sleep(roundMs);
  }
}

/** Sends a signal to a process, or with a negative number to a group; false when there is none. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** Variables of a process of this user, as "NAME=value"; none of one that ended meanwhile, or may not be looked into. */
function variablesOf(pid: number): readonly string[] {
  try {
    if (statSync(`/proc/${pid}`).uid !== process.getuid?.()) return [];
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function ancestors(pid: number): Set<number> {
  const found = new Set<number>();
  for (let at = pid; at > 0 && !found.has(at); at = parentOf(at)) found.add(at);
  return found;
}

/** Field 4 of proc_pid_stat(5); the name before it may hold blanks and brackets. 0: there is no such process. */
function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}
