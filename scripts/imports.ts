// The rules of who may import whom: docs/architecture.md has the table, docs/development.md says why.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSync } from 'rolldown/utils';

/** The nouns of gym/, from the top down, as in docs/architecture.md. A noun may import those further down, and its own row where that says so. */
export const layers: readonly { nouns: readonly string[]; mayImportEachOther: boolean }[] = [
  { nouns: ['cli', 'tui', 'mcp'], mayImportEachOther: false },
  { nouns: ['api'], mayImportEachOther: false },
  { nouns: ['loop', 'fault', 'prove', 'hooks'], mayImportEachOther: true },
  { nouns: ['verify'], mayImportEachOther: false },
  {
    nouns: ['environment', 'harness', 'evidence', 'judge', 'workspace', 'guard', 'agent', 'target'],
    mayImportEachOther: true,
  },
  { nouns: ['task', 'store', 'events'], mayImportEachOther: true },
  { nouns: ['load'], mayImportEachOther: false },
  { nouns: ['statistics'], mayImportEachOther: false },
];
const layerOf = (noun: string) => layers.findIndex((layer) => layer.nouns.includes(noun));

/** Every import that breaks a rule, one line each: `file:line: what is wrong`. `root` is the folder of the repo. */
export function importBreaches(root: string): string[] {
  const files = globSync('{gym,invariants,envs}/**/*.{ts,tsx}', { cwd: root, exclude: ['**/node_modules', '**/.gym'] });
  return files.sort().flatMap((file) => {
    const source = readFileSync(join(root, file), 'utf8');
    return importsOf(file, source).flatMap(({ specifier, start }) => {
      const wrong = breach(file, specifier.startsWith('.') ? join(dirname(file), specifier) : specifier);
      return wrong === undefined ? [] : [`${file}:${source.slice(0, start).split('\n').length}: ${wrong}`];
    });
  });
}

/** What is wrong with an import of `target`: a path from the root of the repo, or the name of a package. */
function breach(file: string, target: string): string | undefined {
  const place = placeOf(file);
  if (place.startsWith('envs/')) {
    return /^(gym|invariants|envs|scripts|test|\.\.)\//.test(target) && !target.startsWith(`${place}/`)
      ? `an environment imports 'devgym' and its own files only, not ${target}`
      : undefined;
  }
  if (/^(envs|scripts|test|\.\.)\//.test(target) || target === 'devgym') return `${place} may not import ${target}`;
  const goal = placeOf(target);
  if (goal === place || !/^(gym|invariants)(\/|$)/.test(target)) return undefined;
  if (place === 'gym/gym.ts')
    return goal === 'gym/main.ts' ? undefined : 'gym.ts starts main.ts and loads nothing else';
  if (place === 'gym/main.ts') return undefined;
  if (place === 'gym/index.ts') {
    return layerOf(goal.slice(4)) === 0 || goal === 'gym/main.ts'
      ? `the public API has no front-end in it: ${target}`
      : undefined;
  }
  if (place === 'invariants') {
    return goal === 'gym/judge' || goal === 'gym/task'
      ? undefined
      : `invariants see gym/judge and gym/task only, not ${target}`;
  }
  if (goal === 'invariants') return 'only gym/main.ts and gym/index.ts know the catalogue of invariants';
  return betweenNouns(place.slice(4), goal.slice(4));
}

function betweenNouns(from: string, to: string): string | undefined {
  const [upper, lower] = [layerOf(from), layerOf(to)];
  if (upper < 0 || lower < 0) return `gym/${upper < 0 ? from : to} is in no layer; the table is in scripts/imports.ts`;
  if (lower < upper) return `gym/${from} may not import gym/${to}, which is above it`;
  if (lower === upper && layers[upper]?.mayImportEachOther === false) return `gym/${from} may not reach into gym/${to}`;
  return undefined;
}

/** The unit that a rule speaks of: `gym/cli`, `gym/main.ts`, `invariants`, `envs/shuffle`. */
function placeOf(path: string): string {
  return path.startsWith('invariants') ? 'invariants' : path.split('/').slice(0, 2).join('/');
}

function importsOf(file: string, source: string): { specifier: string; start: number }[] {
  const { module } = parseSync(file, source);
  const exported = module.staticExports.flatMap((one) => one.entries.map((entry) => entry.moduleRequest));
  const requests = [
    ...module.staticImports.map((one) => one.moduleRequest),
    ...exported,
    ...module.dynamicImports.map((one) => one.moduleRequest),
  ];
  return requests
    .filter((request) => request !== null && request !== undefined)
    .map(({ start, end }) => ({ specifier: source.slice(start + 1, end - 1), start }));
}
