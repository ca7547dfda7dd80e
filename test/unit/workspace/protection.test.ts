import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadCompose } from '../../../gym/environment/compose/load.ts';
import { stageSchema, type Task } from '../../../gym/task/schema.ts';
import { environmentFiles, protectionOf } from '../../../gym/workspace/protection.ts';
import { taskIn, temporaryFolder } from '../../support/repository.ts';

const files = (text: string): string[] => text.trim().split(/\s+/);

describe('what a task says', () => {
  const environment = ['Dockerfile', 'conf/nginx.conf'];
  const all = files(
    'task.ts TASK.md compose.yaml Dockerfile conf/nginx.conf src/a.ts src/a.test.ts tests/b.py README.md',
  );
  const covered = (task: Partial<Task>): string[] => all.filter(protectionOf(taskIn('/ws', task), environment).covers);

  test.each<[string, Partial<Task>, string]>([
    ['nothing', {}, 'task.ts compose.yaml Dockerfile conf/nginx.conf src/a.test.ts tests/b.py'],
    ['protected', { protected: ['tests/**'] }, 'task.ts compose.yaml Dockerfile conf/nginx.conf tests/b.py'],
    ['edit', { edit: ['src/**'] }, 'task.ts TASK.md compose.yaml Dockerfile conf/nginx.conf tests/b.py README.md'],
    ['edit of all: the task file stays', { edit: ['**'] }, 'task.ts'],
    [
      'both: what is protected stays so',
      { edit: ['src/**', 'Dockerfile'], protected: ['**/*.test.ts'] },
      'task.ts TASK.md compose.yaml conf/nginx.conf src/a.test.ts tests/b.py README.md',
    ],
  ])('%s', (_, task, expected) => {
    expect(covered(task)).toEqual(files(expected));
  });
});

test('what could stand in for programs of npm, and what is held out, is protected whatever the task says', () => {
  const heldOut = { checks: ['unit'], files: ['held-out/**'], tells: 'nothing' as const };
  for (const task of [{}, { protected: ['a'] }, { edit: ['**'] }]) {
    const { covers, mayAdd } = protectionOf(taskIn('/ws', { ...task, heldOut }));
    for (const path of ['.npmrc', 'app/.npmrc', 'node_modules/.bin/sh', 'app/node_modules/.bin/npm', 'held-out/a.sh'])
      expect({ path, isCovered: covers(path), mayAdd: mayAdd(path) }).toEqual({ path, isCovered: true, mayAdd: false });
    expect(covers('node_modules/a/index.js')).toBe(false);
  }
});

describe('the harness', () => {
  const stages = (...commands: (string | string[])[]) =>
    commands.map((command, index) => stageSchema.parse({ name: `s${index}`, command }));
  const protection = (...commands: (string | string[])[]) =>
    protectionOf(taskIn('/ws', { stages: stages(...commands) }));

  test('is what the common stacks take for tests and their settings, wherever it is', () => {
    const { covers } = protection('true');
    const tests = files(`
      test/x.js tests/x.py packages/a/__tests__/x.tsx spec/x.rb e2e/x.ts src/test/java/XTest.java src/__snapshots__/x.snap
      src/x.test.ts src/x.spec.mjs x.cy.js x_test.go test_x.py x_test.py x_spec.rb src/XTest.java src/XTests.cs x.feature x_test.cc
      conftest.py a/conftest.py pytest.ini tox.ini vitest.config.ts vitest.workspace.js jest.config.cjs jest.setup.ts .mocharc.yml
      playwright.config.ts cypress.config.js karma.conf.js phpunit.xml.dist .rspec .config/nextest.toml`);
    expect(tests.filter((path) => !covers(path))).toEqual([]);
    const others = files(`
      src/x.ts src/latest.ts src/contest.py testing.md src/attest.go Latest.java src/inspect.rb protest/x.js package.json Makefile
      pyproject.toml tsconfig.json src/config.ts vite.config.ts`);
    expect(others.filter(covers)).toEqual([]);
  });

  test('may get new tests, but no new settings', () => {
    const { covers, mayAdd } = protection('sh check.sh');
    const added = files('src/x.test.ts tests/new/x.py conftest.py vitest.config.ts check.sh compose.yaml');
    expect(added.filter((path) => covers(path) && mayAdd(path))).toEqual(files('src/x.test.ts tests/new/x.py'));
  });

  test.each<[string | string[], string]>([
    ['sh check.sh', 'check.sh'],
    [['node', '--no-warnings', 'run.ts', 'src/app.ts'], 'run.ts'],
    ['cd x && TZ=UTC ./scripts/run.sh > out.txt; true', 'scripts/run.sh'],
    [['bash', '-ec', 'python3 -u tools/judge.py a.txt | tee log.txt'], 'tools/judge.py'],
    ['python3 /app/tools/judge.py', 'tools/judge.py'],
    ['npm test -- --config=ci/special.json', 'package.json ci/special.json'],
    ['make check', 'Makefile'],
    ['grep -q done note.txt && test -f a.txt', ''],
    ['gcc main.c -o main && cat a.txt', ''],
    ['npx eslint src', ''],
  ])('is what a stage runs: %j', (command, expected) => {
    const { covers } = protection(command);
    const there = files(
      'a.txt check.sh ci/special.json log.txt main.c Makefile note.txt out.txt package.json run.ts scripts/run.sh src/app.ts tools/judge.py',
    );
    expect(there.filter(covers)).toEqual(there.filter((path) => files(expected).includes(path)));
  });
});

test('the definition of an environment is all that its Compose files name', () => {
  using folder = temporaryFolder();
  const compose = `
include: [more/compose.yaml]
services:
  web:
    build: { context: web, dockerfile: ../docker/web.Dockerfile }
    env_file: [{ path: web.env }, { path: absent.env, required: false }]
    volumes: ["./nginx.conf:/srv/nginx.conf:ro", "./code.py:/srv/code.py:ro", "./src:/srv/src:ro", "./data:/srv/data", "./etc:/etc/app"]
    secrets: [password]
  base: { extends: { file: base.yaml, service: base } }
  db: { image: x, volumes: ["./seed:/docker-entrypoint-initdb.d"] }
secrets: { password: { file: secret.txt } }
`;
  folder.write('compose.yaml', compose);
  folder.write('more/compose.yaml', 'services: { other: { image: x, label_file: labels.env } }\n');
  folder.write('base.yaml', 'services: { base: { image: x } }\n');
  for (const name of ['web.env', 'more/labels.env', 'secret.txt', 'docker/web.Dockerfile', 'web/x', 'nginx.conf'])
    folder.write(name, '');
  const model = loadCompose(join(folder.path, 'compose.yaml'), {}, {});
  if (!model.ok) throw new Error(model.problems[0].message);
  expect(environmentFiles(model.value, folder.path)).toEqual(
    files(`.env absent.env base.yaml compose.yaml docker/web.Dockerfile docker/web.Dockerfile.dockerignore etc more/compose.yaml
      more/labels.env nginx.conf secret.txt seed web.env web/.dockerignore`),
  );
  const { covers } = protectionOf(taskIn(folder.path), environmentFiles(model.value, folder.path));
  expect(['seed/01.sql', 'etc/x', 'src/app.py', 'code.py', 'data/x'].filter(covers)).toEqual(['seed/01.sql', 'etc/x']);
});
