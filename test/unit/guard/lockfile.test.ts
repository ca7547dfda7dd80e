import { describe, expect, test } from 'vitest';
import { judged } from './judged.ts';

describe('lock files', () => {
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  const npm = (...names: readonly string[]) => ({
    dependencies: Object.fromEntries(names.map((name) => [name, '^1.0.0'])),
  });
  const rows = [
    {
      manifest: 'package.json',
      lock: 'package-lock.json',
      asks: (...names: string[]) => json({ name: 'shop', ...npm(...names) }),
      locks: (...names: string[]) =>
        json({ lockfileVersion: 3, packages: { '': npm(...names), 'node_modules/zod': {} } }),
    },
    {
      manifest: 'package.json',
      lock: 'pnpm-lock.yaml',
      asks: (...names: string[]) => json(npm(...names)),
      locks: (...names: string[]) =>
        `lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n${names.map((name) => `      ${name}:\n        specifier: ^1.0.0\n        version: 1.2.3\n`).join('')}`,
    },
    {
      manifest: 'package.json',
      lock: 'yarn.lock',
      asks: (...names: string[]) => json(npm(...names)),
      locks: (...names: string[]) =>
        `# yarn lockfile v1\n\n${names.map((name) => `${name}@^1.0.0, ${name}@^1.1.0:\n  version "1.2.3"\n`).join('\n')}`,
    },
    {
      manifest: 'package.json',
      lock: 'yarn.lock',
      asks: (...names: string[]) => json(npm(...names)),
      locks: (...names: string[]) =>
        `__metadata:\n  version: 8\n\n${names.map((name) => `"${name}@npm:^1.0.0":\n  version: 1.2.3\n`).join('\n')}`,
    },
    {
      manifest: 'Cargo.toml',
      lock: 'Cargo.lock',
      asks: (...names: string[]) =>
        `[package]\nname = "shop"\n\n[dependencies]\n${names.map((name) => `my-${name} = { package = "${name}", version = "1" }\n`).join('')}\n[features]\ndefault = []\n`,
      locks: (...names: string[]) =>
        ['shop', ...names].map((name) => `[[package]]\nname = "${name}"\nversion = "1.0.0"\n`).join('\n'),
    },
    {
      manifest: 'go.mod',
      lock: 'go.sum',
      asks: (...names: string[]) =>
        `module shop\n\ngo 1.24\n\nrequire (\n${names.map((name) => `\texample.com/${name} v1.2.3 // indirect\n`).join('')})\n`,
      locks: (...names: string[]) => names.map((name) => `example.com/${name} v1.2.3/go.mod h1:abc=\n`).join(''),
    },
    {
      manifest: 'pyproject.toml',
      lock: 'uv.lock',
      asks: (...names: string[]) =>
        `[project]\nname = "shop"\ndependencies = [\n${names.map((name) => `  "${name.toUpperCase()}[x]>=1",\n`).join('')}]\n`,
      locks: (...names: string[]) => ['shop', ...names].map((name) => `[[package]]\nname = "${name}"\n`).join('\n'),
    },
    {
      manifest: 'pyproject.toml',
      lock: 'poetry.lock',
      asks: (...names: string[]) =>
        `[tool.poetry.dependencies]\npython = "^3.11"\n${names.map((name) => `${name} = "^1"\n`).join('')}`,
      locks: (...names: string[]) => names.map((name) => `[[package]]\nname = "${name}"\n`).join('\n'),
    },
  ];

  test.each(rows)('$lock has what $manifest asks for', ({ manifest, lock, asks, locks }) => {
    const before = { [manifest]: asks('zod'), [lock]: locks('zod') };
    const added = { [manifest]: asks('zod', 'left-pad') };
    // The lock file did not change, and is read all the same.
    expect(judged(before, { ...before, ...added }).lockfile).toMatchObject({
      state: 'fail',
      because: expect.stringMatching(new RegExp(`${manifest} has \\S*left-pad.*, but not ${lock}`, 'i')),
    });
    expect(judged(before, { ...added, [lock]: locks('zod', 'left-pad') }).lockfile?.state).toBe('pass');
    expect(judged(before, before).lockfile).toBeUndefined();
    // It lacked something before: that is nobody's doing.
    const stale = { ...before, ...added };
    expect(judged(stale, { ...stale, [manifest]: `${stale[manifest]}\n` }).lockfile?.state).toBe('pass');
  });

  test('a member of a workspace has its part of the lock file above it', () => {
    const lock = (name: string) => json({ packages: { '': {}, 'packages/a': npm(name) } });
    const before = {
      'package.json': json({}),
      'packages/a/package.json': json(npm('zod')),
      'package-lock.json': lock('zod'),
    };
    const after = { ...before, 'packages/a/package.json': json(npm('zed')) };
    expect(judged(before, after).lockfile).toMatchObject({
      state: 'fail',
      because: expect.stringContaining('packages/a/package.json has zed'),
    });
    expect(judged(before, { ...after, 'package-lock.json': lock('zed') }).lockfile?.state).toBe('pass');
  });

  test('nothing is said where it cannot be told', () => {
    const broken = judged({ 'package.json': json({}) }, { 'package.json': '{', 'package-lock.json': '{}' });
    expect(broken.lockfile).toBeUndefined();
    expect(judged({}, { 'package.json': json(npm('zod')) }).lockfile).toBeUndefined();
  });
});
