import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { execa } from 'execa';
import { composeKeys, type KeySupport } from '../../../gym/environment/compose/keys.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

/** What Compose makes of files: what it prints, or why it refuses them. */
export type Reference = { readonly ok: true; readonly config: unknown } | { readonly ok: false; readonly why: string };

/** Whether the plugin is there. */
export async function hasCompose(): Promise<boolean> {
  const { failed } = await execa('docker', ['compose', 'version'], { reject: false });
  return !failed;
}

/** Runs `docker compose config`; it needs no engine. */
export async function composeConfig(
  files: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Reference> {
  // The client looks for its plugins below HOME.
  const DOCKER_CONFIG = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
  const { stdout, stderr, failed } = await execa(
    'docker',
    ['compose', ...files.flatMap((file) => ['-f', file]), 'config', '--format', 'json'],
    { reject: false, env: { ...env, DOCKER_CONFIG, PATH: process.env['PATH'] ?? '' }, extendEnv: false },
  );
  if (failed) return { ok: false, why: stderr };
  return { ok: true, config: JSON.parse(stdout) };
}

/** A config in the form in which both sides are compared: without what is empty, and without the keys that gym ignores. */
export function comparable(config: unknown): unknown {
  return withoutEmpty(JSON.parse(JSON.stringify(config)));
}

/** What Compose prints, brought to the one form that gym has for what can be said in two. */
export function fromCompose(config: unknown): unknown {
  const root = withoutIgnored(withSingleDollars(JSON.parse(JSON.stringify(config))), '') as JsonObject;
  const services = Object.entries((root['services'] ?? {}) as JsonObject).map(([name, service]) => [
    name,
    normalService(service as JsonObject, Object.keys(object(root['services']))),
  ]);
  const known = Object.entries(root).filter(([key]) => !key.startsWith('x-'));
  return { ...Object.fromEntries(known), services: Object.fromEntries(services) };
}

function normalService(service: JsonObject, all: readonly string[]): JsonObject {
  const { deploy, scale: _, ...others } = service;
  const rest = Object.fromEntries(Object.entries(others).filter(([key]) => !key.startsWith('x-')));
  const resources = object(object(deploy)['resources']);
  const limits = object(resources['limits']);
  const reservations = object(resources['reservations']);
  const build = object(rest['build']);
  const { context, dockerfile } = build;
  const health = object(rest['healthcheck']);
  const isOff = health['disable'] === true || (Array.isArray(health['test']) && health['test'][0] === 'NONE');
  const isAbsoluteFile = typeof dockerfile === 'string' && isAbsolute(dockerfile);
  return {
    ...rest,
    ...(rest['build'] !== undefined && {
      build: {
        ...build,
        ...(typeof dockerfile === 'string' &&
          typeof context === 'string' && { dockerfile: isAbsoluteFile ? dockerfile : resolve(context, dockerfile) }),
      },
    }),
    ...(isOff && { healthcheck: { disable: true } }),
    cpus: rest['cpus'] ?? limits['cpus'] ?? null,
    mem_limit: rest['mem_limit'] ?? limits['memory'] ?? null,
    pids_limit: rest['pids_limit'] ?? limits['pids'] ?? null,
    mem_reservation: rest['mem_reservation'] ?? reservations['memory'] ?? null,
    deploy: { resources: { reservations: { devices: reservations['devices'] ?? null } } },
    volumes: Array.isArray(rest['volumes']) ? rest['volumes'].map(withoutForeignOptions) : null,
    secrets: mountsWithout(rest['secrets'], '/run/secrets'),
    // Twice the same line of a hosts file says nothing new.
    extra_hosts: Array.isArray(rest['extra_hosts']) ? [...new Set(rest['extra_hosts'])] : null,
    // A dependency that may be absent is printed even where it is.
    depends_on: Object.fromEntries(Object.entries(object(rest['depends_on'])).filter(([name]) => all.includes(name))),
    networks: joined(rest['networks']),
    ...ulimits(rest['ulimits']),
  };
}

function object(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** A network without options is null there, which would be left out as empty. */
function joined(networks: Json | undefined): JsonObject {
  return Object.fromEntries(
    Object.entries(object(networks)).map(([name, options]) => [name, { ...object(options), joined: true }]),
  );
}

/** The short form takes options that only another type of mount has a use for. */
function withoutForeignOptions(mount: Json): Json {
  const { bind, volume, ...rest } = object(mount);
  return {
    ...rest,
    ...(rest['type'] === 'bind' && { bind: bind ?? null }),
    ...(rest['type'] === 'volume' && { volume: volume ?? null }),
  };
}

/** Compose writes the usual target of a secret in its short form only. */
function mountsWithout(mounts: Json | undefined, home: string): Json {
  if (!Array.isArray(mounts)) return null;
  return mounts.map((mount: Json) => {
    const { target, ...rest } = object(mount);
    return target === `${home}/${String(rest['source'])}` ? rest : object(mount);
  });
}

function ulimits(all: Json | undefined): JsonObject {
  const entries = Object.entries(object(all)).map(([name, value]) => {
    const { soft, hard } = object(value);
    return [name, soft !== undefined && soft === hard ? soft : value];
  });
  return { ulimits: Object.fromEntries(entries) };
}

const scopes: Readonly<Record<string, Readonly<Record<string, KeySupport>>>> = composeKeys;

/** Without the keys that gym reads over. `path`: as the scopes of the key table. */
function withoutIgnored(value: Json, path: string): Json {
  if (Array.isArray(value)) return value.map((item: Json) => withoutIgnored(item, `${path}[]`));
  if (typeof value !== 'object' || value === null) return value;
  const keys = scopes[path === '' ? 'top' : path];
  const named =
    ['services', 'networks', 'volumes', 'secrets', 'configs'].includes(path) ||
    /\.(?:networks|depends_on|ulimits)$/.test(path);
  return Object.fromEntries(
    Object.entries(value as JsonObject)
      .filter(([key]) => keys?.[key]?.is !== 'ignored')
      .map(([key, child]) => [key, withoutIgnored(child, named ? `${path}.*` : path === '' ? key : `${path}.${key}`)]),
  );
}

/** Compose doubles every dollar sign that it prints. */
function withSingleDollars(value: Json): Json {
  if (typeof value === 'string') return value.replaceAll('$$', '$');
  if (Array.isArray(value)) return value.map(withSingleDollars);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key.replaceAll('$$', '$'), withSingleDollars(child)]),
  );
}

function withoutEmpty(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value)
    .map(([key, child]): [string, Json] => [key, withoutEmpty(child)])
    .filter(([, child]) => child !== null && !(typeof child === 'object' && Object.keys(child).length === 0))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(kept);
}
