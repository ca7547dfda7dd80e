import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { failed, ok, type Problem, type Result } from '../../events/problem.ts';
import { type Foreign, readDevcontainer } from './devcontainer.ts';
import { parseDotenv } from './dotenv.ts';
import { Files, readText } from './files.ts';
import { checkReferences } from './graph.ts';
import { growMapping } from './grow.ts';
import type { Lookup } from './interpolate.ts';
import type { ComposeModel, ServiceModel } from './model.ts';
import { child, Reader } from './reader.ts';
import { readNetworks, readStores, readVolumes } from './resources.ts';
import { readService } from './service.ts';
import type { Mapping } from './tree.ts';

/**
 * Reads Compose files, each laid over those before it, without an engine; or a devcontainer.json, or a Dockerfile. Variables come from
 * `variables`, then `ambient`, then a `.env` file beside the first of them. A failure holds all that is wrong, each with its file and line
 * (kind `definition`).
 */
export function loadCompose(
  files: string | readonly string[],
  variables: Readonly<Record<string, string>>,
  ambient: Readonly<Record<string, string | undefined>>,
): Result<ComposeModel> {
  const paths = (typeof files === 'string' ? [files] : files).map((file) => resolve(file));
  const [first] = paths;
  if (first === undefined) throw new Error('no Compose file');
  const foreigner = paths.length > 1 ? paths.find((path) => isDevcontainer(path) || isDockerfile(path)) : undefined;
  if (foreigner !== undefined) return failed(notAmongOthers(foreigner));
  const directory = dirname(first);
  const outer: Lookup = (name) => variables[name] ?? ambient[name];
  const dotenv = readDotenv(directory, outer);
  const named: Lookup = (name) => outer(name) ?? dotenv.values[name];
  const projects = paths.some((path) => readText(path)?.includes('COMPOSE_PROJECT_NAME'))
    ? nameOf(paths, directory, named)
    : '';
  const lookup: Lookup = (name) => named(name) ?? (name === 'COMPOSE_PROJECT_NAME' ? projects : undefined);

  const read = new Files();
  const foreign = isDevcontainer(first) ? readDevcontainer(first, read, lookup) : undefined;
  const root = isDevcontainer(first)
    ? foreign?.root
    : isDockerfile(first)
      ? readDockerfile(first, lookup)
      : read.load(paths, { directory, lookup });
  const problems = [...dotenv.problems, ...read.problems];
  if (root === undefined && problems.length === 0) return failed(emptyFile(first));
  if (root === undefined) return asFailure(paths, problems);
  const reader = new Reader(lookup);
  for (const note of read.notes) reader.note(note);
  const override = paths.length === 1 ? overrideBeside(first) : undefined;
  if (override !== undefined) reader.note(`${override} is not read: the task's compose names the files that are`);
  const model = withTools(readModel(reader, root, lookup), foreign);
  if (read.unset.size > 0) reader.note(`not set, so empty: ${[...read.unset].join(', ')}`);
  problems.push(...reader.problems);
  return problems.length > 0
    ? asFailure(paths, problems)
    : ok({
        ...model,
        notes: reader.notes(),
        files: [...new Set([...paths, ...read.read, ...reader.files, join(directory, '.env')])].sort(),
      });
}

/** `devcontainer.json`, also with a dot before it. */
function isDevcontainer(file: string): boolean {
  return /^\.?devcontainer\.json$/.test(basename(file));
}

/** `Dockerfile`, `Dockerfile.dev`, `dev.Dockerfile`, `Containerfile`. */
function isDockerfile(file: string): boolean {
  return /^(?:Dockerfile|Containerfile)(?:\..+)?$|\.(?:Dockerfile|Containerfile)$/i.test(basename(file));
}

function notAmongOthers(file: string): Problem {
  const message = `${basename(file)} cannot be one of several files: only Compose files are laid over each other`;
  const remedy = isDevcontainer(file)
    ? 'Name the Compose files in its dockerComposeFile.'
    : 'Build it in a Compose file.';
  return { kind: 'definition', message, place: { file }, remedy };
}

function emptyFile(file: string): Problem {
  return { kind: 'definition', message: `${basename(file)} is empty`, place: { file } };
}

/** What Compose would lay over a file of that name, where it is not told which files to read. */
function overrideBeside(file: string): string | undefined {
  const [, stem] = /^((?:docker-)?compose)\.ya?ml$/.exec(basename(file)) ?? [];
  if (stem === undefined) return undefined;
  return ['yml', 'yaml'].map((end) => `${stem}.override.${end}`).find((name) => existsSync(join(dirname(file), name)));
}

/** A service of that Dockerfile, with its folder as the context. An open input keeps a shell from ending at once. */
function readDockerfile(file: string, lookup: Lookup): Mapping {
  const app = { build: { context: dirname(file), dockerfile: basename(file) }, stdin_open: true };
  return growMapping([['services', { app }]], { source: { file, directory: dirname(file), lookup }, line: 1 });
}

function withTools(model: ComposeModel, foreign: Foreign | undefined): ComposeModel {
  const service = model.services.get(foreign?.service ?? '');
  if (foreign === undefined || service === undefined) return model;
  const services = new Map([...model.services, [service.name, { ...service, tools: foreign.tools }]]);
  return { ...model, services };
}

/** The project's name before anything else is known. */
function nameOf(paths: readonly string[], directory: string, lookup: Lookup): string {
  const root = new Files().load(paths, { directory, lookup });
  return (root && new Reader(lookup).text(child(root, 'name'), 'name')) ?? projectName(basename(directory));
}

function readModel(reader: Reader, root: Mapping, lookup: Lookup): ComposeModel {
  const { directory, file } = root.source;
  const fields = reader.fields(root, 'top', 'the file');
  const active = (lookup('COMPOSE_PROFILES') ?? '').split(',').map((profile) => profile.trim());
  const services = new Map<string, ServiceModel>();
  const leftOut = new Set<string>();
  for (const [name, entry] of reader.entries(fields.get('services'), 'services')) {
    reader.service = name;
    const service = readService(reader, name, entry);
    if (isActive(service, active)) services.set(name, service);
    else {
      leftOut.add(name);
      reader.forget(name);
      reader.note(`left out: none of its profiles is active: ${service.profiles.join(', ')}`);
    }
  }
  reader.service = undefined;
  if (services.size === 0) reader.complain(root, 'the file defines no service that would be started');
  const model: ComposeModel = {
    file,
    name: reader.text(fields.get('name'), 'name') ?? projectName(basename(directory)),
    services: withoutAbsent(services, leftOut),
    networks: readNetworks(reader, fields.get('networks')),
    volumes: readVolumes(reader, fields.get('volumes')),
    secrets: readStores(reader, fields.get('secrets'), 'secrets'),
    configs: readStores(reader, fields.get('configs'), 'configs'),
    notes: [],
    files: [],
  };
  checkReferences(reader, model, leftOut);
  return inUse(model);
}

function isActive({ profiles }: ServiceModel, active: readonly string[]): boolean {
  return profiles.length === 0 || active.includes('*') || profiles.some((profile) => active.includes(profile));
}

/** A dependency that is not required is none where the other service is left out. */
function withoutAbsent(
  services: ReadonlyMap<string, ServiceModel>,
  leftOut: ReadonlySet<string>,
): ReadonlyMap<string, ServiceModel> {
  return new Map(
    [...services].map(([name, service]) => {
      const dependsOn = service.dependsOn.filter(({ service: target, required }) => required || !leftOut.has(target));
      return [name, { ...service, dependsOn }];
    }),
  );
}

/** What no service uses is not made, as with Compose. */
function inUse(model: ComposeModel): ComposeModel {
  const services = [...model.services.values()];
  const networks = new Set(services.flatMap((service) => service.networks.map(({ network }) => network)));
  const volumes = new Set(
    services.flatMap((service) => service.mounts.flatMap((mount) => (mount.kind === 'volume' ? mount.source : []))),
  );
  const secrets = new Set(
    services.flatMap((service) => [...service.secrets, ...(service.build?.secrets ?? [])].map(({ source }) => source)),
  );
  const configs = new Set(services.flatMap((service) => service.configs.map(({ source }) => source)));
  const only = <Value>(all: ReadonlyMap<string, Value>, used: ReadonlySet<string>): ReadonlyMap<string, Value> =>
    new Map([...all].filter(([name]) => used.has(name)));
  return {
    ...model,
    networks: only(model.networks, networks),
    volumes: only(model.volumes, volumes),
    secrets: only(model.secrets, secrets),
    configs: only(model.configs, configs),
  };
}

/** Lower case letters, digits, `-` and `_`, as Compose makes a project's name of a folder's. */
export function projectName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[-_]+/, '');
  return name === '' ? 'default' : name;
}

function readDotenv(directory: string, outer: Lookup): { values: Record<string, string>; problems: Problem[] } {
  const file = join(directory, '.env');
  const text = readText(file);
  if (text === undefined) return { values: {}, problems: [] };
  const { values, problems } = parseDotenv(text, outer);
  return {
    values,
    problems: problems.map(({ line, message }) => ({ kind: 'definition', message, place: { file, line } })),
  };
}

/** In the order of the files, then of their lines. */
function asFailure(paths: readonly string[], problems: readonly Problem[]): Result<never> {
  const rank = ({ place }: Problem): number => {
    const index = paths.indexOf(place?.file ?? '');
    return index < 0 ? paths.length : index;
  };
  const sorted = problems.toSorted((a, b) => rank(a) - rank(b) || (a.place?.line ?? 0) - (b.place?.line ?? 0));
  const [first, ...others] = sorted;
  if (first === undefined) throw new Error('a failure without a problem');
  return failed(first, ...others);
}
