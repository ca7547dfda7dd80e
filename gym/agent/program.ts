import { accessSync, constants, createWriteStream, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { failed, ok, type Result } from '../events/problem.ts';
import { killMarked, ownerMark } from '../store/processes.ts';
import { withoutRepository } from '../workspace/git.ts';

/** An agent's program and how it is run. */
export interface ProgramRequest {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** On top of the environment of gym. */
  readonly env: Readonly<Record<string, string>>;
  readonly input: string;
  /** The marker of all its processes. */
  readonly loop: string;
  readonly logFile: string;
  readonly signal: AbortSignal;
  /** Asks it to stop; what has not stopped after a few seconds is killed. */
  readonly stopSignal: 'SIGINT' | 'SIGTERM';
  readonly onLine: (line: string) => void;
}

/** How a program ended. */
export interface ProgramEnd {
  /** Null when it was killed or could not be started. */
  readonly exitCode: number | null;
  /** The last lines that it wrote on stderr, or why it could not be started. */
  readonly tail: string;
}

const stopGraceMs = 3000;
/** How long output may still come after the program and its leftovers have ended. */
const drainMs = 2000;
const tailCharacters = 1500;

/**
 * Runs a program in a process group of its own, hands on its lines, and leaves no process of it behind: agents start
 * shells in sessions of their own, which are found by the marker in their environment.
 */
export async function runProgram(request: ProgramRequest): Promise<ProgramEnd> {
  const { file, args, cwd, loop, input, signal, stopSignal, onLine } = request;
  const log = createWriteStream(request.logFile, { flags: 'a' });
  const env = { ...withoutRepository(process.env), ...request.env, GYM_RUN_ID: loop, ...ownerMark() };
  const child = execa(file, args, {
    cwd,
    env,
    extendEnv: false,
    input,
    buffer: false,
    reject: false,
    killDescendants: true,
  });
  let tail = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log.write(chunk);
    tail = (tail + chunk.toString()).slice(-tailCharacters);
  });
  const lines = createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY });
  lines.on('line', (line) => {
    log.write(`${line}\n`);
    onLine(line);
  });
  const stop = (): void => {
    child.kill(stopSignal);
    setTimeout(() => child.kill('SIGKILL'), stopGraceMs).unref();
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  // A leftover that holds the output open would keep it from ending.
  child.nodeChildProcess.once('exit', () => {
    void killLeftovers(loop).then(() => setTimeout(() => child.stdout.destroy(), drainMs).unref());
  });
  const result = await child;
  signal.removeEventListener('abort', stop);
  await killLeftovers(loop);
  await new Promise<void>((resolve) => log.end(resolve));
  return { exitCode: result.exitCode ?? null, tail: tail.trim() || (result.originalMessage ?? '') };
}

/** Kills every process that an agent of the loop left behind; gives those that would not go. */
export function killLeftovers(loop: string): Promise<readonly number[]> {
  return killMarked(`GYM_RUN_ID=${loop}`);
}

/** Finds an agent's program: the path that a variable of the environment names, or its name on the PATH. */
export function findProgram(name: string, variable: string, remedy: string, env: NodeJS.ProcessEnv): Result<string> {
  const named = env[variable];
  if (named !== undefined && named !== '') {
    return isProgram(named)
      ? ok(named)
      : failed({ kind: 'environment', message: `${variable} names ${named}, which is no program`, remedy });
  }
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = folders.map((folder) => join(folder, name)).find(isProgram);
  if (found !== undefined) return ok(found);
  return failed({
    kind: 'environment',
    message: `${name} is not on the PATH`,
    remedy: `${remedy}, or name it with ${variable}=/path/to/${name}`,
  });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
