import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { thisOwner } from '../store/owner.ts';

/** What looks after this process while it holds things: a process that outlives it. */
export interface Watchdog {
  /** Says that nothing is held any more: it ends without a look. A process that ends without saying so is cleared up after. */
  end(): void;
}

/**
 * Waits in a shell, which needs a megabyte and no time, for a line (all is in order) or the end of the pipe (this process
 * is gone, however it went). Only then is the program that reaps loaded.
 */
const waiting = 'read -r line || exec "$@"';

/**
 * Starts a process that removes what this one leaves behind when it is gone: containers, networks and volumes with its
 * label, processes with its mark, and faults that it held. It is in a session of its own, so that the terminal's Ctrl-C does not reach it, and
 * it has no mark itself. Costs the spawning of a shell; nothing waits for it.
 */
export function startWatchdog(ambient: Readonly<Record<string, string | undefined>>): Watchdog {
  const program = [process.execPath, '--no-warnings', reaperFile(), thisOwner()];
  const child = spawn('sh', ['-c', waiting, 'gym-watchdog', ...program], {
    cwd: '/',
    // Whoever kills what this gym's own starter has marked must not kill what clears up after it.
    env: Object.fromEntries(Object.entries(ambient).filter(([name]) => !name.startsWith('GYM_'))),
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without a shell there is none: the next gym sweeps.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
  return { end: () => child.stdin.end('\n') };
}

/** An entry of its own: as source, or beside or above the chunk that this became part of. */
function reaperFile(): string {
  const places = ['../fault/reaper.ts', './reaper.js', '../reaper.js'].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  );
  return places.find((place) => existsSync(place)) ?? '';
}
