import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { demultiplex } from './demux.ts';
import type { Answer, Engine } from './engine.ts';
import type { ExecOutcome, ExecRequest } from './environment.ts';
import { killFromHost, killInside } from './kill.ts';
import { Refusable, type Refusal, refusalOf } from './refusal.ts';

/** The container that a command runs in. */
export interface ExecTarget {
  readonly engine: Engine;
  readonly id: string;
  readonly service: string;
}

/** Tells the command's process id (which the engine makes the leader of a session of its own), then becomes the command. */
const announce = 'echo "$$"; exec "$@"';

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
  const announced = await start(target, request, ['sh', '-c', announce, 'sh', ...request.command]);
  if (!announced.ok) return await notStarted(target, request, announced);
  const first = read(announced.value.stream, request, true);
  const ending = await wait(target, announced.value, first, cut);
  const swallowed = first.swallowed();
  if (ending.kind !== 'exited' || swallowed === '') return ending;
  // No number came: there is no shell in the image. The command itself is all that can be run.
  if (!/"?sh"?: executable file not found/.test(swallowed)) return refused(target, request, refusalOf(swallowed));
  const plain = await start(target, request, request.command);
  if (!plain.ok) return await notStarted(target, request, plain);
  const out = new Refusable((bytes) => request.onOutput(bytes, 'stdout'));
  const onOutput: ExecRequest['onOutput'] = (bytes, stream) => {
    if (stream === 'stdout') out.take(bytes);
    else request.onOutput(bytes, stream);
  };
  const plainEnding = await wait(target, plain.value, read(plain.value.stream, { ...request, onOutput }, false), cut);
  const mayBeRefused = plainEnding.kind === 'exited' && (plainEnding.exitCode === 126 || plainEnding.exitCode === 127);
  const refusal = out.end(!mayBeRefused);
  return refusal === undefined ? plainEnding : refused(target, request, refusal);
}

type Started = { readonly exec: Dockerode.Exec; readonly stream: NodeJS.ReadableStream };

function start(
  { engine, id, service }: ExecTarget,
  request: ExecRequest,
  command: readonly string[],
): Promise<Answer<Started>> {
  return engine.call(`running a command in ${service}`, async () => {
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
async function notStarted(
  target: ExecTarget,
  request: ExecRequest,
  answer: Answer<unknown> & { ok: false },
): Promise<Ending> {
  const { status } = answer;
  const { message } = answer.problems[0];
  if (status === undefined) return { kind: 'lost', because: message };
  if (status === 404 || status === 409) return { kind: 'lost', because: await lostBecause(target, message) };
  return refused(target, request, refusalOf(message));
}

/** An engine refuses a command for a container that has just ended too, in words of its own. */
async function refused(target: ExecTarget, request: ExecRequest, { exitCode, message }: Refusal): Promise<Ending> {
  const death = await deathOf(target);
  if (death !== undefined) return { kind: 'lost', because: death };
  request.onOutput(Buffer.from(`${target.service}: ${message}\n`), 'stderr');
  return { kind: 'exited', exitCode };
}

interface Reading {
  readonly done: Promise<void>;
  /** The command's number in its container; `undefined` where it is not told. */
  readonly pid: Promise<number | undefined>;
  /** What came in place of the number. */
  swallowed(): string;
}

/** Hands the output on; without its first line where that is the process id. */
function read(stream: NodeJS.ReadableStream, request: ExecRequest, announced: boolean): Reading {
  let firstLine = '';
  const before: Uint8Array[] = [];
  let told = !announced;
  const pid = Promise.withResolvers<number | undefined>();
  const consume = async (): Promise<void> => {
    for await (const piece of demultiplex(Readable.from(stream))) {
      if (told) {
        request.onOutput(piece.bytes, piece.stream);
        continue;
      }
      // Before the number only the engine speaks: Docker on stdout, Podman on stderr.
      if (piece.stream === 'stderr') {
        before.push(piece.bytes);
        continue;
      }
      const end = piece.bytes.indexOf(10);
      firstLine += Buffer.from(end < 0 ? piece.bytes : piece.bytes.subarray(0, end)).toString('latin1');
      if (end < 0) continue;
      if (!/^\d+$/.test(firstLine)) continue;
      told = true;
      pid.resolve(Number(firstLine));
      for (const bytes of before) request.onOutput(bytes, 'stderr');
      if (end + 1 < piece.bytes.length) request.onOutput(piece.bytes.subarray(end + 1), 'stdout');
    }
  };
  const done = consume()
    .catch(() => undefined)
    .finally(() => pid.resolve(undefined));
  return {
    done,
    pid: pid.promise,
    swallowed: () => (told ? '' : firstLine + Buffer.concat(before).toString('latin1')),
  };
}

/** Waits for the end of a command, or cuts it short. */
async function wait(
  target: ExecTarget,
  { exec, stream }: Started,
  reading: Reading,
  cut: AbortSignal,
): Promise<Ending> {
  const ended = reading.done.then(() => 'ended' as const);
  const cutShort = new Promise<'cut'>((resolve) => {
    if (cut.aborted) resolve('cut');
    cut.addEventListener('abort', () => resolve('cut'), { once: true });
  });
  if ((await Promise.race([ended, cutShort])) === 'ended') return endingOf(target, exec);

  const pid = await Promise.race([reading.pid, sleep(500, undefined, { ref: false })]);
  if (pid === undefined) await killFromHost(target.engine, target.id, exec);
  else await killInside(target.engine, target.id, pid);
  await Promise.race([reading.done, sleep(2000, undefined, { ref: false })]);
  if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy();
  return { kind: 'cut' };
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
    if (!running) return `service ${service} is not running: it ended with exit code ${exitCode}`;
    await sleep(waitMs);
  }
  return undefined;
}
