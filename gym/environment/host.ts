import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import { sha256 } from '../store/sha256.ts';

/** Where the engine listens. */
export type EngineHost =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls: Tls | null }
  /** A socket of another machine, reached by the user's own ssh; `null`: as its configuration says. */
  | {
      readonly kind: 'ssh';
      readonly user: string | null;
      readonly host: string;
      readonly port: number | null;
      readonly socket: string;
    };

/** How a connection is secured. */
export interface Tls {
  /** Folder with ca.pem, cert.pem and key.pem; those that are not there are not used. */
  readonly folder: string;
  /** Whether the engine has to prove who it is. */
  readonly verify: boolean;
}

type Ambient = Readonly<Record<string, string | undefined>>;

const remedy =
  'Set DOCKER_HOST to a unix://, tcp:// or ssh:// address, or choose another context with `docker context use`.';
const systemSocket = '/var/run/docker.sock';

/**
 * As the docker CLI does: DOCKER_HOST, else DOCKER_CONTEXT, else the current context of its configuration, else the default socket.
 * DOCKER_TLS_VERIFY, DOCKER_TLS and DOCKER_CERT_PATH are about DOCKER_HOST; a context has certificates of its own.
 */
export function resolveHost(ambient: Ambient): Result<EngineHost> {
  const config = ambient['DOCKER_CONFIG'] || join(ambient['HOME'] ?? homedir(), '.docker');
  const fromHost = ambient['DOCKER_HOST'];
  if (fromHost !== undefined && fromHost !== '')
    return parseHost(fromHost.trim(), 'DOCKER_HOST', tlsOf(ambient, config));
  const context = ambient['DOCKER_CONTEXT'] || textAt(readJson(join(config, 'config.json')), 'currentContext');
  if (context === undefined || context === '' || context === 'default') {
    return ok({ kind: 'socket', path: defaultSocket() });
  }
  const id = sha256(context);
  const meta = readJson(join(config, 'contexts', 'meta', id, 'meta.json'));
  const endpoint = valueAt(valueAt(meta, 'Endpoints'), 'docker');
  const address = textAt(endpoint, 'Host');
  if (address === undefined) {
    return failed({ kind: 'environment', message: `the Docker context "${context}" is not there`, remedy });
  }
  const skips = valueAt(endpoint, 'SkipTLSVerify') === true;
  const folder = join(config, 'contexts', 'tls', id, 'docker');
  return parseHost(
    address,
    `the Docker context "${context}"`,
    skips || existsSync(folder) ? { folder, verify: !skips } : null,
  );
}

function tlsOf(ambient: Ambient, config: string): Tls | null {
  const verify = Boolean(ambient['DOCKER_TLS_VERIFY']);
  if (!verify && !ambient['DOCKER_TLS']) return null;
  return { folder: ambient['DOCKER_CERT_PATH'] || config, verify };
}

/** Docker Desktop and rootless engines listen in the home folder, where the system's socket is not there. */
function defaultSocket(): string {
  const desktop = join(homedir(), '.docker', 'run', 'docker.sock');
  return !existsSync(systemSocket) && existsSync(desktop) ? desktop : systemSocket;
}

function parseHost(text: string, origin: string, tls: Tls | null): Result<EngineHost> {
  const unsupported = (why: string): Result<EngineHost> =>
    failed({ kind: 'environment', message: `${origin} says "${text}": ${why}`, remedy });
  if (text.startsWith('unix://')) return ok({ kind: 'socket', path: text.slice('unix://'.length) || defaultSocket() });
  if (text.startsWith('npipe://')) return ok({ kind: 'socket', path: text.slice('npipe://'.length) });
  if (text.startsWith('ssh://'))
    return parseSsh(text) ?? unsupported('an ssh address is ssh://[USER@]HOST[:PORT][/SOCKET]');
  const match = /^(?:(?:tcp|https?):\/\/)?(\[[^\]]+\]|[^:/]+)(?::(\d+))?\/?$/.exec(text);
  if (match === null) return unsupported('this is no address of an engine');
  const secure = tls ?? (text.startsWith('https://') ? { folder: join(homedir(), '.docker'), verify: true } : null);
  const port = Number(match[2] ?? (secure === null ? 2375 : 2376));
  return ok({ kind: 'tcp', host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port, tls: secure });
}

/** As the docker CLI, no password: ssh asks for none here. A name that begins with a hyphen would be an option of ssh. */
function parseSsh(text: string): Result<EngineHost> | undefined {
  const match = /^ssh:\/\/(?:([^@:/?#-][^@:/?#]*)@)?(\[[^\]]+\]|[^@:/?#-][^@:/?#]*)(?::(\d+))?(\/[^?#]*)?$/.exec(text);
  const host = match?.[2]?.replace(/^\[|\]$/g, '');
  if (match === null || host === undefined) return undefined;
  const [, user = null, , port, path = ''] = match;
  return ok({
    kind: 'ssh',
    user: user === null ? null : decodeURIComponent(user),
    host,
    port: port === undefined ? null : Number(port),
    socket: /^\/*$/.test(path) ? systemSocket : path,
  });
}

/** The docker CLI's own files, of which three values count: every start reads them, and a schema takes longer to load than they do. */
function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

const valueAt = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;

function textAt(value: unknown, key: string): string | undefined {
  const text = valueAt(value, key);
  return typeof text === 'string' ? text : undefined;
}

/** The address as people write it. */
export function hostText(host: EngineHost): string {
  if (host.kind === 'socket') return `unix://${host.path}`;
  const name = host.host.includes(':') ? `[${host.host}]` : host.host;
  if (host.kind === 'tcp') return `tcp://${name}:${host.port}`;
  const user = host.user === null ? '' : `${host.user}@`;
  const port = host.port === null ? '' : `:${host.port}`;
  return `ssh://${user}${name}${port}${host.socket === systemSocket ? '' : host.socket}`;
}
