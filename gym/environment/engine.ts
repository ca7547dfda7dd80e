import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type Dockerode from 'dockerode';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import { importDocker } from './docker.ts';
import { type EngineHost, hostText, resolveHost } from './host.ts';
import { openTunnel, type Tunnel } from './tunnel.ts';

/** An answer of the engine: a value, or a problem with the HTTP status that it came with, if any did. */
export type Answer<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly status: number | undefined; readonly problems: readonly [Problem] };

/** A Docker engine that answered. */
export interface Engine {
  readonly docker: Dockerode;
  /** Its address as people write it. */
  readonly address: string;
  /** The way to it where it runs on another machine: files and ports of 127.0.0.1 there are not those of this machine. */
  readonly tunnel: Tunnel | null;
  /** One call with a time limit; `what` says what is being done, for the problem: "starting service api". */
  call<Value>(what: string, run: () => Promise<Value>, limitMs?: number): Promise<Answer<Value>>;
  /** Whether it is Podman, for the few things that it does in another way without telling. */
  readonly isPodman: boolean;
  /** Whether it answers a ping. */
  answers(limitMs?: number): Promise<boolean>;
}

// `import … from 'node:http'` makes all of its exports ready, a WebSocket client among them: 15 ms.
const builtin = process.getBuiltinModule;

/** How long one call may take where nothing else is said; creating and starting take well under a second on an idle machine. */
export const callLimitMs = 30_000;
const pingLimitMs = 5_000;

/** Connects to the engine that the docker CLI would use. One that does not answer is a problem of kind `environment`. */
export async function connectEngine(ambient: Readonly<Record<string, string | undefined>>): Promise<Result<Engine>> {
  const host = resolveHost(ambient);
  if (!host.ok) return host;
  const address = hostText(host.value);
  const tunnel = host.value.kind === 'ssh' ? await openTunnel(host.value, ambient) : ok(null);
  if (!tunnel.ok) return tunnel;
  const options = connectionOptions(host.value, tunnel.value);
  if (!options.ok) return options;
  const Docker = await importDocker();
  const docker = clientOf(Docker, options.value);
  if (!docker.ok) return docker;
  const engine = engineOf(docker.value, address, tunnel.value);
  const pinged = await engine.call('looking for the Docker engine', () => pingHeaders(engine.docker), pingLimitMs);
  if (pinged.ok) return ok({ ...engine, isPodman: 'libpod-api-version' in pinged.value });
  if (tunnel.value === null) return pinged;
  const remedy = `See whether the engine runs there, and whether its user may use it. Another socket is named behind the host: ssh://HOST/run/user/1000/docker.sock`;
  return failed({
    ...pinged.problems[0],
    message: `no Docker engine answers at ${address}: ${tunnel.value.said()}`,
    remedy,
  });
}

/** The library reads DOCKER_HOST and DOCKER_CERT_PATH by itself, whatever it is told, and throws where a file is not there. */
function clientOf(Docker: typeof Dockerode, options: Dockerode.DockerOptions): Result<Dockerode> {
  try {
    return ok(new Docker(options));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const remedy = 'Unset DOCKER_CERT_PATH, or put ca.pem, cert.pem and key.pem there.';
    return failed({ kind: 'environment', message: `the variables of the Docker engine: ${why}`, remedy });
  }
}

/** The headers of the answer to a ping: dockerode gives its body alone. */
function pingHeaders(docker: Dockerode): Promise<object> {
  const asked = { path: '/_ping', method: 'GET', isStream: true, statusCodes: { 200: true, 500: 'server error' } };
  return new Promise((resolve, reject) => {
    docker.modem.dial(asked, (error: unknown, answer: unknown) => {
      if (!(answer instanceof builtin('node:http').IncomingMessage))
        return reject(error ?? new Error('no answer to a ping'));
      answer.resume();
      resolve(answer.headers);
    });
  });
}

// An explicit `undefined` wins over what the library reads from the environment by itself.
const unset = { host: undefined, port: undefined, ca: undefined, cert: undefined, key: undefined } as const;

function connectionOptions(host: EngineHost, tunnel: Tunnel | null): Result<Dockerode.DockerOptions> {
  if (host.kind === 'ssh' || tunnel !== null) return ok({ ...unset, socketPath: tunnel?.socket, protocol: 'http' });
  if (host.kind === 'socket') return ok({ ...unset, socketPath: host.path, protocol: 'http' });
  const { host: name, port, tls } = host;
  const at = { ...unset, host: name.includes(':') ? `[${name}]` : name, port };
  if (tls === null) return ok({ ...at, protocol: 'http' });
  try {
    const read = (file: string): Buffer | undefined =>
      existsSync(join(tls.folder, file)) ? readFileSync(join(tls.folder, file)) : undefined;
    const agent = new (builtin('node:https').Agent)({
      ca: read('ca.pem'),
      cert: read('cert.pem'),
      key: read('key.pem'),
      rejectUnauthorized: tls.verify,
    });
    return ok({ ...at, protocol: 'https', agent });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return failed({
      kind: 'environment',
      message: `no certificates for ${hostText(host)}: ${why}`,
      remedy: 'Set DOCKER_CERT_PATH to the folder with ca.pem, cert.pem, key.pem.',
    });
  }
}

function engineOf(docker: Dockerode, address: string, tunnel: Tunnel | null): Omit<Engine, 'isPodman'> {
  const call = async <Value>(
    what: string,
    run: () => Promise<Value>,
    limitMs = callLimitMs,
  ): Promise<Answer<Value>> => {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<Answer<Value>>((resolve) => {
      timer = setTimeout(() => {
        const message = `${what}: the Docker engine at ${address} did not answer within ${limitMs / 1000} s`;
        resolve({ ok: false, status: undefined, problems: [{ kind: 'environment', message, remedy: engineRemedy }] });
      }, limitMs);
    });
    const answer = run().then(
      (value): Answer<Value> => ({ ok: true, value }),
      (error: unknown) => failureOf(error, what, address),
    );
    return Promise.race([answer, limit]).finally(() => clearTimeout(timer));
  };
  const answers = async (limitMs = pingLimitMs): Promise<boolean> =>
    (await call('ping', () => docker.ping(), limitMs)).ok;
  return { docker, address, tunnel, call, answers };
}

const engineRemedy =
  'Start it (`sudo systemctl start docker`, or Docker Desktop), or point DOCKER_HOST at one that runs.';

/** What an error of the engine or of the connection to it comes to. Texts of the engine are kept: they name the cause. */
function failureOf(
  error: unknown,
  what: string,
  address: string,
): { ok: false; status: number | undefined; problems: readonly [Problem] } {
  const status = numberOf(error, 'statusCode');
  if (status !== undefined) {
    return { ok: false, status, problems: [{ kind: 'environment', message: `${what}: ${engineWords(error)}` }] };
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const denied = code === 'EACCES' || code === 'EPERM';
  const message = denied
    ? `${what}: no permission to use the Docker engine at ${address}`
    : `${what}: no Docker engine answers at ${address} (${code})`;
  const remedy = denied ? 'Add yourself to the group docker, or run gym as a user who may use it.' : engineRemedy;
  return { ok: false, status: undefined, problems: [{ kind: 'environment', message, remedy }] };
}

function numberOf(error: unknown, key: string): number | undefined {
  if (typeof error !== 'object' || error === null || !(key in error)) return undefined;
  const value: unknown = Reflect.get(error, key);
  return typeof value === 'number' ? value : undefined;
}

function engineWords(error: unknown): string {
  const json: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'json') : undefined;
  const message: unknown = typeof json === 'object' && json !== null ? Reflect.get(json, 'message') : undefined;
  if (typeof message === 'string') return message.trim();
  return error instanceof Error ? error.message.replace(/^\(HTTP code \d+\) /, '').trim() : String(error);
}
