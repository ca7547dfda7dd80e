import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadCompose } from '../../../../gym/environment/compose/load.ts';
import type { ComposeModel } from '../../../../gym/environment/compose/model.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gym-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

function load(files: Readonly<Record<string, string>>, names: readonly string[] = ['compose.yaml']) {
  write(files);
  return loadCompose(
    names.map((name) => join(folder, name)),
    {},
    { OUTER: 'outer' },
  );
}

function model(files: Readonly<Record<string, string>>, names?: readonly string[]): ComposeModel {
  const loaded = load(files, names);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.value;
}

/** `file:line: message` of every problem, files relative to the folder. */
function problems(files: Readonly<Record<string, string>>, names?: readonly string[]): string[] {
  const loaded = load(files, names);
  if (loaded.ok) return [];
  const short = (text: string): string => text.replaceAll(`${folder}/`, '');
  return loaded.problems.map(({ message, place }) => `${short(place?.file ?? '')}:${place?.line}: ${short(message)}`);
}

describe('several files', () => {
  it('are laid over each other, with paths relative to the first', () => {
    const { services } = model(
      {
        'compose.yaml':
          'services: {a: {image: i, environment: [A=1, B=1], ports: ["80"], volumes: ["./x:/x"], command: [a]}}',
        'sub/over.yaml':
          'services: {a: {environment: {B: 2}, ports: !override ["81"], volumes: ["./y:/x"], command: !reset null}}',
      },
      ['compose.yaml', 'sub/over.yaml'],
    );
    expect(services.get('a')).toMatchObject({
      image: 'i',
      environment: { A: '1', B: '2' },
      ports: [{ containerPort: 81 }],
      mounts: [{ source: join(folder, 'y') }],
      command: null,
    });
  });

  it('name the file and line of what cannot be merged, and of what is wrong in each', () => {
    const files = {
      'compose.yaml': 'services:\n  a:\n    image: i\n    deploy: {resources: {}}\n    comand: x',
      'over.yaml': 'services:\n  a:\n    deploy: [x]\n    ports: [none]',
    };
    expect(problems(files, ['compose.yaml', 'over.yaml'])).toEqual([
      'compose.yaml:5: unknown key "comand"',
      'over.yaml:3: services.a.deploy: a list cannot be merged with the mapping of an earlier file',
      'over.yaml:4: ports: "none" is none of PORT, HOST:PORT, ADDRESS:HOST:PORT, each with /tcp or /udp',
    ]);
  });
});

describe('what is beside or among Compose files', () => {
  const one = 'services: {a: {image: i}}';
  const over = 'services: {a: {command: [over]}}';

  it('an override is read where it is named, and a note says where it is not', () => {
    const files = { 'compose.yaml': one, 'compose.override.yml': over };
    const alone = model(files);
    expect(alone.services.get('a')?.command).toBeNull();
    expect(alone.notes).toEqual([expect.stringMatching(/^compose\.override\.yml is not read: /)]);
    const both = model(files, ['compose.yaml', 'compose.override.yml']);
    expect(both.services.get('a')?.command).toEqual(['over']);
    expect(both.notes).toEqual([]);
    expect(model({ 'other.yaml': one }, ['other.yaml']).notes).toEqual([]);
  });

  it('a Dockerfile or devcontainer.json is none of several', () => {
    const files = { 'compose.yaml': one, Dockerfile: 'FROM x', 'devcontainer.json': '{"image": "i"}' };
    expect(problems(files, ['compose.yaml', 'Dockerfile'])).toEqual([
      expect.stringMatching(/^Dockerfile:.*cannot be one of several files/),
    ]);
    expect(problems(files, ['devcontainer.json', 'compose.yaml'])).toEqual([
      expect.stringMatching(/^devcontainer\.json:.*cannot be one of several files/),
    ]);
  });
});

describe('extends', () => {
  it('takes a service of another file with paths relative to that file', () => {
    const { services } = model({
      'compose.yaml': 'services: {a: {extends: {file: base/b.yaml, service: b}, labels: {own: 1}}}',
      'base/b.yaml': 'services: {b: {image: "i-${OUTER}", volumes: ["./x:/x"], env_file: b.env, labels: [base=1]}}',
      'base/b.env': 'E=1',
    });
    expect(services.get('a')).toMatchObject({
      image: 'i-outer',
      environment: { E: '1' },
      labels: { own: '1', base: '1' },
      mounts: [{ source: join(folder, 'base/x') }],
    });
  });

  it.each([
    ['services:\n  a: {extends: b, image: i}\n  c: {image: i}', ['compose.yaml:2: extends: there is no service "b"']],
    [
      'services:\n  a:\n    extends: {file: none.yaml, service: b}\n    image: i',
      ['compose.yaml:3: there is no Compose file none.yaml'],
    ],
    [
      'services:\n  a: {extends: b, image: i}\n  b: {extends: a, image: i}',
      [expect.stringMatching(/^compose.yaml:2: extends goes in a circle: a -> b -> a$/), expect.anything()],
    ],
    ['services:\n  a: {extends: {servic: b}, image: i}', ['compose.yaml:2: extends: unknown key "servic"']],
  ])('%j is refused', (text, expected) => {
    expect(problems({ 'compose.yaml': text })).toEqual(expected);
  });
});

describe('include', () => {
  it('reads a file as a project of its own, with its .env below what is outside', () => {
    const { services, secrets } = model({
      'compose.yaml': 'include: [sub/inner.yaml]\nservices: {a: {image: "a-${INNER:-none}", depends_on: [b]}}',
      'sub/inner.yaml':
        'services: {b: {image: "b-${INNER}-${OUTER}", volumes: ["./x:/x"], secrets: [s]}}\nsecrets: {s: {file: s.txt}}',
      'sub/.env': 'INNER=inner\nOUTER=never\n',
    });
    expect(services.get('a')?.image).toBe('a-none');
    expect(services.get('b')).toMatchObject({ image: 'b-inner-outer', mounts: [{ source: join(folder, 'sub/x') }] });
    expect(secrets.get('s')?.from).toEqual({ kind: 'file', file: join(folder, 'sub/s.txt') });
  });

  it.each([
    ['include: [none.yaml]\nservices: {a: {image: i}}', {}, ['compose.yaml:1: include: there is no file none.yaml']],
    ['include: [b.yaml]\nservices: {a: {image: i}}', { 'b.yaml': 'services: {a: {image: i}}' }, []],
    [
      'include:\n  - b.yaml\nservices: {a: {image: i}}',
      { 'b.yaml': 'services: {a: {image: j}}' },
      ['compose.yaml:2: include: services "a" is defined otherwise in compose.yaml:3'],
    ],
    [
      'include: [b.yaml]\nservices: {a: {image: i}}',
      { 'b.yaml': 'include: [compose.yaml]\nservices: {b: {image: i}}' },
      ['b.yaml:1: include goes in a circle: compose.yaml -> b.yaml -> compose.yaml'],
    ],
    [
      'include: [{path: b.yaml, env_file: none.env}]\nservices: {a: {image: i}}',
      { 'b.yaml': 'services: {b: {image: i}}' },
      ['compose.yaml:1: include: there is no env_file none.env'],
    ],
  ])('%j with %j: %j', (text, others, expected) => {
    expect(problems({ 'compose.yaml': text, ...others })).toEqual(expected);
  });
});

describe('profiles', () => {
  const text = `services:
  a: {image: i, restart: always}
  b: {image: i, restart: always, profiles: [x]}
  c: {image: i, restart: always, depends_on: {b: {condition: service_started, required: false}}}`;

  it('keep services out, and say so once', () => {
    const { services, notes } = model({ 'compose.yaml': text });
    expect([...services.keys()]).toEqual(['a', 'c']);
    expect(services.get('c')?.dependsOn).toEqual([]);
    expect(notes).toEqual([
      'services a, c: restart "always" has no effect: a service that dies stays dead and is reported',
      'service b: left out: none of its profiles is active: x',
    ]);
  });

  it('keep what is wrong in a service out too', () => {
    const wrong = '  d: {build: ./none, env_file: none.env, comand: x, profiles: [x]}';
    expect(problems({ 'compose.yaml': `${text}\n${wrong}` })).toEqual([]);
    expect(problems({ 'compose.yaml': `${text}\n${wrong}`, '.env': 'COMPOSE_PROFILES=x' })).toHaveLength(3);
  });

  it('do not keep out what another service joins', () => {
    const joining = `services:
  a: {image: i, network_mode: "service:b", depends_on: {b: {condition: service_started, required: false}}}
  b: {image: i, profiles: [x]}`;
    expect(problems({ 'compose.yaml': joining })).toEqual([
      'compose.yaml:2: it joins or links service "b", which is left out',
    ]);
  });

  it.each(['x', 'y,x', '*'])('are active by COMPOSE_PROFILES=%s, from .env too', (profiles) => {
    const { services } = model({ 'compose.yaml': text, '.env': `COMPOSE_PROFILES=${profiles}` });
    expect([...services.keys()]).toEqual(['a', 'b', 'c']);
  });
});
