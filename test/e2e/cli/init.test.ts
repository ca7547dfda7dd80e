import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { leftOf } from '../../support/gym/engine.ts';
import { gym } from '../../support/gym/program.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/repository.ts';
import { serviceImages } from '../../support/service-images.ts';

type Files = Readonly<Record<string, string>>;

function repoOf(files: Files): TemporaryFolder {
  const folder = temporaryFolder();
  folder.git('init', '-q', '-b', 'main');
  for (const [name, content] of Object.entries(files)) folder.write(name, content);
  return folder;
}
const read = (folder: TemporaryFolder, name: string): string => readFileSync(join(folder.path, name), 'utf8');
const manifest = (more: object): string => JSON.stringify({ name: '@gymtest/Cart', ...more });

const nodeRepo: Files = {
  'package.json': manifest({ scripts: { test: 'node --test', build: 'node -e "console.log(1)"' } }),
  'test/cart.test.js': `const { test } = require('node:test');
const assert = require('node:assert');
test('adds', () => assert.strictEqual(1 + 2, 3));
test('reaches the shop', async () => assert.strictEqual(await (await fetch(process.env.SHOP + '/')).text(), 'open'));
`,
};

describe('the first task of a repo runs', () => {
  beforeAll(() => serviceImages('python:3.11-slim-bookworm'));

  test('Node.js with a Compose file of its own: the tests run beside its services, with the settings of what is built there', async () => {
    const compose = `services:
  shop:
    build:
      context: .
      dockerfile_inline: |
        FROM node:24-bookworm-slim
        CMD ["node", "-e", "require('http').createServer((_, to) => to.end('open')).listen(80)"]
    init: true
    environment: { SHOP: 'http://shop' }
    healthcheck: { test: [CMD, node, -e, "fetch('http://shop').catch(() => process.exit(1))"] }
`;
    using repo = repoOf({ ...nodeRepo, 'compose.yaml': compose });
    expect(await gym(repo.path, ['init'])).toEqual({
      exitCode: 0,
      stdout: `found  package.json (npm, node:test, script build); compose.yaml (shop)
wrote  task.ts, TASK.md, compose.gym.yaml
next   say in TASK.md what is to be done; gym verify
`,
      stderr: '',
    });
    expect(read(repo, 'compose.yaml')).toBe(compose);
    const end = await gym(repo.path, ['verify']);
    expect(end).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('2 cases in 2 stages') });
    expect(leftOf(repo.path)).toEqual([]);
  });

  test('Node.js without one, and what fails there is told', async () => {
    const hook = `const { after, describe, it } = require('node:test');
describe('orders', () => {
  after(() => { throw new Error('the hook broke'); });
  it('are there', () => {});
});
`;
    using repo = repoOf({ ...nodeRepo, 'test/orders.test.js': hook });
    expect(await gym(repo.path, ['init'])).toMatchObject({ exitCode: 0 });
    const end = await gym(repo.path, ['verify']);
    expect(end).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('fail unit: 2 of 4 cases failed\n') });
    expect(end.stdout).toMatch(/^ {2}orders {2}test\/orders\.test\.js:3 {2}the hook broke$/m);
    expect(end.stdout).toMatch(/^ {2}reaches the shop {2}test\/cart\.test\.js:4 {2}.*undefined/m);
  });

  test('Python with pytest', async () => {
    using repo = repoOf({
      'pyproject.toml': '[tool.pytest.ini_options]\ntestpaths = ["tests"]\n',
      '.python-version': '3.11\n',
      'tests/test_cart.py': 'def test_adds():\n    assert 1 + 2 == 4\n',
    });
    expect(await gym(repo.path, ['init'])).toMatchObject({ exitCode: 0 });
    const end = await gym(repo.path, ['verify']);
    expect(end.stdout).toMatch(/test_adds {2}tests\/test_cart\.py:2 {2}.*assert \(1 \+ 2\) == 4$/m);
  });
});

describe('what is in a repo decides', () => {
  test.each<[string, Files, string, readonly string[]]>([
    [
      'vitest and pnpm',
      {
        'package.json': manifest({
          packageManager: 'pnpm@10.2.0',
          devDependencies: { vitest: '^4' },
          engines: { node: '>=22' },
        }),
        'pnpm-lock.yaml': '',
      },
      'package.json (pnpm, vitest)',
      ['node:22-bookworm-slim', 'pnpm@10.2.0 && pnpm install --frozen-lockfile', 'pnpm exec vitest run', "'junit'"],
    ],
    [
      'jest and yarn',
      { 'package.json': manifest({ devDependencies: { jest: '^30' } }), 'yarn.lock': '', '.nvmrc': 'v20.11.1\n' },
      'package.json (yarn, jest)',
      ['node:20-bookworm-slim', 'COPY package.json yarn.lock ./', 'yarn jest --json', "'jest'"],
    ],
    [
      'flags of a script are kept, unless something else comes after',
      {
        'package.json': manifest({
          scripts: { test: 'NODE_ENV=test jest --config ci.json', prepare: 'husky' },
          devDependencies: { vitest: '4', jest: '30' },
        }),
      },
      'package.json (npm, jest)',
      [
        'npm run test -- --json --outputFile=/tmp/gym-unit.json',
        'WORKDIR /workspace\n        COPY . .\n        RUN npm install\n',
      ],
    ],
    [
      'a script that goes on after its runner',
      { 'package.json': manifest({ scripts: { test: 'vitest run && ./more' } }) },
      'package.json (npm, vitest)',
      ["command: 'npx vitest run --reporter=default"],
    ],
    [
      'another script, with TypeScript that compiles all there is',
      { 'package.json': manifest({ scripts: { test: './run-tests', typecheck: 'tsc' } }), 'tsconfig.json': '{}' },
      'package.json (npm, script test, script typecheck)',
      ['npm run typecheck', 'npm run test', '// @ts-nocheck'],
    ],
    [
      'uv',
      {
        'pyproject.toml': '[project]\nname = "Cart_Shop"\nrequires-python = ">=3.12"\n',
        'uv.lock': '',
        'pytest.ini': '',
      },
      'pyproject.toml (uv, pytest)',
      ['python:3.12-slim', 'uv sync --locked', 'uv run python -m pytest', "name: 'cart-shop'"],
    ],
    [
      'pip with extras and groups',
      {
        'pyproject.toml':
          '[project]\nname = "cart"\n[project.optional-dependencies]\ntest = ["pytest"]\n[dependency-groups]\ndev = ["ruff"]\n',
      },
      'pyproject.toml (pip, pytest)',
      ["pip install -e '.[test]'", 'pip install --group dev'],
    ],
    [
      'pip without a word of pytest, which counts the tests of unittest too',
      { 'requirements.txt': 'flask\n' },
      'requirements.txt (pip, pytest)',
      ['pip install pytest', 'python -m pytest --junitxml'],
    ],
    [
      'unittest',
      { 'pyproject.toml': '[project]\nname = "cart"\n', 'uv.lock': '' },
      'pyproject.toml (uv, unittest)',
      ['uv run python -m unittest discover'],
    ],
    [
      'Go',
      { 'go.mod': 'module cart\n\ngo 1.24.3\n' },
      'go.mod',
      ['golang:1.24-bookworm', 'COPY go.mod ./', 'go test -json', "'go'"],
    ],
    ['Rust', { 'Cargo.toml': '' }, 'Cargo.toml', ['rust:1-bookworm', 'cargo test --no-fail-fast 2>&1', "'cargo'"]],
    ['Ruby', { Gemfile: "gem 'rspec'\n" }, 'Gemfile (rspec)', ['bundle install', 'bundle exec rspec', "'rspec'"]],
    [
      '.NET',
      { 'Cart.csproj': '<Project><TargetFramework>net8.0</TargetFramework></Project>' },
      'Cart.csproj',
      ['dotnet/sdk:8.0', 'dotnet test'],
    ],
    ['Maven', { 'pom.xml': '<project/>' }, 'pom.xml', ['maven:3', 'mvn -B clean test; ', "{ format: 'junit', path: "]],
    [
      'Maven with modules',
      { 'pom.xml': '<project><modules><module>a</module></modules></project>' },
      'pom.xml',
      ["command: 'mvn -B test',"],
    ],
    [
      'Gradle',
      { 'build.gradle.kts': '', gradlew: '' },
      'build.gradle.kts',
      ['./gradlew cleanTest test; ', 'build/test-results/test/', "{ format: 'junit', path: "],
    ],
    ['make', { Makefile: 'CC := cc\nall:\n\ttrue\ncheck: all\n\ttrue\n' }, 'Makefile (target check)', ['make check']],
    [
      'several languages',
      { 'go.mod': 'module cart\n', Gemfile: '', 'compose.yaml': 'services:\n  tests-go:\n    image: x\n' },
      'go.mod; Gemfile (rake); compose.yaml (tests-go)',
      ["'unit-go'", "'tests-go-gym'", "'unit-ruby'", "compose: ['compose.yaml', 'compose.gym.yaml']"],
    ],
  ])('%s', async (_, files, found, contents) => {
    using repo = repoOf(files);
    const end = await gym(repo.path, ['init']);
    expect(end).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringContaining(`found  ${found}\n`) });
    const composeFile = 'compose.yaml' in files ? 'compose.gym.yaml' : 'compose.yaml';
    const written = read(repo, 'task.ts') + read(repo, composeFile);
    for (const content of contents) expect(written).toContain(content);
    expect((await gym(repo.path, ['tasks'])).exitCode).toBe(0);
  });

  test('what cannot be read is told with its line, and nothing is written', async () => {
    const broken: [Files, string][] = [
      [{ 'package.json': '{\n  "name": "cart",,\n}\n' }, 'package.json:2: not valid JSON: '],
      [
        { 'pyproject.toml': '[project]\nname = "cart"\nversion =\n' },
        'pyproject.toml:3: not valid TOML: invalid value\n',
      ],
      [{ ...nodeRepo, 'compose.yaml': 'services:\n  a: [\n' }, 'compose.yaml:3: not valid YAML: '],
      [
        { ...nodeRepo, 'compose.yaml': 'services: { a: { image: b, env_file: none.env } }\n' },
        'compose.yaml:1, service a: env_file: there is no file none.env\n',
      ],
    ];
    for (const [files, said] of broken) {
      using repo = repoOf(files);
      expect(await gym(repo.path, ['init'])).toMatchObject({
        ...{ exitCode: 2, stdout: '', stderr: expect.stringContaining(`error ${said}`) },
      });
      expect(existsSync(join(repo.path, 'task.ts'))).toBe(false);
    }
  });

  test('variables from a file that git ignores are told of: what is judged is without it', async () => {
    const compose =
      'services:\n  a:\n    image: i\n    env_file: .env\n  b:\n    image: i\n    env_file: [{ path: b.env, required: false }]\n';
    using repo = repoOf({ ...nodeRepo, 'compose.yaml': compose, '.gitignore': '*.env\n', '.env': '' });
    const { exitCode, stdout } = await gym(repo.path, ['init']);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^but {4}git ignores \.env, which env_file names.*Name an example file/ms),
    });
  });

  test('nothing to go by is told, and nothing is written', async () => {
    for (const files of [{}, { 'package.json': '{}' }, { Makefile: 'all:\n' }, { 'compose.yaml': 'services: {}\n' }]) {
      using repo = repoOf(files);
      expect(await gym(repo.path, ['init'])).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining('docs/gallery'),
      });
      expect(existsSync(join(repo.path, 'task.ts'))).toBe(false);
    }
  });
});

test('what is there is overwritten only when asked, and the instruction never', async () => {
  using repo = repoOf({ ...nodeRepo, 'TASK.md': 'Mine.\n' });
  const refused = await gym(repo.path, ['init']);
  expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/^error: TASK\.md is there already\n/) });
  expect(existsSync(join(repo.path, 'task.ts'))).toBe(false);
  const forced = await gym(repo.path, ['init', '--force']);
  expect(forced).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('wrote  task.ts, compose.yaml; kept TASK.md\n'),
  });
  expect(read(repo, 'TASK.md')).toBe('Mine.\n');
  const written = read(repo, 'task.ts') + read(repo, 'compose.yaml');
  repo.write('task.ts', 'spoilt');
  // Its own Compose file is not taken for one of the repo's.
  expect(await gym(repo.path, ['init', '--force'])).toMatchObject({ exitCode: 0, stdout: forced.stdout });
  expect(read(repo, 'task.ts') + read(repo, 'compose.yaml')).toBe(written);
});
