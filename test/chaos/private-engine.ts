import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from '../support/repository.ts';

/** A Docker engine of the test's own, beside the machine's: one that may be killed. */
export interface PrivateEngine extends AsyncDisposable {
  /** Value for DOCKER_HOST. */
  readonly host: string;
  /** What the docker CLI prints of it. */
  docker(...args: string[]): string;
  /** Ends it as a crash does, and starts it again. */
  crashAndRestart(): Promise<void>;
  /** Stops it as a debugger does: it is there, and answers nothing until `thaw`. */
  freeze(): void;
  thaw(): void;
}

const startLimitMs = 60_000;

/** Why there can be none; undefined: there can. */
export function whyNoEngine(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux can start a second engine';
  try {
    execFileSync('dockerd', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'there is no dockerd on this machine';
  }
}

/** Starts one that has an image of the machine's engine, in a network namespace of its own. */
export async function privateEngine(image: string): Promise<PrivateEngine> {
  const folder = temporaryFolder();
  const path = (name: string): string => join(folder.path, name);
  const host = `unix://${path('sock')}`;
  writeFileSync(path('daemon.json'), '{}');
  mkdirSync(path('exec'));
  const folders = ['--data-root', path('data'), '--exec-root', path('exec'), '--pidfile', path('pid')];
  const args = ['--net', 'dockerd', '--config-file', path('daemon.json'), ...folders, '--host', host];
  const docker = (...command: string[]): string =>
    execFileSync('docker', ['--host', host, ...command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  let daemon: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    // It refuses to start where the number in one of these is that of a process, if only of what is left of one.
    for (const file of ['pid', 'exec/containerd/containerd.pid']) rmSync(path(file), { force: true });
    // Engines of one network namespace remove each other's bridges and rules. This one has none with anybody; `unshare` becomes it.
    daemon = spawn('unshare', args, { stdio: 'ignore' });
    const until = performance.now() + startLimitMs;
    for (;;) {
      try {
        docker('version');
        return;
      } catch (error) {
        if (daemon.exitCode !== null || performance.now() > until) throw error;
        await sleep(100);
      }
    }
  };
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (daemon === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const ended = once(daemon, 'exit');
    daemon.kill(signal);
    await ended;
  };
  const dispose = async (): Promise<void> => {
    daemon?.kill('SIGCONT');
    // Bridges and containers' processes outlive their engine.
    const names = (...command: string[]): string[] =>
      docker(...command)
        .split('\n')
        .filter((name) => name !== '');
    for (const id of names('ps', '--all', '--quiet')) docker('rm', '--force', '--volumes', id);
    for (const id of names('network', 'ls', '--quiet', '--filter', 'type=custom')) docker('network', 'rm', id);
    await stop('SIGTERM');
    execFileSync('sh', ['-c', 'grep -o " $1[^ ]*" /proc/mounts | sort -r | xargs -r umount --lazy', 'sh', folder.path]);
    folder[Symbol.dispose]();
  };
  try {
    await start();
    execFileSync('sh', ['-c', 'docker save "$1" | docker --host "$2" load', 'sh', image, host], { stdio: 'ignore' });
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    host,
    docker,
    async crashAndRestart() {
      await stop('SIGKILL');
      await start();
    },
    freeze: () => void daemon?.kill('SIGSTOP'),
    thaw: () => void daemon?.kill('SIGCONT'),
    [Symbol.asyncDispose]: dispose,
  };
}
