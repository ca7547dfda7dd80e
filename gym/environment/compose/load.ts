import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { failed, ok, type Problem, type Result } from '../../events/problem.ts';
import { parseDotenv } from './dotenv.ts';
import { checkReferences } from './graph.ts';
import type { Lookup } from './interpolate.ts';
import type { ComposeModel, ServiceModel } from './model.ts';
import { child, Reader } from './reader.ts';
import { readNetworks, readVolumes } from './resources.ts';
import { readService } from './service.ts';
import { type Mapping, parseTree } from './tree.ts';

const topKeys = ['name', 'version', 'services', 'networks', 'volumes'];
const foreignTopKeys = ['include', 'configs', 'secrets', 'models'];

/**
 * Reads a Compose file without an engine. Variables come from `variables`, then `ambient`, then a `.env` file beside the Compose file.
 * A failure holds all that is wrong, each with its file and line (kind `definition`).
 */
export function loadCompose(
  file: string,
  variables: Readonly<Record<string, string>>,
  ambient: Readonly<Record<string, string | undefined>>,
): Result<ComposeModel> {
  const path = resolve(file);
  const text = readText(path);
  if (text === undefined) {
    return failed({ kind: 'definition', message: `there is no Compose file ${path}`, place: { file: path } });
  }
  const outer: Lookup = (name) => variables[name] ?? ambient[name];
  const dotenv = readDotenv(dirname(path), outer);
  const lookup: Lookup = (name) => outer(name) ?? dotenv.values[name];
  const tree = parseTree(path, text, lookup);
  const problems = [...dotenv.problems, ...tree.problems];
  if (tree.root === undefined) return asFailure(problems);

  const reader = new Reader(path);
  const model = readModel(reader, tree.root, lookup);
  if (tree.unset.size > 0) reader.notes.push(`not set, so empty: ${[...tree.unset].join(', ')}`);
  problems.push(...reader.problems);
  return problems.length > 0 ? asFailure(problems) : ok(model);
}

function readModel(reader: Reader, root: Mapping, lookup: Lookup): ComposeModel {
  const directory = dirname(reader.file);
  reader.fields(root, 'the file', topKeys, foreignTopKeys);
  const services = new Map<string, ServiceModel>();
  const leftOut = new Set<string>();
  for (const [name, entry] of reader.entries(child(root, 'services'), 'services')) {
    reader.service = name;
    const service = readService({ reader, directory, lookup }, name, entry);
    if (service === null) leftOut.add(name);
    else services.set(name, service);
  }
  reader.service = undefined;
  if (services.size === 0) reader.complain(root.line, 'the file defines no service that would be started');
  const all = {
    networks: readNetworks(reader, child(root, 'networks')),
    volumes: readVolumes(reader, child(root, 'volumes')),
  };
  const name = reader.text(child(root, 'name'), 'name') ?? projectName(basename(directory));
  const model: ComposeModel = { file: reader.file, name, services, ...all, notes: reader.notes };
  checkReferences(reader, model, leftOut);
  return { ...model, ...inUse(model) };
}

/** Networks and volumes that no service uses are not made, as with Compose. */
function inUse(model: ComposeModel): Pick<ComposeModel, 'networks' | 'volumes'> {
  const services = [...model.services.values()];
  const networks = new Set(services.flatMap((service) => service.networks.map(({ network }) => network)));
  const volumes = new Set(
    services.flatMap((service) => service.mounts.flatMap((mount) => (mount.kind === 'volume' ? mount.source : []))),
  );
  return {
    networks: new Map([...model.networks].filter(([name]) => networks.has(name))),
    volumes: new Map([...model.volumes].filter(([name]) => volumes.has(name))),
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

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function readDotenv(directory: string, outer: Lookup): { values: Record<string, string>; problems: Problem[] } {
  const file = join(directory, '.env');
  if (!existsSync(file)) return { values: {}, problems: [] };
  const { values, badLines } = parseDotenv(readFileSync(file, 'utf8'), outer);
  const problems = badLines.map((line): Problem => {
    return { kind: 'definition', message: 'not NAME=value', place: { file, line } };
  });
  return { values, problems };
}

function asFailure(problems: readonly Problem[]): Result<never> {
  const [first, ...others] = problems.toSorted((a, b) => (a.place?.line ?? 0) - (b.place?.line ?? 0));
  if (first === undefined) throw new Error('a failure without a problem');
  return failed(first, ...others);
}
