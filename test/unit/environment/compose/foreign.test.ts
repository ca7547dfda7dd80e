import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadCompose } from '../../../../gym/environment/compose/load.ts';
import type { ComposeModel } from '../../../../gym/environment/compose/model.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gym-foreign-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

function model(file: string): ComposeModel {
  const loaded = loadCompose(file, {}, { FROM_OUTSIDE: 'outside' });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.value;
}

function problems(file: string): string[] {
  const loaded = loadCompose(file, {}, {});
  return loaded.ok ? [] : loaded.problems.map(({ message, place }) => `${place?.line}: ${message}`);
}

describe('a devcontainer.json', () => {
  it('is one service that stays, with the workspace in it', () => {
    const file = write(
      '.devcontainer/devcontainer.json',
      `{
  // comments and trailing commas are fine
  "name": "x", "image": "node:24",
  "containerEnv": {"A": "\${localEnv:FROM_OUTSIDE}", "B": "\${localEnv:NONE:default}", "C": "\${containerWorkspaceFolder}/c"},
  "remoteEnv": {"R": "1"}, "remoteUser": "node", "init": true, "capAdd": ["SYS_PTRACE"],
  "mounts": ["source=cache,target=/cache,type=volume", {"type": "bind", "source": "\${localWorkspaceFolder}/x", "target": "/x"}],
  "forwardPorts": [3000, "9229"],
  "postCreateCommand": "npm ci", "postStartCommand": ["echo", "up"], "onCreateCommand": {"one": "a", "two": ["b", "c"]},
}`,
    );
    const { services, volumes } = model(file);
    const own = `/workspaces/${basename(folder)}`;
    expect(services.get('app')).toMatchObject({
      image: 'node:24',
      entrypoint: ['/bin/sh'],
      environment: { A: 'outside', B: 'default', C: `${own}/c` },
      init: true,
      capAdd: ['SYS_PTRACE'],
      workingDir: own,
      mounts: [
        { kind: 'bind', source: folder, target: own },
        { kind: 'volume', source: 'cache', target: '/cache' },
        { kind: 'bind', source: join(folder, 'x'), target: '/x' },
      ],
      ports: [{ containerPort: 3000 }, { containerPort: 9229 }],
      tools: {
        user: 'node',
        workingDir: own,
        environment: { R: '1' },
        setup: [
          { name: 'onCreateCommand', command: ['/bin/sh', '-c', 'a'] },
          { name: 'onCreateCommand', command: ['b', 'c'] },
          { name: 'postCreateCommand', command: ['/bin/sh', '-c', 'npm ci'] },
          { name: 'postStartCommand', command: ['echo', 'up'] },
        ],
      },
    });
    expect([...volumes.keys()]).toEqual(['cache']);
  });

  it('builds with paths relative to itself', () => {
    write('.devcontainer/dev.Dockerfile', 'FROM x');
    const file = write(
      '.devcontainer/devcontainer.json',
      '{"build": {"dockerfile": "dev.Dockerfile", "context": "..", "args": {"A": "1"}, "target": "t"}, "overrideCommand": false}',
    );
    const app = model(file).services.get('app');
    expect(app?.build).toMatchObject({
      context: folder,
      dockerfile: join(folder, '.devcontainer/dev.Dockerfile'),
      args: { A: '1' },
      target: 't',
    });
    expect(app?.entrypoint).toBeNull();
  });

  it('lays itself over a service of Compose files', () => {
    write('compose.yaml', 'services: {web: {image: i, environment: {A: 1}, command: serve}, db: {image: d}}');
    write('.devcontainer/compose.yaml', 'services: {web: {environment: {B: 2}}}');
    const file = write(
      '.devcontainer/devcontainer.json',
      `{"dockerComposeFile": ["../compose.yaml", "compose.yaml"], "service": "web", "workspaceFolder": "/w",
        "containerEnv": {"C": "3"}, "forwardPorts": ["db:5432", 80], "runServices": ["web"]}`,
    );
    const { services, notes } = model(file);
    expect(services.get('web')).toMatchObject({
      environment: { A: '1', B: '2', C: '3' },
      command: ['serve'],
      ports: [{ containerPort: 80 }],
      tools: { workingDir: '/w', user: null },
    });
    expect(services.get('db')?.ports).toMatchObject([{ containerPort: 5432 }]);
    expect(notes).toEqual(['devcontainer.json: runServices has no effect: all services are started']);
  });

  it.each([
    ['{"image": "i",\n "features": {"x": {}}}', ['2: devcontainer.json: the key "features" is not supported']],
    ['{"imag": "i"}', ['1: devcontainer.json: unknown key "imag"']],
    ['{"image": }', ['1: not valid JSON: value expected']],
    ['{\n}', ['1: devcontainer.json has none of "image", "build" and "dockerComposeFile"']],
  ])('%j is refused', (text, expected) => {
    expect(problems(write('devcontainer.json', text)).slice(0, 1)).toEqual(expected);
  });
});

describe('a Dockerfile', () => {
  it('is one service of its folder', () => {
    const file = write('Dockerfile.dev', 'FROM x');
    expect(model(file).services.get('app')).toMatchObject({
      build: { context: folder, dockerfile: file },
      stdinOpen: true,
    });
  });

  it('has to be there', () => {
    expect(problems(join(folder, 'Dockerfile'))).toEqual([
      `1: build: there is no Dockerfile at ${join(folder, 'Dockerfile')}`,
    ]);
  });
});
