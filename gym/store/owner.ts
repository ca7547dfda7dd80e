import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { sha256 } from './sha256.ts';

/**
 * What an owner is to this process. `gone` is only said where it is sure; `elsewhere`: it cannot be seen from here and may
 * well live; `nobody`: the text was not written by `ownerOf`.
 */
export type OwnerState = 'alive' | 'gone' | 'elsewhere' | 'nobody';

/**
 * Who a process is: `MACHINE.BOOT.NAMESPACE:PID:START`. The start time tells a process from a later one that got its
 * number; boot and pid namespace tell whose numbers these are (a container's are not the host's). It stands in labels on
 * the engine, in variables of processes and in the store. `undefined`: there is no such process.
 */
export function ownerOf(pid: number): string | undefined {
  const start = startTime(pid);
  return start === undefined ? undefined : `${ownersHere()}${pid}:${start}`;
}

let known: string | undefined;

/** The owner that this process is. */
export function thisOwner(): string {
  known ??= ownerOf(process.pid) ?? `${ownersHere()}${process.pid}:0`;
  return known;
}

/** Process number of an owner, in its own namespace; `undefined`: the text names nobody. */
export function pidOf(owner: string): number | undefined {
  return parse(owner)?.pid;
}

/** Whether an owner still lives, as far as this process can see. */
export function ownerState(owner: string): OwnerState {
  const parsed = parse(owner);
  if (parsed === undefined) return 'nobody';
  const here = thisHost();
  // No process outlives a boot of its machine.
  if (parsed.boot !== here.boot) return parsed.machine === here.machine ? 'gone' : 'elsewhere';
  if (parsed.namespace !== here.namespace) return 'elsewhere';
  return startTime(parsed.pid) === parsed.start ? 'alive' : 'gone';
}

/** What every owner begins with whose process number is one of those seen from here. */
export function ownersHere(): string {
  const { machine, boot, namespace } = thisHost();
  return `${machine}.${boot}.${namespace}:`;
}

interface Host {
  readonly machine: string;
  readonly boot: string;
  readonly namespace: string;
}

function parse(owner: string): (Host & { readonly pid: number; readonly start: string }) | undefined {
  const [, machine, boot, namespace, pid, start] = /^([^.:]+)\.([^.:]+)\.([^.:]+):(\d+):([^:]+)$/.exec(owner) ?? [];
  if (machine === undefined || boot === undefined || namespace === undefined || start === undefined) return undefined;
  return { machine, boot, namespace, pid: Number(pid), start };
}

let host: Host | undefined;

function thisHost(): Host {
  if (host !== undefined) return host;
  const machine = `${readOr('/etc/machine-id')}${hostname()}`;
  const boot = readOr('/proc/sys/kernel/random/boot_id') || run('sysctl', '-n', 'kern.bootsessionuuid');
  // Where the system does not tell, boots of different machines must not look the same.
  host = { machine: short(machine), boot: short(boot || machine), namespace: pidNamespace() };
  return host;
}

/** Start time in the system's own unit; `undefined` where there is no such process, or only what is left of one (a zombie). */
function startTime(pid: number): string | undefined {
  if (process.platform !== 'linux')
    return run('ps', '-o', 'lstart=', '-p', String(pid)).replace(/\W+/g, '') || undefined;
  const stat = readOr(`/proc/${pid}/stat`);
  // proc_pid_stat(5): fields 3 (state) and 22 (start time); the name before them may hold blanks and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

function short(text: string): string {
  return sha256(text).slice(0, 12);
}

function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

function run(program: string, ...args: string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}
