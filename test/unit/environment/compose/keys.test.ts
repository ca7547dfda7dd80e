import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { composeKeys, type KeySupport, type Scope } from '../../../../gym/environment/compose/keys.ts';
import { loadCompose } from '../../../../gym/environment/compose/load.ts';
import { type Node, parseTree } from '../../../../gym/environment/compose/tree.ts';

const root = join(import.meta.dirname, '../../../fixtures/compose');
const keys: Readonly<Record<string, Readonly<Record<string, KeySupport>>>> = composeKeys;
const folder = mkdtempSync(join(tmpdir(), 'gym-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Maps with free names, and other names of scopes that are the same. */
const named = /^(?:services|networks|volumes|secrets|configs)$|\.(?:networks|depends_on|ulimits)$/;
const aliases: readonly (readonly [RegExp, Scope])[] = [
  [/\.blkio_config\.device_.*\[\]$/, 'services.*.blkio_config.limit[]'],
  [/\.reservations\.devices\[\]$/, 'services.*.gpus[]'],
];

/** `scope key` of everything that a file uses. */
function used(node: Node, path: string, into: Set<string>): void {
  if (node.kind === 'sequence') for (const item of node.items) used(item, `${path}[]`, into);
  if (node.kind !== 'mapping') return;
  const scope = aliases.find(([pattern]) => pattern.test(path))?.[1] ?? (path === '' ? 'top' : path);
  for (const [key, { value }] of node.entries) {
    if (keys[scope] !== undefined) into.add(`${scope} ${key}`);
    used(value, named.test(path) ? `${path}.*` : path === '' ? key : `${path}.${key}`, into);
  }
}

const all = Object.entries(keys).flatMap(([scope, of]) =>
  Object.entries(of).map(([key, { is }]) => ({ scope, key, is })),
);

describe('the table of keys', () => {
  it('is used by the corpus in every supported key', () => {
    const found = new Set<string>();
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yaml'));
    for (const name of files) {
      const source = { file: name, directory: root, lookup: () => '1' };
      for (const tree of parseTree(source, readFileSync(join(root, name), 'utf8')).roots) used(tree, '', found);
    }
    const supported = all.filter(({ is }) => is === 'supported').map(({ scope, key }) => `${scope} ${key}`);
    expect(supported.filter((each) => !found.has(each))).toEqual([]);
  });

  const places: Readonly<Record<string, string>> = {
    top: 'KEY: x',
    'services.*': 'services: {a: {image: i, KEY: x}}',
    'services.*.build': 'services: {a: {build: {KEY: x, dockerfile_inline: FROM x}}}',
    'services.*.networks.*': 'services: {a: {image: i, networks: {default: {KEY: x}}}}',
    'services.*.volumes[]': 'services: {a: {image: i, volumes: [{type: tmpfs, target: /x, KEY: x}]}}',
    'services.*.volumes[].volume': 'services: {a: {image: i, volumes: [{type: volume, target: /x, volume: {KEY: x}}]}}',
    'secrets.*': 'secrets: {a: {KEY: x}}',
    'configs.*': 'configs: {a: {KEY: x}}',
  };

  it.each(all.filter(({ is }) => is === 'unsupported'))('refuses $scope $key with its line', ({ scope, key }) => {
    const file = join(folder, 'compose.yaml');
    const place = places[scope];
    if (place === undefined) throw new Error(`no example of ${scope}`);
    const own = scope.startsWith('services') ? '' : 'services: {z: {image: i}}\n';
    writeFileSync(file, `# first line\n${place.replace('KEY', key)}\n${own}`);
    const model = loadCompose(file, {}, {});
    expect(model.ok ? [] : model.problems).toMatchObject([
      { kind: 'definition', message: expect.stringContaining(`"${key}" is not supported`), place: { file, line: 2 } },
    ]);
  });

  it.each([
    ['restart: always', ['service a: restart "always" has no effect: a service that dies stays dead and is reported']],
    ['restart: "no"', []],
    ['develop: {}', ['service a: develop has no effect: gym does not watch files']],
    ['deploy: {placement: {}}', ['service a: deploy: placement has no effect: it is for Swarm']],
    ['attach: true', []],
    ['x-own: 1', []],
  ])('notes what has no effect: %s', (line, notes) => {
    const file = join(folder, 'notes.yaml');
    writeFileSync(file, `services: {a: {image: i, ${line}}}`);
    const model = loadCompose(file, {}, {});
    expect(model.ok ? model.value.notes : model.problems).toEqual(notes);
  });
});
