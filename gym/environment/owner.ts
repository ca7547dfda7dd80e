import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Who holds an environment: `MACHINE.BOOT.NAMESPACE:PID:START`. The start time tells a process from a later one that got its number;
 * boot and pid namespace tell whose numbers these are (a container's are not the host's).
 */
export interface Owner {
  readonly machine: string;
  readonly boot: string;
  readonly namespace: string;
  readonly pid: number;
  readonly start: string;
}

/** `gone` is only said where it is sure; `elsewhere` means that it cannot be seen from here. */
export type OwnerState = 'alive' | 'gone' | 'elsewhere';

/** The owner that this process is. */
export function thisOwner(): Owner {
  return { ...thisHost(), pid: process.pid, start: processStart(process.pid) ?? '0' };
}

/** The owner that another process of this machine is; undefined: there is no such process. */
export function ownerOf(pid: number): Owner | undefined {
  const start = processStart(pid);
  return start === undefined ? undefined : { ...thisHost(), pid, start };
}

/** As in the label. */
export function ownerText(owner: Owner): string {
  return `${owner.machine}.${owner.boot}.${owner.namespace}:${owner.pid}:${owner.start}`;
}

/** `undefined`: not written by `ownerText`. */
export function parseOwner(text: string): Owner | undefined {
  const match = /^([^.:]+)\.([^.:]+)\.([^.:]+):(\d+):([^:]+)$/.exec(text);
  const [, machine, boot, namespace, pid, start] = match ?? [];
  if (machine === undefined || boot === undefined || namespace === undefined || start === undefined) return undefined;
  return { machine, boot, namespace, pid: Number(pid), start };
}

/** Whether the owner still lives, as far as this process can see. */
export function ownerState(owner: Owner): OwnerState {
  const here = thisHost();
  if (owner.machine !== here.machine) return 'elsewhere';
  // No process outlives a boot of its machine.
  if (owner.boot !== here.boot) return 'gone';
  if (owner.namespace !== here.namespace) return 'elsewhere';
  return processStart(owner.pid) === owner.start ? 'alive' : 'gone';
}

type Host = Pick<Owner, 'machine' | 'boot' | 'namespace'>;
let knownHost: Host | undefined;

function thisHost(): Host {
  knownHost ??= {
    machine: short(`${readOr('/etc/machine-id')}${hostname()}`),
    boot: short(readOr('/proc/sys/kernel/random/boot_id') || run('sysctl', '-n', 'kern.bootsessionuuid')),
    namespace: pidNamespace(),
  };
  return knownHost;
}

/** Start time in the system's own unit; `undefined` where there is no such process, or only what is left of one. */
function processStart(pid: number): string | undefined {
  if (process.platform !== 'linux')
    return run('ps', '-o', 'lstart=', '-p', String(pid)).replace(/\W+/g, '') || undefined;
  const stat = readOr(`/proc/${pid}/stat`);
  // proc(5): fields 3 (state) and 22 (start time); the name before them may hold blanks and brackets.
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
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
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
