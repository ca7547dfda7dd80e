import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long killed processes may take to go; the kernel needs milliseconds unless one hangs in a device. */
const goneMs = 2_000;
const roundMs = 10;

/** Variable in the environment of every process that a gym starts on this machine to run others' code: whose it is. */
const ownerVariable = 'GYM_OWNER';

/** Marks a process to be started, and all that it starts, as this gym's: `killOrphans` finds them when it is gone. */
export function ownerMark(): Record<string, string> {
  return { [ownerVariable]: ownerOf(process.pid) ?? '' };
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
  const prefix = `${ownerVariable}=${bootId()}:`;
  const isOrphan = (variables: readonly string[]): boolean => {
    const owner = variables.find((variable) => variable.startsWith(prefix));
    return owner !== undefined && !isAlive(owner.slice(ownerVariable.length + 1));
  };
  return killAll(() => listProcesses(isOrphan));
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

/**
 * Whether an owner is surely gone. One whose process numbers are not those seen from here (in another container) is not:
 * it may well live.
 */
export function isGone(owner: string): boolean {
  const [boot = '', namespace = ''] = (owner.split(':')[0] ?? '').split('.');
  const [thisBoot, thisNamespace] = bootId().split('.');
  // No process outlives a boot.
  return boot !== thisBoot || (namespace === thisNamespace && !isAlive(owner));
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
  if (process.platform !== 'linux') return `${lines('sysctl', '-n', 'kern.bootsessionuuid')}.0`;
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
