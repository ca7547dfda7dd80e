import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { BuildModel } from './model.ts';
import type { Reader } from './reader.ts';
import { readExtraHosts } from './resources.ts';
import type { Node } from './tree.ts';

/** `build: DIR` or its long form. The context and the Dockerfile must be there. */
export function readBuild(reader: Reader, node: Node | undefined): BuildModel | null {
  if (node === undefined) return null;
  const fields =
    node.kind === 'scalar' ? new Map([['context', node]]) : reader.fields(node, 'services.*.build', 'build');
  const text = (key: string): string | null => reader.text(fields.get(key), `build: ${key}`);
  const at = fields.get('context') ?? node;
  const context = resolve(at.source.directory, text('context') ?? '.');
  if (isRemote(text('context') ?? '')) {
    reader.complain(at, 'build: a context that is fetched from elsewhere is not supported', 'Use a local folder.');
    return null;
  }
  if (!existsSync(context) || !statSync(context).isDirectory()) {
    reader.complain(at, `build: the context ${context} is not a folder`, 'Paths are relative to the Compose file.');
    return null;
  }
  const dockerfile = resolve(context, text('dockerfile') ?? 'Dockerfile');
  const dockerfileInline = text('dockerfile_inline');
  if (dockerfileInline === null && !existsSync(dockerfile)) {
    reader.complain(
      fields.get('dockerfile') ?? at,
      `build: there is no Dockerfile at ${dockerfile}`,
      `Its path is relative to the context: ${join(context, '…')}`,
    );
    return null;
  }
  if (dockerfileInline !== null && fields.has('dockerfile')) {
    reader.complain(node, 'build: there are both "dockerfile" and "dockerfile_inline"', 'Keep one of them.');
  }
  return {
    context,
    dockerfile,
    dockerfileInline,
    target: text('target'),
    args: reader.pairs(fields.get('args'), 'build: args', 'inherit'),
    labels: reader.pairs(fields.get('labels'), 'build: labels'),
    network: text('network'),
    shmSizeBytes: reader.bytes(fields.get('shm_size'), 'build: shm_size'),
    extraHosts: readExtraHosts(reader, fields.get('extra_hosts'), 'build: extra_hosts'),
    additionalContexts: readContexts(reader, fields.get('additional_contexts')),
    ssh: readSsh(reader, fields.get('ssh')),
    secrets: readSecrets(reader, fields.get('secrets')),
  };
}

const isRemote = (context: string): boolean => /^[a-z]+:\/\/|^git@/.test(context);

function readContexts(reader: Reader, node: Node | undefined): Record<string, string> {
  const pairs = Object.entries(reader.pairs(node, 'build: additional_contexts'));
  const directory = node?.source.directory ?? '';
  return Object.fromEntries(
    pairs.map(([name, value]) => [
      name,
      /^[a-z-]+:/.test(value) || isRemote(value) ? value : resolve(directory, value),
    ]),
  );
}

function readSsh(reader: Reader, node: Node | undefined): readonly string[] {
  if (node?.kind !== 'mapping') return reader.textOrTexts(node, 'build: ssh');
  return Object.entries(reader.pairs(node, 'build: ssh')).map(([id, path]) => (path === '' ? id : `${id}=${path}`));
}

function readSecrets(reader: Reader, node: Node | undefined): BuildModel['secrets'] {
  return reader.items(node, 'build: secrets').flatMap((item) => {
    if (item.kind === 'scalar') return [{ source: item.text, target: null }];
    const fields = reader.fields(item, 'services.*.build.secrets[]', 'build: secrets');
    const source = reader.text(fields.get('source'), 'build: secrets: source');
    if (source === null) reader.complain(item, 'build: secrets: "source" is missing');
    return source === null ? [] : [{ source, target: reader.text(fields.get('target'), 'build: secrets: target') }];
  });
}
