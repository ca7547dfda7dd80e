import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { BuildModel } from './model.ts';
import type { Reader } from './reader.ts';
import type { Node } from './tree.ts';

const known = ['context', 'dockerfile', 'target', 'args'];
const foreign = [
  'additional_contexts',
  'cache_from',
  'cache_to',
  'dockerfile_inline',
  'entitlements',
  'extra_hosts',
  'isolation',
  'labels',
  'network',
  'no_cache',
  'platforms',
  'privileged',
  'pull',
  'secrets',
  'shm_size',
  'ssh',
  'tags',
  'ulimits',
];

/** `build: DIR` or its long form. The context and the Dockerfile must be there. */
export function readBuild(
  reader: Reader,
  node: Node | undefined,
  directory: string,
  missing: (name: string) => string | undefined,
): BuildModel | null {
  if (node === undefined) return null;
  const fields = node.kind === 'scalar' ? new Map([['context', node]]) : reader.fields(node, 'build', known, foreign);
  const contextNode = fields.get('context');
  const context = resolve(directory, reader.text(contextNode, 'build: context') ?? '.');
  const line = contextNode?.line ?? node.line;
  if (/^[a-z]+:\/\/|^git@/.test(reader.text(contextNode, 'build: context') ?? '')) {
    reader.complain(line, 'build: a context that is fetched from elsewhere is not supported', 'Use a local folder.');
    return null;
  }
  if (!existsSync(context) || !statSync(context).isDirectory()) {
    reader.complain(line, `build: the context ${context} is not a folder`, 'Paths are relative to the Compose file.');
    return null;
  }
  const dockerfile = resolve(context, reader.text(fields.get('dockerfile'), 'build: dockerfile') ?? 'Dockerfile');
  if (!existsSync(dockerfile)) {
    reader.complain(
      fields.get('dockerfile')?.line ?? line,
      `build: there is no Dockerfile at ${dockerfile}`,
      `Its path is relative to the context: ${join(context, '…')}`,
    );
    return null;
  }
  return {
    context,
    dockerfile,
    target: reader.text(fields.get('target'), 'build: target'),
    args: reader.pairs(fields.get('args'), 'build: args', missing),
  };
}
