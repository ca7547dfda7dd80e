import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Event, event } from '../../../gym/events/event.ts';

/** Top folder of gym's own repository. */
export const repository = join(import.meta.dirname, '../../..');
/** The program under test, as it is built before the tests run. */
export const program = join(repository, 'dist/gym.js');

/** How a gym ended. */
export interface GymEnd {
  /** Null: it was killed. */
  readonly exitCode: number | null;
  readonly stdout: string;
  /** Without that it could not remove networks of whoever else, whose endpoints the engine has lost count of (see `isMiscounted`). */
  readonly stderr: string;
}

const miscounted = /^error: removing network \w+: .* though no container is on it\n.*\n/gm;

/** A gym that runs. */
export interface RunningGym {
  readonly child: ChildProcess;
  readonly end: Promise<GymEnd>;
  /** Waits for an event of `--json=stream`; throws with what gym printed when it ends without it. */
  saw(isMeant: (event: Event) => boolean): Promise<Event>;
}

const printing =
  /^(?:FORCE_COLOR|AI_AGENT|CLAUDE_?CODE|CURSOR_AGENT|GEMINI_CLI|OPENCODE|CODEX_SANDBOX|CODEX_THREAD_ID)$/;
/** This process's environment without what changes how gym prints: who runs the tests may be an agent. */
export const ownEnv: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !printing.test(name)),
);

/** Starts gym in a folder. It sees this process's environment, but for how to print, with `env` on top, and no terminal. */
export function startGym(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningGym {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { ...ownEnv, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  let ended: GymEnd | undefined;
  const end = new Promise<GymEnd>((resolve) => {
    child.once('close', (exitCode) => {
      ended = { exitCode, stdout, stderr: stderr.replace(miscounted, '') };
      resolve(ended);
    });
  });
  const saw = async (isMeant: (event: Event) => boolean): Promise<Event> => {
    for (;;) {
      const found = eventsOf(stdout.slice(0, stdout.lastIndexOf('\n') + 1)).find(isMeant);
      if (found !== undefined) return found;
      if (ended !== undefined) throw new Error(`gym ended (${ended.exitCode}) before that:\n${stdout}\n${stderr}`);
      await sleep(20);
    }
  };
  return { child, end, saw };
}

/** Runs gym to its end. */
export function gym(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<GymEnd> {
  return startGym(cwd, args, env).end;
}

/** The events that `--json=stream` printed; a line that is none throws. */
export function eventsOf(stdout: string): Event[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => event.parse(JSON.parse(line)));
}
