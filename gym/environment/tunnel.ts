import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import { type EngineHost, hostText } from './host.ts';

/** A way to an engine on another machine that lasts as long as this process. */
export interface Tunnel {
  /** Socket of this machine that leads to the engine. */
  readonly socket: string;
  /** What ssh has said up to now; the last of it. */
  said(): string;
  /** Port of 127.0.0.1 here that leads to that port of 127.0.0.1 there. */
  forward(port: number): Promise<Result<number>>;
}

type SshHost = Extract<EngineHost, { kind: 'ssh' }>;
type Ambient = Readonly<Record<string, string | undefined>>;

const openLimitMs = 30_000;
const lookMs = 10;
const saidBytes = 4000;

/**
 * The shell becomes ssh; what it leaves behind waits for the end of the pipe, which is the end of this process however it went, and ends
 * ssh. $1 is the folder of the sockets.
 */
const boundToPipe = `
folder=$1; shift; exec 3<&0
{ read -r _ <&3; kill $$ 2>/dev/null; rm -rf "$folder"; } >/dev/null 2>&1 &
exec "$@" </dev/null 3<&-`;

/** By where they lead to: one for all of this process. */
const tunnels = new Map<string, Promise<Result<Tunnel>>>();

/** Opens a tunnel by the user's own ssh program, or gives the one that is open. Keys and known hosts are as ssh's configuration says. */
export async function openTunnel(host: SshHost, ambient: Ambient): Promise<Result<Tunnel>> {
  const key = hostText(host);
  const known = tunnels.get(key);
  if (known !== undefined) return known;
  const opened = open(host, ambient, () => tunnels.delete(key));
  tunnels.set(key, opened);
  return opened;
}

async function open(host: SshHost, ambient: Ambient, onEnd: () => void): Promise<Result<Tunnel>> {
  const folder = mkdtempSync(join(tmpdir(), 'gym-ssh-'));
  const socket = join(folder, 's');
  const control = join(folder, 'c');
  const env = Object.fromEntries(Object.entries(ambient).filter(([name]) => !name.startsWith('GYM_')));
  const child = spawn('sh', ['-c', boundToPipe, 'gym-ssh', folder, ...sshCommand(host, socket, control)], {
    cwd: '/',
    env,
    stdio: ['pipe', 'ignore', 'pipe'],
    // In a session of its own: the terminal's Ctrl-C must not cut off who still has things to remove.
    detached: true,
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-saidBytes);
  });
  const ended = endOf(child).then((code) => {
    onEnd();
    child.stdin.destroy();
    rmSync(folder, { recursive: true, force: true });
    return code;
  });
  letGo(child);
  const until = performance.now() + openLimitMs;
  while (!existsSync(socket)) {
    const code = await Promise.race([ended, sleep(lookMs)]);
    if (code !== undefined) return failed(sshProblem(host, code, said));
    if (performance.now() < until) continue;
    child.stdin.end();
    return failed(sshProblem(host, 'no connection within 30 s', said));
  }
  return ok({ socket, said: () => said.trim(), forward: (port) => forward(host, control, port, env) });
}

/** Of a connection of its own: one that others share would keep what is forwarded after its user has gone. */
function sshCommand(host: SshHost, socket: string, control: string): string[] {
  const options = [
    ...['BatchMode=yes', 'ConnectTimeout=15', 'ServerAliveInterval=15', 'ServerAliveCountMax=4'],
    ...['ControlMaster=yes', `ControlPath=${control}`, 'ControlPersist=no', 'ForkAfterAuthentication=no'],
    ...['ExitOnForwardFailure=no', 'ForwardAgent=no', 'ForwardX11=no', 'PermitLocalCommand=no', 'LogLevel=INFO'],
  ];
  return [
    ...['ssh', '-N', '-T', '-L', `${socket}:${host.socket}`],
    ...options.flatMap((option) => ['-o', option]),
    ...(host.user === null ? [] : ['-l', host.user]),
    ...(host.port === null ? [] : ['-p', String(host.port)]),
    ...['--', host.host],
  ];
}

/** Exit code, or why it could not be started. */
function endOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(code ?? `ended by ${signal}`));
  });
}

/** It must not keep this process from ending. */
function letGo(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stderr]) {
    stream?.on('error', () => undefined);
    if (stream !== null && 'unref' in stream && typeof stream.unref === 'function') stream.unref();
  }
}

function sshProblem(host: SshHost, end: number | string, said: string): Problem {
  const lines = said.split(/\r?\n/).filter((line) => line.trim() !== '');
  const why = lines.length > 0 ? lines.slice(-8).join('\n  ') : end === 127 ? 'there is no program ssh' : String(end);
  return {
    kind: 'environment',
    message: `no way by ssh to the Docker engine at ${hostText(host)}: ${why}`,
    remedy: remedyFor(host, end, said),
  };
}

function remedyFor(host: SshHost, end: number | string, said: string): string {
  const port = host.port === null ? '' : `-p ${host.port} `;
  const target = `${port}${host.user === null ? '' : `${host.user}@`}${host.host}`;
  if (end === 127) return 'Install an ssh client (Debian: openssh-client).';
  if (/host key verification failed/i.test(said)) return `Log in once by hand, and accept its key: ssh ${target}`;
  if (/permission denied/i.test(said))
    return `gym cannot type a password: log in with a key without one, or load it with ssh-add. Try: ssh -o BatchMode=yes ${target}`;
  return `See whether this works: ssh -o BatchMode=yes ${target} docker version`;
}

const forwardAttempts = 5;

async function forward(host: SshHost, control: string, port: number, env: NodeJS.ProcessEnv): Promise<Result<number>> {
  let why = '';
  for (let attempt = 0; attempt < forwardAttempts; attempt += 1) {
    const local = await freePort();
    const ways = ['-L', `127.0.0.1:${local}:127.0.0.1:${port}`];
    // Only who goes over ssh waits for its import.
    const { execa } = await import('execa');
    const asked = await execa('ssh', ['-S', control, '-O', 'forward', ...ways, '--', host.host], {
      reject: false,
      all: true,
      env,
      extendEnv: false,
    });
    if (!asked.failed) return ok(local);
    why = String(asked.all ?? '').trim();
  }
  return failed({
    kind: 'environment',
    message: `the published port ${port} of ${hostText(host)} could not be forwarded: ${why}`,
  });
}

/** One that was free a moment ago; ssh takes no 0 for it. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
  return address.port;
}
