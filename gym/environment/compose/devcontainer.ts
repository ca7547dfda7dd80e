import { basename, dirname, resolve } from 'node:path';
import type { Problem } from '../../events/problem.ts';
import type { Files } from './files.ts';
import { readText } from './files.ts';
import { growMapping } from './grow.ts';
import type { Lookup } from './interpolate.ts';
import { type Fill, parseJsonc } from './jsonc.ts';
import { devcontainerKeys } from './keys.ts';
import { mergeMappings } from './merge.ts';
import type { ToolsModel } from './model.ts';
import { Reader } from './reader.ts';
import type { Mapping, Node, Source, Spot } from './tree.ts';

/** A definition that is no Compose file, as the tree of one. */
export interface Foreign {
  readonly root: Mapping;
  /** How commands are run in its service. */
  readonly tools: ToolsModel | null;
  readonly service: string;
}

/** Stays until it is stopped, as the reference implementation of development containers makes it. */
const staying = {
  entrypoint: ['/bin/sh'],
  command: ['-c', 'trap "exit 0" TERM; while sleep 1000 & wait $!; do :; done'],
};
const lifecycle = ['onCreateCommand', 'updateContentCommand', 'postCreateCommand', 'postStartCommand'] as const;

/**
 * Reads a devcontainer.json as the tree of a Compose file with one service, or lays it over the service that it names.
 * Source: containers.dev, "Dev Container metadata reference".
 */
export function readDevcontainer(file: string, files: Files, lookup: Lookup): Foreign | undefined {
  const folder = dirname(file);
  const workspace = basename(folder) === '.devcontainer' ? dirname(folder) : folder;
  const source: Source = { file, directory: folder, lookup };
  const problems: Problem[] = [];
  const complain = (message: string): void => {
    problems.push({ kind: 'definition', message, place: { file } });
  };
  const variables = new Map([
    ['localWorkspaceFolder', workspace],
    ['localWorkspaceFolderBasename', basename(workspace)],
    ['containerWorkspaceFolder', `/workspaces/${basename(workspace)}`],
    ['containerWorkspaceFolderBasename', basename(workspace)],
    ['devcontainerId', basename(workspace)],
  ]);
  const text = readText(file);
  if (text === undefined) {
    files.problems.push({ kind: 'definition', message: `there is no file ${file}`, place: { file } });
    return undefined;
  }
  const parsed = parseJsonc(source, text, fillWith(variables, lookup, complain));
  problems.push(...parsed.problems);
  files.problems.push(...problems);
  if (parsed.root === undefined) return undefined;

  const reader = new Reader(lookup);
  const fields = reader.fields(parsed.root, devcontainerKeys.top, 'devcontainer.json');
  const composeFiles = reader.textOrTexts(fields.get('dockerComposeFile'), 'dockerComposeFile');
  const service = reader.text(fields.get('service'), 'service') ?? 'app';
  const isCompose = composeFiles.length > 0;
  const overlay = overlayOf(reader, fields, parsed.root, { workspace, service, isCompose });
  const tools = readTools(reader, fields, isCompose ? '/' : `/workspaces/${basename(workspace)}`);
  files.problems.push(...reader.problems);
  files.notes.push(...reader.notes());
  if (!isCompose) return { root: overlay, tools, service };
  const paths = composeFiles.map((path) => resolve(folder, path));
  const base = files.load(paths, { directory: dirname(paths[0] ?? file), lookup });
  if (base === undefined) return undefined;
  const root = mergeMappings(base, overlay, [], ({ source: at, line }, message) =>
    files.problems.push({ kind: 'definition', message, place: { file: at.file, line } }),
  );
  return { root, tools, service };
}

/** `${localEnv:NAME:default}` and the folders; other variables stay as they are. */
function fillWith(variables: ReadonlyMap<string, string>, lookup: Lookup, complain: (message: string) => void): Fill {
  return (text) =>
    text.replace(/\$\{([A-Za-z]+)(?::([^}:]*))?(?::([^}]*))?\}/g, (whole, kind: string, name = '', otherwise = '') => {
      if (kind === 'localEnv' || kind === 'env') return lookup(name) ?? otherwise;
      if (kind === 'containerEnv') complain(`\${containerEnv:${name}} is not supported: write the value`);
      return variables.get(kind) ?? whole;
    });
}

type Fields = ReadonlyMap<string, Node>;

interface Target {
  readonly workspace: string;
  readonly service: string;
  readonly isCompose: boolean;
}

/** What it says of its service, as a Compose file would. */
function overlayOf(reader: Reader, fields: Fields, at: Spot, { workspace, service, isCompose }: Target): Mapping {
  const text = (key: string): string | undefined => reader.text(fields.get(key), key) ?? undefined;
  const flag = (key: string): boolean | undefined => reader.boolean(fields.get(key), key) ?? undefined;
  const texts = (key: string): readonly string[] | undefined =>
    fields.has(key) ? reader.texts(fields.get(key), key) : undefined;
  const mounts = reader.items(fields.get('mounts'), 'mounts').flatMap((item) => readMount(reader, item));
  const own = `/workspaces/${basename(workspace)}`;
  const workspaceMount = fields.has('workspaceMount')
    ? mountOf(text('workspaceMount') ?? '')
    : { type: 'bind', source: workspace, target: own };
  const published = readPorts(reader, fields, service);
  const stays = flag('overrideCommand') ?? !isCompose;
  const definition = {
    image: text('image'),
    build: fields.has('build') ? readBuild(reader, fields.get('build'), at.source) : undefined,
    ...(stays && staying),
    environment: fields.has('containerEnv') ? reader.pairs(fields.get('containerEnv'), 'containerEnv') : undefined,
    user: text('containerUser'),
    init: flag('init'),
    privileged: flag('privileged'),
    cap_add: texts('capAdd'),
    security_opt: texts('securityOpt'),
    volumes: [...(isCompose || workspaceMount.target === '' ? [] : [workspaceMount]), ...mounts],
    working_dir: isCompose ? undefined : (text('workspaceFolder') ?? own),
    ports: published.get(service),
  };
  if (!isCompose && definition.image === undefined && definition.build === undefined) {
    reader.complain(at, 'devcontainer.json has none of "image", "build" and "dockerComposeFile"');
  }
  const others = [...published].filter(([name]) => name !== service).map(([name, ports]) => [name, { ports }] as const);
  const volumes = mounts.flatMap(({ type, source }) => (type === 'volume' ? [[source, null] as const] : []));
  return growMapping(
    [
      ['services', Object.fromEntries([[service, withoutUndefined(definition)], ...others])],
      ['volumes', Object.fromEntries(volumes)],
    ],
    at,
  );
}

function withoutUndefined(of: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined));
}

/** Here the Dockerfile's path is relative to devcontainer.json, as is the context's. */
function readBuild(reader: Reader, node: Node | undefined, { directory }: Source): Record<string, unknown> {
  const fields = reader.fields(node, devcontainerKeys.build, 'build');
  const text = (key: string): string | null => reader.text(fields.get(key), `build: ${key}`);
  return withoutUndefined({
    context: resolve(directory, text('context') ?? '.'),
    dockerfile: resolve(directory, text('dockerfile') ?? 'Dockerfile'),
    target: text('target') ?? undefined,
    args: fields.has('args') ? reader.pairs(fields.get('args'), 'build: args') : undefined,
  });
}

interface Mount {
  readonly type: string;
  readonly source: string;
  readonly target: string;
}

function readMount(reader: Reader, node: Node): Mount[] {
  if (node.kind === 'scalar') return [mountOf(node.text)];
  const fields = reader.fields(node, devcontainerKeys.mount, 'mounts');
  const text = (key: string): string => reader.text(fields.get(key), `mounts: ${key}`) ?? '';
  return [{ type: text('type') || 'volume', source: text('source'), target: text('target') }];
}

/** `source=…,target=…,type=…`, as `docker run --mount` takes it. */
function mountOf(text: string): Mount {
  const pairs = new Map(text.split(',').map((part) => [part.split('=')[0] ?? '', part.slice(part.indexOf('=') + 1)]));
  const pick = (...names: string[]): string =>
    names.map((name) => pairs.get(name)).find((value) => value !== undefined) ?? '';
  return {
    type: pick('type') || 'volume',
    source: pick('source', 'src'),
    target: pick('target', 'destination', 'dst'),
  };
}

/** Ports by service: `8080` is one of the service itself, `db:5432` of another. */
function readPorts(reader: Reader, fields: Fields, service: string): ReadonlyMap<string, readonly string[]> {
  const texts = [
    ...reader.textOrTexts(fields.get('forwardPorts'), 'forwardPorts'),
    ...reader.textOrTexts(fields.get('appPort'), 'appPort'),
  ];
  const ports = new Map<string, string[]>();
  for (const text of texts) {
    const [, host = service, port = text] = /^([A-Za-z][^:]*):(\d+)$/.exec(text) ?? [];
    const owner = host === 'localhost' ? service : host;
    ports.set(owner, [...(ports.get(owner) ?? []), port]);
  }
  return ports;
}

function readTools(reader: Reader, fields: Fields, folder: string): ToolsModel {
  return {
    user:
      reader.text(fields.get('remoteUser'), 'remoteUser') ?? reader.text(fields.get('containerUser'), 'containerUser'),
    workingDir: reader.text(fields.get('workspaceFolder'), 'workspaceFolder') ?? folder,
    environment: reader.pairs(fields.get('remoteEnv'), 'remoteEnv'),
    setup: lifecycle.flatMap((key) => readCommands(reader, fields.get(key), key)),
  };
}

/** A line of shell, a command, or several by name. */
function readCommands(reader: Reader, node: Node | undefined, key: string): ToolsModel['setup'] {
  if (node === undefined) return [];
  if (node.kind === 'mapping')
    return [...node.entries.values()].flatMap(({ value }) => readCommands(reader, value, key));
  if (node.kind === 'sequence') return [{ name: key, command: reader.texts(node, key) }];
  return node.text === '' ? [] : [{ name: key, command: ['/bin/sh', '-c', node.text] }];
}
