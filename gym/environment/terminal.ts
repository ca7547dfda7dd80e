import { once } from 'node:events';
import { failed, ok, type Result } from '../events/problem.ts';
import { demultiplex, undivided } from './demux.ts';
import { connectEngine } from './engine.ts';
import { usedContainers } from './kept.ts';
import { killFromHost } from './kill.ts';
import { label } from './labels.ts';
import { Refusable } from './refusal.ts';

type Ambient = Readonly<Record<string, string | undefined>>;

/** A command to run in a service with the caller's own standard streams. */
export interface AttachedCommand {
  readonly project: string;
  readonly service: string;
  readonly command: readonly string[];
  /** Whether the command gets a terminal: only where the caller has one for input and output. */
  readonly terminal: boolean;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Kills the command in the container, where the engine is on this machine. */
  readonly signal: AbortSignal;
}

/** Runs a command as `docker exec` does, `-t` included; gives its exit code: 127 where there is no such command, 126 where it cannot be run. */
export async function execAttached(ambient: Ambient, asked: AttachedCommand): Promise<Result<number>> {
  const connected = await connectEngine(ambient);
  if (!connected.ok) return connected;
  const { docker } = connected.value;
  const { project, service, command, terminal } = asked;
  const filters = JSON.stringify({ label: [`${label.project}=${project}`, `${label.service}=${service}`] });
  const listed = await connected.value.call('listing containers', () => docker.listContainers({ filters }));
  if (!listed.ok) return listed;
  const used = await usedContainers(connected.value, listed.value);
  if (!used.ok) return used;
  const [container] = used.value;
  if (container === undefined) {
    const message = `the service ${service} is not running`;
    return failed({ kind: 'environment', message, place: { service }, remedy: 'gym ps shows what is there.' });
  }
  const opened = await connected.value.call(`running ${command[0] ?? 'a command'} in ${service}`, async () => {
    const exec = await docker.getContainer(container.Id).exec({
      Cmd: [...command],
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Tty: terminal,
    });
    return { exec, stream: await exec.start({ hijack: true, stdin: true, Tty: terminal }) };
  });
  if (!opened.ok) return opened;
  const { exec, stream } = opened.value;
  const resize = (): void => {
    // A command that has ended cannot be resized any more.
    exec.resize({ w: asked.stdout.columns, h: asked.stdout.rows }).catch(() => undefined);
  };
  if (terminal) {
    asked.stdin.setRawMode(true);
    asked.stdout.on('resize', resize);
    resize();
  }
  const killed = Promise.withResolvers<void>();
  const kill = (): void => {
    killFromHost(connected.value, container.Id, exec).then(killed.resolve, killed.reject);
  };
  asked.signal.addEventListener('abort', kill, { once: true });
  const out = new Refusable((bytes) => asked.stdout.write(bytes));
  try {
    asked.stdin.pipe(stream);
    await Promise.race([copy(stream, out, asked), killed.promise]);
  } finally {
    asked.signal.removeEventListener('abort', kill);
    asked.stdin.unpipe(stream);
    asked.stdin.pause();
    if (terminal) asked.stdin.setRawMode(false);
    asked.stdout.off('resize', resize);
  }
  const ended = await connected.value.call('asking how the command ended', () => exec.inspect());
  const refusal = out.end(!ended.ok || ended.value.Pid !== 0);
  if (refusal !== undefined) asked.stderr.write(`${service}: ${refusal.message}\n`);
  return ended.ok ? ok(refusal?.exitCode ?? ended.value.ExitCode ?? 1) : ended;
}

async function copy(stream: NodeJS.ReadableStream, out: Refusable, asked: AttachedCommand): Promise<void> {
  const { stdout, stderr, terminal } = asked;
  for await (const { bytes, stream: name } of (terminal ? undivided : demultiplex)(stream)) {
    if (name === 'stdout') out.take(bytes);
    else stderr.write(bytes);
    const output = name === 'stdout' ? stdout : stderr;
    if (output.writableNeedDrain) await once(output, 'drain');
  }
}
