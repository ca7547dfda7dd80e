import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { demultiplex } from './demux.ts';
import type { Engine } from './engine.ts';
import type { ExecOutcome, ExecRequest } from './environment.ts';

/** The container that a command runs in. */
export interface ExecTarget {
  readonly engine: Engine;
  readonly id: string;
  readonly service: string;
}

/** Tells the command's process id (which the engine makes the leader of a session of its own), then becomes the command. */
const announce = 'echo "$$"; exec "$@"';
/**
 * Kills every process of the session $1, until none is left. By /proc alone: nothing but a shell has to be in the image.
 * proc_pid_stat(5): after the name in brackets come state, parent, group, session.
 */
const killSession = `
p=$1; n=0
while [ $n -lt 20 ]; do
  n=$((n+1)); found=
  for d in /proc/[0-9]*; do
    s=; { read -r s <"$d/stat"; } 2>/dev/null
    s=\${s##*) }; set -- $s
    if [ "$4" = "$p" ] && [ "$1" != Z ]; then found=1; kill -9 "\${d#/proc/}" 2>/dev/null; fi
  done
  if [ -z "$found" ]; then break; fi
done`;
const killLimitMs = 10_000;

/** Runs a command in a container. It ends in one of four ways; a command that is cut short leaves no process behind. */
export async function runExec(target: ExecTarget, request: ExecRequest): Promise<ExecOutcome> {
  const startedAt = performance.now();
  const durationMs = (): number => performance.now() - startedAt;
  if (request.signal.aborted) return { kind: 'aborted', durationMs: 0 };
  const cut = new AbortController();
  const timer = setTimeout(() => cut.abort('timed-out'), request.timeoutMs);
  const onAbort = (): void => cut.abort('aborted');
  request.signal.addEventListener('abort', onAbort, { once: true });
  try {
    const ending = await drive(target, request, cut.signal);
    return ending.kind === 'cut'
      ? { kind: cut.signal.reason === 'timed-out' ? 'timed-out' : 'aborted', durationMs: durationMs() }
      : { ...ending, durationMs: durationMs() };
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener('abort', onAbort);
  }
}

type Ending = { kind: 'exited'; exitCode: number } | { kind: 'cut' } | { kind: 'lost'; because: string };

async function drive(target: ExecTarget, request: ExecRequest, cut: AbortSignal): Promise<Ending> {
  const started = await start(target, request, ['sh', '-c', announce, 'sh', ...request.command]);
  if (!started.ok) return notStarted(target, request, started.status, started.problems[0].message);
  const { exec, stream } = started.value;
  const reading = read(stream, request);
  const ended = reading.done.then(() => 'ended' as const);
  const cutShort = new Promise<'cut'>((resolve) => {
    if (cut.aborted) resolve('cut');
    cut.addEventListener('abort', () => resolve('cut'), { once: true });
  });
  if ((await Promise.race([ended, cutShort])) === 'ended') return endingOf(target, exec);

  const pid = await Promise.race([reading.pid, sleep(1000, undefined, { ref: false })]);
  if (pid !== undefined) await kill(target, pid);
  await Promise.race([reading.done, sleep(2000, undefined, { ref: false })]);
  if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy();
  return { kind: 'cut' };
}

type Started = { exec: Dockerode.Exec; stream: NodeJS.ReadableStream };

function start({ engine, id, service }: ExecTarget, request: Partial<ExecRequest>, command: readonly string[]) {
  return engine.call(`running a command in ${service}`, async (): Promise<Started> => {
    const exec = await engine.docker.getContainer(id).exec({
      Cmd: [...command],
      AttachStdout: true,
      AttachStderr: true,
      Env: Object.entries(request.env ?? {}).map(([name, value]) => `${name}=${value}`),
      ...(request.workdir !== undefined && { WorkingDir: request.workdir }),
      ...(request.user !== undefined && { User: request.user }),
    });
    return { exec, stream: await exec.start({ Detach: false, Tty: false }) };
  });
}

/** 404 and 409: the container is gone or does not run. What else the engine refuses is the command's fault, as with the docker CLI. */
function notStarted(target: ExecTarget, request: ExecRequest, status: number | undefined, message: string): Ending {
  if (status === undefined || status === 404 || status === 409) return { kind: 'lost', because: message };
  request.onOutput(Buffer.from(`${target.service}: ${message}\n`), 'stderr');
  return { kind: 'exited', exitCode: 126 };
}

/** Hands the output on, without the first line, which is the process id. */
function read(
  stream: NodeJS.ReadableStream,
  request: ExecRequest,
): { done: Promise<void>; pid: Promise<number | undefined> } {
  let announced = '';
  let pid: number | undefined;
  const known = Promise.withResolvers<number | undefined>();
  const consume = async (): Promise<void> => {
    for await (const piece of demultiplex(Readable.from(stream))) {
      if (pid !== undefined || piece.stream === 'stderr') {
        request.onOutput(piece.bytes, piece.stream);
        continue;
      }
      const end = piece.bytes.indexOf(10);
      announced += Buffer.from(end < 0 ? piece.bytes : piece.bytes.subarray(0, end)).toString('latin1');
      if (end < 0) continue;
      pid = Number(announced);
      known.resolve(pid);
      if (end + 1 < piece.bytes.length) request.onOutput(piece.bytes.subarray(end + 1), 'stdout');
    }
  };
  const done = consume()
    .catch(() => undefined)
    .finally(() => known.resolve(undefined));
  return { done, pid: known.promise };
}

/** The stream has ended: by the command's end, or because the container or the engine went away. */
async function endingOf(target: ExecTarget, exec: Dockerode.Exec): Promise<Ending> {
  // The stream may end a moment before the engine has noted the exit code.
  for (let waitMs = 2; waitMs < 2000; waitMs *= 2) {
    const inspected = await target.engine.call('looking at a command', () => exec.inspect());
    if (!inspected.ok) return { kind: 'lost', because: await lostBecause(target, inspected.problems[0].message) };
    const { ExitCode: exitCode, Running: running } = inspected.value;
    if (!running && exitCode !== null) {
      // 137: killed; with the service, perhaps.
      const because = exitCode === 137 ? await deathOf(target) : undefined;
      return because === undefined ? { kind: 'exited', exitCode } : { kind: 'lost', because };
    }
    await sleep(waitMs);
  }
  return { kind: 'lost', because: await lostBecause(target, 'the connection to the command was lost') };
}

async function lostBecause(target: ExecTarget, otherwise: string): Promise<string> {
  return (await deathOf(target)) ?? otherwise;
}

/** Why the service does not run; `undefined`: it does. */
async function deathOf({ engine, id, service }: ExecTarget): Promise<string | undefined> {
  // A killed container's commands end before the engine has noted its own end.
  for (let waitMs = 5; waitMs < 100; waitMs *= 3) {
    const inspected = await engine.call(`looking at ${service}`, () => engine.docker.getContainer(id).inspect());
    if (!inspected.ok) {
      return inspected.status === 404 ? `service ${service} was removed` : inspected.problems[0].message;
    }
    const { Running: running, ExitCode: exitCode } = inspected.value.State;
    if (!running) return `service ${service} died (exit code ${exitCode}) while the command ran`;
    await sleep(waitMs);
  }
  return undefined;
}

async function kill(target: ExecTarget, pid: number): Promise<void> {
  const started = await start(target, { user: '0' }, ['sh', '-c', killSession, 'sh', String(pid)]);
  if (!started.ok) return;
  const { stream } = started.value;
  const drained = new Promise<void>((resolve) => {
    stream.once('end', resolve).once('error', resolve).once('close', resolve).resume();
  });
  await Promise.race([drained, sleep(killLimitMs, undefined, { ref: false })]);
}
