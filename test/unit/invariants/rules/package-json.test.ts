import { describe, expect, test } from 'vitest';
import { packageJson } from '../../../../invariants/rules/rules.ts';
import { told } from './support.ts';

const file = 'web/package.json';
const wants = (...versions: string[]) =>
  JSON.stringify({ dependencies: Object.fromEntries(versions.map((version, index) => [`p${index}`, version])) });

describe.each<[keyof typeof packageJson, [good: string[], bad: string[]]]>([
  [
    'exactVersions',
    [
      [
        '1.2.3',
        'v1.2.3',
        '1.2.3-beta.1+build',
        'npm:other@1.2.3',
        'npm:@scope/other@1.2.3',
        'workspace:*',
        'file:../x',
      ],
      ['^1.2.3', '~1.2.3', '1.2', '1.x', '*', '', 'latest', '>=1', '1.2.3 || 2.0.0', 'npm:other@^1', 'github:a/b'],
    ],
  ],
  [
    'noWildcardVersions',
    [
      ['1.2.3', '^1', '1.x', '~1.2', '>=1 <2', '1 - 2', 'npm:other@^1', 'workspace:*', 'github:a/b', 'catalog:'],
      ['*', '', 'x', 'X', 'latest', 'next', '>=1.0.0', '>1', 'npm:other@*', '*.1'],
    ],
  ],
  [
    'noRemoteDependencies',
    [
      ['1.2.3', '^1', 'npm:@scope/other@^1', 'file:../x', 'workspace:^', 'link:./y', 'latest'],
      [
        'git+ssh://git@host/a.git',
        'git://h/a',
        'https://h/a.tgz',
        'github:a/b',
        'a/b',
        'a/b#v1',
        'gist:1',
        'git@github.com:a/b.git',
      ],
    ],
  ],
])('packageJson.%s', (name, [good, bad]) => {
  test.each(good)('%j is good', (version) => {
    expect(told(packageJson[name], wants(version), file)).toEqual([]);
  });
  test.each(bad)('%j is not', (version) => {
    expect(told(packageJson[name], wants('1.0.0', version), file)).toEqual([
      expect.stringMatching(/^dependencies\.p1 /),
    ]);
  });
  test('looks at development and optional dependencies, not at peers', () => {
    const text = '{"devDependencies":{"a":"*"},"optionalDependencies":{"b":5},"peerDependencies":{"c":"*"}}';
    expect(told(packageJson[name], text, file)?.map((each) => each.split(' ')[0])).toContain('optionalDependencies.b');
    expect(told(packageJson[name], '{"peerDependencies":{"c":"*"}}', file)).toBeNull();
    expect(told(packageJson[name], '{"dependencies":null}', file)).toEqual(['dependencies is no map']);
  });
});

test('a URL that may hold a password is not told', () => {
  const found = told(packageJson.noRemoteDependencies, wants('https://me:hunter2@host/a.tgz'), file);
  expect(found).toEqual(['dependencies.p0 does not come from the registry']);
});

test('packageJson.noInstallScripts', () => {
  const rule = packageJson.noInstallScripts;
  expect(told(rule, '{"scripts":{"test":"a","prepare":"b"}}', file)).toEqual([]);
  expect(told(rule, '{}', file)).toEqual([]);
  expect(told(rule, '{"scripts":{"postinstall":"a","preinstall":"b"}}', file)).toEqual([
    'scripts.preinstall runs when the package is installed',
    'scripts.postinstall runs when the package is installed',
  ]);
  expect(told(rule, '{"scripts":null}', file)).toEqual(['scripts is no map']);
});

test('packageJson.hasEngines', () => {
  expect(told(packageJson.hasEngines, '{"engines":{"node":">=24"}}', file)).toEqual([]);
  expect(told(packageJson.hasEngines, '{"engines":{"npm":"11"}}', file)).toEqual(['engines.node is missing']);
});

test.each(Object.entries(packageJson))('%s is about package.json', (_, rule) => {
  expect(told(rule, '{"dependencies":{"a":"*"}}', 'web/package-lock.json')).toBeNull();
  expect(told(rule, '[]', file)).toEqual(['is no map']);
});

describe('packageJson.agreesWithLockfile', () => {
  const lock = (root: unknown, at = 'web/package-lock.json') => [
    { value: { lockfileVersion: 3, packages: { '': root } }, place: { file: at } },
  ];
  const judge = (own: unknown, others: ReturnType<typeof lock>) =>
    told(packageJson.agreesWithLockfile, JSON.stringify(own), file, others);

  test('the same versions, in any order', () => {
    const others = lock({ name: 'x', dependencies: { b: '2', a: '1' } });
    expect(judge({ dependencies: { a: '1', b: '2' }, devDependencies: {} }, others)).toEqual([]);
    expect(judge({}, lock({}))).toEqual([]);
  });
  test('another version, one too many, one too few', () => {
    expect(
      judge({ dependencies: { a: '2', b: '1' } }, lock({ dependencies: { a: '1' }, devDependencies: { c: '1' } })),
    ).toEqual([
      'dependencies.a is 2, in web/package-lock.json 1',
      'dependencies.b is 1, in web/package-lock.json missing',
      'devDependencies.c is missing, in web/package-lock.json 1',
    ]);
  });
  test('no lockfile beside it, or one without what can be compared', () => {
    expect(judge({}, lock({}, 'package-lock.json'))).toEqual(['has no web/package-lock.json among the documents']);
    expect(judge({}, lock(undefined))).toEqual([expect.stringMatching(/^cannot be compared: /)]);
  });
});
