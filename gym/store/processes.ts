import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long killed processes may take to go; the kernel needs milliseconds unless one hangs in a device. */
const goneMs = 2_000;
const roundMs = 10;

/**
 * Processes of this user that have `marker` ("NAME=value") in their environment, this one and those of its ancestors left
 * out. Children inherit it, whatever session or process group they move to. Linux only (proc(5)); elsewhere none is found.
 */
export function listMarked(marker: string): number[] {
  if (process.platform !== 'linux') return [];
  const spared = ancestors(process.pid);
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => !spared.has(pid) && isMarked(pid, marker));
}

/**
 * Kills them, again and again until none is left, because one may start another meanwhile.
 * Gives the processes that were still there when it gave up, after two seconds.
 */
export async function killMarked(marker: string): Promise<readonly number[]> {
  const deadline = performance.now() + goneMs;
  for (;;) {
    const left = listMarked(marker);
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

/**
 * Who a process is: `<boot id>:<pid>:<start time>`. The start time tells it from a later one that got its number.
 * `undefined`: there is no such process.
 */
export function ownerOf(pid: number): string | undefined {
  const start = startTime(pid);
  return start === undefined ? undefined : `${bootId()}:${pid}:${start}`;
}

/** Whether an owner is still there. Text that `ownerOf` did not write belongs to nobody. */
export function isAlive(owner: string): boolean {
  const pid = /^[^:]+:(\d+):[^:]+$/.exec(owner)?.[1];
  return pid !== undefined && ownerOf(Number(pid)) === owner;
}

function isMarked(pid: number, marker: string): boolean {
  try {
    if (statSync(`/proc/${pid}`).uid !== process.getuid?.()) return false;
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(marker);
  } catch {
    // It ended meanwhile, or it may not be looked into.
    return false;
  }
}

function ancestors(pid: number): Set<number> {
  const found = new Set<number>();
  for (let at = pid; at > 0 && !found.has(at); at = Number(statFields(at)[1] ?? 0)) found.add(at);
  return found;
}

/** Fields of /proc/PID/stat from the third (state) on; the name before them may hold blanks and brackets. */
function statFields(pid: number): string[] {
  const stat = textOf(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Field 22 in clock ticks since boot, or what `ps` says; `undefined` for what is left of an ended process (a zombie). */
function startTime(pid: number): string | undefined {
  if (process.platform !== 'linux')
    return lines('ps', '-o', 'lstart=', '-p', String(pid)).replace(/\W+/g, '') || undefined;
  const fields = statFields(pid);
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

/** The boot, and on Linux the namespace whose numbers these are: a container's are not its host's. */
function bootId(): string {
  if (process.platform !== 'linux') return lines('sysctl', '-n', 'kern.bootsessionuuid') || 'boot';
  const namespace = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  return `${textOf('/proc/sys/kernel/random/boot_id').trim()}.${namespace}`;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function lines(program: string, ...args: string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}
