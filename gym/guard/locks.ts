import { parse as parseYaml } from 'yaml';
import { z } from 'zod';

/**
 * What a manifest asks for and a lock file does not have, in words; `undefined`: this cannot be told. `within`: the manifest's folder, relative to
 * the lock file's.
 */
export type Missing = (manifest: string, lock: string, within: string) => readonly string[] | undefined;

interface LockKind {
  readonly manifest: string;
  readonly locks: readonly { readonly name: string; readonly missing: Missing }[];
}

const ranges = z.record(z.string(), z.string()).default({});
const packageJson = z.object({
  dependencies: ranges,
  devDependencies: ranges,
  optionalDependencies: ranges,
  peerDependencies: ranges,
  /** Of Yarn, in the place of the ranges: then they say nothing. */
  resolutions: z.unknown().optional(),
});
const npmLock = z.object({ packages: z.record(z.string(), packageJson) });
/** Written by pnpm where the manifest's ranges are replaced: then they say nothing. */
const overrides = z.record(z.string(), z.string()).optional();
const specifiers = z.record(z.string(), z.object({ specifier: z.string() })).default({});
const pnpmLock = z.object({
  overrides,
  importers: z.record(
    z.string(),
    z.object({ dependencies: specifiers, devDependencies: specifiers, optionalDependencies: specifiers }),
  ),
});

/** Direct dependencies with the ranges in which they are asked for. npm lists an optional one twice. */
function askedBy(manifest: string): Readonly<Record<string, string>> {
  const { dependencies, devDependencies, optionalDependencies } = packageJson.parse(JSON.parse(manifest));
  return { ...devDependencies, ...dependencies, ...optionalDependencies };
}

function differing(asked: Readonly<Record<string, string>>, locked: Readonly<Record<string, string>>): string[] {
  const names = [...new Set([...Object.keys(asked), ...Object.keys(locked)])].filter(
    (name) => asked[name] !== locked[name],
  );
  return names.map((name) => (asked[name] === undefined ? `does not have ${name}` : `has ${name} ${asked[name]}`));
}

/** https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json: `packages` repeats each manifest's dependencies. */
const inNpm: Missing = (manifest, lock, within) => {
  const own = npmLock.parse(JSON.parse(lock)).packages[within];
  if (own === undefined) return undefined;
  const { dependencies, devDependencies, optionalDependencies } = own;
  return differing(askedBy(manifest), { ...devDependencies, ...dependencies, ...optionalDependencies });
};

/** Of version 6 and later: each importer's ranges stand beside their versions. */
const inPnpm: Missing = (manifest, lock, within) => {
  const { importers, overrides: replaced } = pnpmLock.parse(parseYaml(lock));
  const own = importers[within === '' ? '.' : within];
  if (own === undefined || replaced !== undefined) return undefined;
  const { dependencies, devDependencies, optionalDependencies } = own;
  const all = { ...devDependencies, ...dependencies, ...optionalDependencies };
  const locked = Object.fromEntries(Object.entries(all).map(([name, { specifier }]) => [name, specifier]));
  // Peers are installed where nobody else asks for them.
  const { peerDependencies } = packageJson.parse(JSON.parse(manifest));
  const asked = askedBy(manifest);
  const peers = Object.keys(peerDependencies).filter((name) => asked[name] === undefined);
  return differing(asked, Object.fromEntries(Object.entries(locked).filter(([name]) => !peers.includes(name))));
};

/** Both forms of Yarn name each range in the key of its entry; Berry with a protocol before it. */
const inYarn: Missing = (manifest, lock, within) => {
  const { resolutions } = packageJson.parse(JSON.parse(manifest));
  if (within !== '' || resolutions !== undefined) return undefined;
  const keys = lock.split('\n').filter((line) => /^\S.*:$/.test(line) && !line.startsWith('#'));
  const entries = new Set(
    keys.flatMap((line) =>
      line
        .slice(0, -1)
        .split(',')
        .map((each) => each.trim().replaceAll('"', '')),
    ),
  );
  return Object.entries(askedBy(manifest))
    .filter(([, range]) => /^[\^~<>=\dx*]/.test(range))
    .filter(([name, range]) => !entries.has(`${name}@${range}`) && !entries.has(`${name}@npm:${range}`))
    .map(([name, range]) => `has ${name} ${range}`);
};

/** Names of `[[package]]` in a lock file of Cargo, uv or Poetry, as PyPI and crates.io compare them. */
function packagesIn(lock: string): Set<string> {
  return new Set([...lock.matchAll(/^name = "([^"]+)"/gm)].map(([, name = '']) => name));
}

/** Lines of TOML tables whose header fits, without comments. */
function tables(text: string, header: RegExp): { readonly header: string; readonly lines: readonly string[] }[] {
  return text.split(/^(?=\[)/m).flatMap((table) => {
    const [first = '', ...lines] = table.split('\n');
    return header.test(first) ? [{ header: first.trim(), lines }] : [];
  });
}

function nameIn(manifest: string, header: RegExp): string | undefined {
  const [table] = tables(manifest, header);
  return /^name\s*=\s*["']([^"']+)["']/m.exec(table?.lines.join('\n') ?? '')?.[1];
}

/** https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html; a renamed one is locked by its own name. */
const inCargo: Missing = (manifest, lock) => {
  const locked = packagesIn(lock);
  const own = nameIn(manifest, /^\[package\]/);
  // A package that is no member of the workspace has another lock file.
  if (own !== undefined && !locked.has(own)) return undefined;
  const kinds = String.raw`(?:target\..+\.)?(?:dev-|build-)?dependencies`;
  const listed = tables(manifest, new RegExp(String.raw`^\[${kinds}\]`)).flatMap(({ lines }) =>
    lines.flatMap((line) => {
      const [, name = '', value = ''] = /^\s*"?([\w-]+)"?(?:\.\w+)?\s*=\s*(.*)$/.exec(line) ?? [];
      // Where the workspace names the package, its table has the name.
      if (name === '' || /workspace\s*=\s*true/.test(value) || /^\s*[\w-]+\.workspace\b/.test(line)) return [];
      return [/\bpackage\s*=\s*"([^"]+)"/.exec(value)?.[1] ?? name];
    }),
  );
  const single = tables(manifest, new RegExp(String.raw`^\[${kinds}\.[\w-]+\]`)).flatMap(({ header, lines }) => {
    const body = lines.join('\n');
    if (/^workspace\s*=\s*true/m.test(body)) return [];
    return [/^package\s*=\s*"([^"]+)"/m.exec(body)?.[1] ?? header.slice(header.lastIndexOf('.') + 1, -1)];
  });
  return [...listed, ...single].filter((name) => !locked.has(name)).map((name) => `has ${name}`);
};

/** https://go.dev/ref/mod#go-sum-files: of each required module at least the hash of its go.mod. */
const inGo: Missing = (manifest, lock, within) => {
  if (within !== '') return undefined;
  const replaced = new Set(
    [...manifest.matchAll(/^\s*(?:replace\s+)?(\S+)(?:\s+v\S+)?\s+=>/gm)].map(([, name = '']) => name),
  );
  const blocks = [...manifest.matchAll(/^require\s*\(([\s\S]*?)^\)/gm)].map(([, block = '']) => block);
  const singles = [...manifest.matchAll(/^require\s+([^\s(].*)$/gm)].map(([, line = '']) => line);
  const required = [...blocks, ...singles].flatMap((block) => [...block.matchAll(/^\s*([^\s/]\S*)\s+(v\S+)/gm)]);
  const sums = new Set(lock.split('\n').map((line) => line.split(' ').slice(0, 2).join(' ')));
  return required
    .filter(([, name = '']) => !replaced.has(name))
    .filter(([, name, version]) => !sums.has(`${name} ${version}`) && !sums.has(`${name} ${version}/go.mod`))
    .map(([, name, version]) => `has ${name} ${version}`);
};

/** https://packaging.python.org/en/latest/specifications/name-normalization/ */
const normalized = (name: string): string => name.toLowerCase().replaceAll(/[-_.]+/g, '-');

/** `dependencies` of `[project]`, which uv and Poetry 2 read. */
function projectDependencies(manifest: string): string[] {
  const [project] = tables(manifest, /^\[project\]/);
  const list = /^dependencies\s*=\s*\[([\s\S]*?)\](?=\s*(?:#.*)?$)/m.exec(project?.lines.join('\n') ?? '')?.[1] ?? '';
  return [...list.matchAll(/(["'])([A-Za-z0-9][\w.-]*).*?\1/g)].map(([, , name = '']) => name);
}

/** `[tool.poetry.dependencies]` and its groups, of Poetry 1. */
function poetryDependencies(manifest: string): string[] {
  return tables(manifest, /^\[tool\.poetry\.(?:group\.[\w-]+\.|dev-)?dependencies\]/).flatMap(({ lines }) =>
    lines.flatMap((line) => /^([A-Za-z0-9][\w.-]*)\s*=/.exec(line)?.[1] ?? []),
  );
}

const inPython: Missing = (manifest, lock, within) => {
  const locked = new Set([...packagesIn(lock)].map(normalized));
  const own = nameIn(manifest, /^\[project\]/);
  if (within !== '' && (own === undefined || !locked.has(normalized(own)))) return undefined;
  return [...projectDependencies(manifest), ...poetryDependencies(manifest)]
    .filter((name) => name !== 'python' && !locked.has(normalized(name)))
    .map((name) => `has ${name}`);
};

/** Manifests with their lock files. */
export const lockKinds: readonly LockKind[] = [
  {
    manifest: 'package.json',
    locks: [
      { name: 'package-lock.json', missing: inNpm },
      { name: 'npm-shrinkwrap.json', missing: inNpm },
      { name: 'pnpm-lock.yaml', missing: inPnpm },
      { name: 'yarn.lock', missing: inYarn },
    ],
  },
  { manifest: 'Cargo.toml', locks: [{ name: 'Cargo.lock', missing: inCargo }] },
  { manifest: 'go.mod', locks: [{ name: 'go.sum', missing: inGo }] },
  {
    manifest: 'pyproject.toml',
    locks: [
      { name: 'uv.lock', missing: inPython },
      { name: 'poetry.lock', missing: inPython },
    ],
  },
];
