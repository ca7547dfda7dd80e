import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { failed, ok, type Result } from '../events/problem.ts';

/** Where the engine listens. */
export type EngineHost =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly certificates: string | null };

type Ambient = Readonly<Record<string, string | undefined>>;

const configFile = z.object({ currentContext: z.string().optional() });
const contextMeta = z.object({ Endpoints: z.object({ docker: z.object({ Host: z.string() }) }) });
const remedy = 'Set DOCKER_HOST to a unix:// or tcp:// address, or choose another context with `docker context use`.';

/** As the docker CLI does: DOCKER_HOST, else DOCKER_CONTEXT, else the current context of its configuration, else the default socket. */
export function resolveHost(ambient: Ambient): Result<EngineHost> {
  const fromHost = ambient['DOCKER_HOST'];
  if (fromHost !== undefined && fromHost !== '') return parseHost(fromHost, ambient, 'DOCKER_HOST');
  const config = ambient['DOCKER_CONFIG'] ?? join(ambient['HOME'] ?? homedir(), '.docker');
  const context = ambient['DOCKER_CONTEXT'] || readJson(join(config, 'config.json'), configFile)?.currentContext;
  if (context === undefined || context === 'default') return ok({ kind: 'socket', path: defaultSocket() });
  const id = createHash('sha256').update(context).digest('hex');
  const meta = readJson(join(config, 'contexts', 'meta', id, 'meta.json'), contextMeta);
  if (meta === undefined) {
    return failed({ kind: 'environment', message: `the Docker context "${context}" is not there`, remedy });
  }
  return parseHost(meta.Endpoints.docker.Host, ambient, `the Docker context "${context}"`);
}

/** Docker Desktop and rootless engines listen in the home folder, where the system's socket is not there. */
function defaultSocket(): string {
  const system = '/var/run/docker.sock';
  const desktop = join(homedir(), '.docker', 'run', 'docker.sock');
  return !existsSync(system) && existsSync(desktop) ? desktop : system;
}

function parseHost(text: string, ambient: Ambient, origin: string): Result<EngineHost> {
  const unsupported = (why: string): Result<EngineHost> =>
    failed({ kind: 'environment', message: `${origin} says "${text}": ${why}`, remedy });
  if (text.startsWith('unix://')) return ok({ kind: 'socket', path: text.slice('unix://'.length) || defaultSocket() });
  if (text.startsWith('npipe://')) return ok({ kind: 'socket', path: text.slice('npipe://'.length) });
  if (text.startsWith('ssh://')) return unsupported('an engine behind ssh is not supported');
  const match = /^(?:(?:tcp|https?):\/\/)?(\[[^\]]+\]|[^:/]+)(?::(\d+))?\/?$/.exec(text);
  if (match === null) return unsupported('this is no address of an engine');
  const port = Number(match[2] ?? 2375);
  const secure = ambient['DOCKER_TLS_VERIFY'] || text.startsWith('https://') || port === 2376;
  const folder = ambient['DOCKER_CERT_PATH'] ?? join(homedir(), '.docker');
  return ok({ kind: 'tcp', host: match[1] ?? '', port, certificates: secure ? folder : null });
}

function readJson<Value>(file: string, schema: z.ZodType<Value>): Value | undefined {
  try {
    return schema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** The address as people write it. */
export function hostText(host: EngineHost): string {
  return host.kind === 'socket' ? `unix://${host.path}` : `tcp://${host.host}:${host.port}`;
}
