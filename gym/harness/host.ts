import { constants } from 'node:os';
import { delimiter, isAbsolute } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { ExecOutcome, ExecRequest } from '../environment/environment.ts';
import { killMarked, ownerMark, signal } from '../store/processes.ts';

/** Time between asking a command to end and killing it, so that it can remove what it made. */
const graceMs = 1_000;
/** How long output is awaited after the command and its children are gone: someone else may hold the pipe. */
const drainMs = 1_000;
/** What a shell gives for a command that cannot be started. */
const notFound = 127;

/** A command on the host. */
export interface HostRequest extends ExecRequest {
  readonly workdir: string;
  /** "NAME=value" of the environment by which everything that it starts is found again. */
  readonly marker: string;
}

/**
 * Runs a command in a process group of its own. Whatever it started is killed when it ends, is timed out or is aborted:
 * the group, and on Linux also what left the group.
 */
export async function runOnHost(request: HostRequest): Promise<ExecOutcome> {
  const start = performance.now();
  const durationMs = (): number => performance.now() - start;
  if (request.signal.aborted) return { kind: 'aborted', durationMs: 0 };
  const child = spawn(request);
  child.stdout.on('data', (chunk: Uint8Array) => request.onOutput(chunk, 'stdout'));
  child.stderr.on('data', (chunk: Uint8Array) => request.onOutput(chunk, 'stderr'));
  const exited = new Promise<void>((resolve) => {
    child.nodeChildProcess.once('exit', () => resolve());
    child.nodeChildProcess.once('error', () => resolve());
  });

  let stopped: 'timed-out' | 'aborted' | undefined;
  let killTimer: NodeJS.Timeout | undefined;
  const stop = (why: 'timed-out' | 'aborted'): void => {
    if (stopped !== undefined) return;
    stopped = why;
    killGroup(child.pid, 'SIGTERM');
    killTimer = setTimeout(() => killGroup(child.pid, 'SIGKILL'), graceMs);
  };
  const onAbort = (): void => stop('aborted');
  request.signal.addEventListener('abort', onAbort, { once: true });
  const limitTimer = setTimeout(() => stop('timed-out'), request.timeoutMs);

  await exited;
  const lastedMs = durationMs();
  clearTimeout(limitTimer);
  clearTimeout(killTimer);
  request.signal.removeEventListener('abort', onAbort);
  killGroup(child.pid, 'SIGKILL');
  await killMarked(request.marker);
  await Promise.race([child, sleep(drainMs, undefined, { ref: false })]);
  child.stdout.destroy();
  child.stderr.destroy();
  const result = await child;

  if (stopped !== undefined) return { kind: stopped, durationMs: lastedMs };
  if (child.pid === undefined) request.onOutput(Buffer.from(`gym: ${result.message ?? 'cannot start'}\n`), 'stderr');
  return { kind: 'exited', exitCode: result.exitCode ?? signalCode(result.signal), durationMs: lastedMs };
}

/**
 * Variables by which the programs that a stage names are those of the machine: no folder of the workspace is searched because the PATH has a relative one,
 * and npm and pnpm run scripts by the system's shell, not by one that the workspace's `.npmrc` names or that lies in its `node_modules/.bin`.
 */
export function plainPrograms({ PATH = '' }: NodeJS.ProcessEnv): Record<string, string> {
  const folders = PATH.split(delimiter).filter((folder) => isAbsolute(folder));
  return { PATH: folders.join(delimiter), npm_config_script_shell: '/bin/sh' };
}

function spawn(request: HostRequest) {
  const [file = '', ...args] = request.command;
  const [name = '', value = ''] = split(request.marker);
  return execa(file, args, {
    cwd: request.workdir,
    env: { ...request.env, [name]: value, ...ownerMark() },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    encoding: 'buffer',
    buffer: false,
    reject: false,
    // In a group of its own, which is killed when gym exits in the middle of it.
    killDescendants: true,
  });
}

const split = (marker: string): string[] => [
  marker.slice(0, marker.indexOf('=')),
  marker.slice(marker.indexOf('=') + 1),
];

function killGroup(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid !== undefined) signal(-pid, name);
}

/** As shells tell it: 128 and the number of the signal. */
function signalCode(name: string | undefined): number {
  const number = Object.entries(constants.signals).find(([key]) => key === name)?.[1];
  return number === undefined ? notFound : 128 + number;
}
