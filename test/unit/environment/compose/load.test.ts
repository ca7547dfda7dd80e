import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadCompose } from '../../../../gym/environment/compose/load.ts';
import type { ComposeModel, ServiceModel } from '../../../../gym/environment/compose/model.ts';
import { placeText } from '../../../../gym/events/problem.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gym-compose-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(text: string, variables: Record<string, string> = {}): ReturnType<typeof loadCompose> {
  const file = join(folder, 'compose.yaml');
  writeFileSync(file, text);
  return loadCompose(file, variables, { AMBIENT: 'ambient', BOTH: 'ambient' });
}

function model(text: string, variables: Record<string, string> = {}): ComposeModel {
  const loaded = load(text, variables);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.value;
}

function service(text: string): ServiceModel {
  const found = model(`services:\n  a:\n    image: i\n${text.replace(/^/gm, '    ')}\n`).services.get('a');
  if (found === undefined) throw new Error('no service a');
  return found;
}

/** `line: message` of every problem. */
function problems(text: string): string[] {
  const loaded = load(text);
  if (loaded.ok) return [];
  return loaded.problems.map(({ message, place }) => `${place?.line}: ${message}`);
}

describe('a service', () => {
  it('takes commands as texts and lists', () => {
    const { command, entrypoint } = service(`command: sh -c 'echo "a b"'\nentrypoint: ["/x", "y z"]`);
    expect({ command, entrypoint }).toEqual({ command: ['sh', '-c', 'echo "a b"'], entrypoint: ['/x', 'y z'] });
  });

  it('takes environment as a list and as a mapping, with names alone from outside', () => {
    const expected = { A: '1', B: 'x=y', AMBIENT: 'ambient', EMPTY: '' };
    expect(service('environment: [A=1, B=x=y, AMBIENT, UNSET, EMPTY=]').environment).toEqual(expected);
    expect(service('environment: {A: 1, B: x=y, AMBIENT: , UNSET: , EMPTY: ""}').environment).toEqual(expected);
  });

  it('prints numbers and booleans as Compose does', () => {
    expect(service('environment: {V: 1.10, O: 0777, T: True, N: 1_000, Q: "1.10", Y: yes}').environment).toEqual({
      V: '1.1',
      O: '511',
      T: 'true',
      N: '1000',
      Q: '1.10',
      Y: 'yes',
    });
  });

  it('reads env_file below environment', () => {
    writeFileSync(join(folder, 'a.env'), 'A=file\nB=file\n');
    const { environment } = service('env_file: a.env\nenvironment: {B: own}');
    expect(environment).toEqual({ A: 'file', B: 'own' });
    expect(service('env_file: [{path: none.env, required: false}, a.env]').environment).toEqual({
      A: 'file',
      B: 'file',
    });
  });

  it('tells volumes, binds, anonymous volumes and tmpfs apart', () => {
    const { services } = model(`
services:
  a:
    image: i
    volumes:
      - data:/d
      - ./x:/x:ro
      - /abs:/y
      - /anon
      - {type: volume, source: data, target: /e, read_only: true}
      - {type: tmpfs, target: /t, tmpfs: {size: 64m}}
    tmpfs: /u:size=1m
volumes: {data: {}}
`);
    expect(services.get('a')?.mounts).toMatchObject([
      { kind: 'volume', source: 'data', target: '/d', readOnly: false },
      { kind: 'bind', source: join(folder, 'x'), target: '/x', readOnly: true, createHostPath: true },
      { kind: 'bind', source: '/abs', target: '/y', readOnly: false },
      { kind: 'anonymous', target: '/anon', readOnly: false },
      { kind: 'volume', source: 'data', target: '/e', readOnly: true },
      { kind: 'tmpfs', target: '/t', sizeBytes: 67_108_864, mode: null },
    ]);
    expect(services.get('a')?.tmpfs).toEqual([{ target: '/u', options: 'size=1m' }]);
  });

  it('takes the container side of every form of ports', () => {
    const text =
      'ports: ["80", "8080:81", "127.0.0.1:1:82/udp", "90-91:90-91", "[::1]:5:83", {target: 84, published: "9"}]';
    expect(service(text).ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`)).toEqual([
      '80/tcp',
      '81/tcp',
      '82/udp',
      '90/tcp',
      '91/tcp',
      '83/tcp',
      '84/tcp',
    ]);
  });

  it('takes every form of a health check', () => {
    const open = { timeoutMs: null, retries: null, startPeriodMs: null, startIntervalMs: null };
    const probe = { kind: 'probe', intervalMs: 1000, ...open };
    const of = (test: string): unknown => service(`healthcheck: {test: ${test}, interval: 1s}`).healthcheck;
    expect(of('["CMD", "a", "b"]')).toEqual({ ...probe, test: { kind: 'command', command: ['a', 'b'] } });
    expect(of('["CMD-SHELL", "a b"]')).toEqual({ ...probe, test: { kind: 'shell', script: 'a b' } });
    expect(of('a || b')).toEqual({ ...probe, test: { kind: 'shell', script: 'a || b' } });
    expect(of('["NONE"]')).toEqual({ kind: 'off' });
    expect(service('healthcheck: {disable: true}').healthcheck).toEqual({ kind: 'off' });
  });

  it('reads limits, hosts, labels and the rest', () => {
    const read = service(`
init: \${INIT:-true}
sysctls: {net.core.somaxconn: 1024}
stop_signal: SIGINT
stop_grace_period: 1m
working_dir: /w
user: "1000:1000"
hostname: h
cap_add: [NET_ADMIN]
extra_hosts: ["a:1.2.3.4", "b=::1"]
labels: [x=1]
shm_size: 1g
ulimits: {nofile: {soft: 10, hard: 20}, nproc: 5}`);
    expect(read).toMatchObject({
      init: true,
      sysctls: { 'net.core.somaxconn': '1024' },
      stopSignal: 'SIGINT',
      stopGracePeriodMs: 60_000,
      workingDir: '/w',
      user: '1000:1000',
      hostname: 'h',
      capAdd: ['NET_ADMIN'],
      extraHosts: ['a:1.2.3.4', 'b:::1'],
      labels: { x: '1' },
      shmSizeBytes: 1_073_741_824,
      ulimits: [
        { name: 'nofile', soft: 10, hard: 20 },
        { name: 'nproc', soft: 5, hard: 5 },
      ],
    });
  });

  it('is in the default network where it names none', () => {
    expect(service('container_name: fixed')).toMatchObject({
      containerName: 'fixed',
      networks: [{ network: 'default' }],
    });
  });
});

describe('a file', () => {
  it('resolves anchors and merge keys, the nearer winning', () => {
    const { services } = model(`
x-base: &base {image: i, environment: &env {A: 1, B: 2}, init: true}
services:
  a:
    <<: *base
    environment: {<<: *env, B: 3}
`);
    expect(services.get('a')).toMatchObject({ image: 'i', init: true, environment: { A: '1', B: '3' } });
  });

  it('takes variables from the caller, then from outside, then from .env', () => {
    writeFileSync(join(folder, '.env'), 'BOTH=file\nFILE=file\nGIVEN=file\n');
    const text = 'services: {a: {image: "${GIVEN}-${BOTH}-${FILE}"}}';
    expect(model(text, { GIVEN: 'given' }).services.get('a')?.image).toBe('given-ambient-file');
  });

  it('makes only what is used, and leaves services with profiles out', () => {
    const { services, networks, volumes, notes } = model(`
version: "3.8"
services:
  a: {image: i, networks: {n: {aliases: [x]}}, restart: always}
  debug: {image: i, profiles: [debug]}
networks: {n: {internal: true}, unused: {}, ext: {external: true, name: real}}
volumes: {unused: {}}
`);
    expect([...services.keys()]).toEqual(['a']);
    expect([...networks.keys()]).toEqual(['n']);
    expect(networks.get('n')).toMatchObject({ internal: true, external: null });
    expect(volumes.size).toBe(0);
    expect(notes.join('\n')).toMatch(/service a: restart "always" has no effect[\s\S]*service debug: left out/);
  });

  it('reads dependencies with their conditions', () => {
    const { services } = model(`
services:
  a: {image: i}
  b: {image: i, depends_on: [a]}
  c: {image: i, depends_on: {a: {condition: service_healthy}, b: {condition: service_completed_successfully}}}
`);
    const of = (name: string): unknown => services.get(name)?.dependsOn.map((each) => [each.service, each.condition]);
    expect(of('b')).toEqual([['a', 'started']]);
    expect(of('c')).toEqual([
      ['a', 'healthy'],
      ['b', 'completed'],
    ]);
  });

  it('finds a build context and its Dockerfile', () => {
    mkdirSync(join(folder, 'ctx'));
    writeFileSync(join(folder, 'ctx', 'D'), 'FROM x');
    const text = 'services: {a: {build: {context: ctx, dockerfile: D, target: t, args: [X=1, AMBIENT]}}}';
    expect(model(text).services.get('a')?.build).toMatchObject({
      context: join(folder, 'ctx'),
      dockerfile: join(folder, 'ctx', 'D'),
      target: 't',
      args: { X: '1', AMBIENT: 'ambient' },
    });
  });
});

describe('problems', () => {
  it.each(['', '\n# nothing\n'])('a file with nothing in it: %j', (text) => {
    expect(problems(text)).toEqual(['undefined: compose.yaml is empty']);
  });

  it('are values that a bind does not know', () => {
    const bind = '[{type: bind, source: /a, target: /a, bind: {recursive: readonlyy}}]';
    expect(problems(`services:\n  a:\n    image: i\n    volumes: ${bind}`)).toEqual([
      '4: volumes: bind: recursive is one of enabled, disabled, writable, readonly, not "readonlyy"',
    ]);
  });

  it('says where the file should be', () => {
    const loaded = loadCompose(join(folder, 'none.yaml'), {}, {});
    expect(loaded.ok ? '' : loaded.problems[0].message).toBe(`there is no Compose file ${join(folder, 'none.yaml')}`);
  });

  it('are definition problems that name file, line, service and the likely key', () => {
    const loaded = load('services:\n  api:\n    image: i\n    comand: x\n');
    if (loaded.ok) throw new Error('it was accepted');
    const [problem] = loaded.problems;
    expect(problem).toMatchObject({ kind: 'definition', remedy: 'Did you mean "command"?' });
    expect(placeText(problem.place)).toBe(`${join(folder, 'compose.yaml')}:4, service api`);
  });

  it.each([
    ['services:\n  a: {image: i}\n b: x', /^\d: not valid YAML/],
    ['services:\n  a: {image: i}\n  a: {image: j}', /^3: not valid YAML: Map keys must be unique/],
    ['- a', /^1: a Compose file is a mapping/],
    ['services: {}', /^1: the file defines no service/],
    ['services:\n  a: {init: true}', /^2: there is neither "image" nor "build"$/],
    ['services:\n  a:\n    imgae: i', /^3: unknown key "imgae"$/],
    ['services:\n  a: {image: i}\nserivces: {}', /^3: the file: unknown key "serivces"$/],
    ['services:\n  a:\n    image: i\n    provider: {}', /^4: the key "provider" is not supported$/],
    ['services:\n  a: {image: i, depends_on: [b]}', /^2: depends_on: there is no service "b"$/],
    [
      'services:\n  a: {image: i, depends_on: [b]}\n  b: {image: i, depends_on: [a]}',
      /^2: depends_on goes in a circle: a -> b -> a$/,
    ],
    [
      'services:\n  a: {image: i, depends_on: [b]}\n  b: {image: i, profiles: [x]}',
      /^2: depends_on: service "b" is left out: it is in a profile$/,
    ],
    ['services:\n  a: {image: i, networks: [n]}', /^2: networks: the file defines no network "n"$/],
    ['services:\n  a:\n    image: i\n    volumes: ["v:/x"]', /^2: volumes: the file defines no volume "v"$/],
    ['services:\n  a:\n    build: ./none', /^3: build: the context .*\/none is not a folder$/],
    ['services:\n  a:\n    build: .', /^3: build: there is no Dockerfile at .*\/Dockerfile$/],
    ['services:\n  a:\n    image: ${TAG:?set TAG}', /^3: variable TAG is required: set TAG$/],
    ['services:\n  a:\n    image: i\n    init: maybe', /^4: init must be true or false, not "maybe"$/],
    ['services:\n  a:\n    image: i\n    healthcheck:\n      test: [X]', /^5: healthcheck: test must begin with CMD/],
    ['services:\n  a:\n    image: i\n    stop_grace_period: 10', /^4: stop_grace_period must be a duration/],
    ['services:\n  a:\n    image: i\n    ports: ["http"]', /^4: ports: "http" is none of/],
    ['services:\n  a:\n    image: i\n    command: "a \'b"', /^4: command: a quote is not closed/],
    ['services:\n  a:\n    image: i\n    env_file: none.env', /^4: env_file: there is no file .*none\.env$/],
    ['services:\n  a:\n    image: i\n    environment: 5', /^4: environment must be a mapping$/],
    [
      'services:\n  a: {image: i}\nsecrets:\n  s:\n    external: true',
      /^5: secret s: the key "external" is not supported$/,
    ],
  ])('%j: %s', (text, expected) => {
    const found = problems(text);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
  });

  it('are all found at once, in the order of the file', () => {
    const text = 'services:\n  a:\n    imag: i\n    image: i\n    ports: [x]\n  b: {image: "${NO:?n}"}\nx: 1';
    expect(problems(text).map((each) => each.split(':')[0])).toEqual(['3', '5', '6', '7']);
  });
});
