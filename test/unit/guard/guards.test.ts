import { describe, expect, test } from 'vitest';
import type { GuardedStage } from '../../../gym/guard/guard.ts';
import { judged, judgedInGit } from './judged.ts';

/** Cases of a stage: `a` passed, `-a` was skipped. */
const ran = (...ids: readonly string[]): GuardedStage['now'] =>
  ids.map((id) => (id.startsWith('-') ? { id: id.slice(1), state: 'skipped' } : { id, state: 'passed' }));
const stage = (baseline: readonly string[] | undefined, now: readonly string[]): GuardedStage[] => [
  { stage: 'unit', now: ran(...now), baseline: baseline && ran(...baseline) },
];

describe('cases that ran, against a recorded run of the baseline', () => {
  test.each([
    { what: 'one is gone', before: ['a', 'b'], now: ['a'], state: 'fail', because: '1 case gone: b (unit)' },
    { what: 'one is skipped', before: ['a', 'b'], now: ['a', '-b'], state: 'fail', because: '1 case gone: b (unit)' },
    { what: 'one has another name', before: ['a', 'b'], now: ['a', 'c'], state: 'pass', because: '2 cases ran, 2 at' },
    { what: 'there are more', before: ['a'], now: ['a', 'b'], state: 'pass', because: '2 cases ran, 1 at' },
    { what: 'a skipped one is gone', before: ['a', '-b'], now: ['a'], state: 'pass', because: '1 case ran, 1 at' },
  ])('$what: $state', ({ before, now, state, because }) => {
    const { cases } = judged({ a: '1' }, { a: '2' }, { stages: stage(before, now) });
    expect(cases).toMatchObject({ state, because: expect.stringContaining(because) });
  });

  test('without one and without a change to tests nothing is said', () => {
    expect(judged({ 'a.txt': '1' }, { 'a.txt': '2' }, { stages: stage(undefined, ['a']) }).cases).toBeUndefined();
  });

  test('a table with as many rows as there were tests loses nothing, which only a recorded run can tell', () => {
    const before = { 'a.test.js': "it('a', () => expect(1).toBe(n));\nit('b', () => expect(2).toBe(n));\n" };
    const after = { 'a.test.js': "it.each([1, 2])('%i', (n) => expect(n).toBe(n2));\n" };
    expect(judged(before, after).cases).toBeUndefined();
    expect(judged(before, after, { stages: stage(['a', 'b'], ['1', '2']) }).cases?.state).toBe('pass');
    expect(judged(before, after, { stages: stage(['a', 'b'], ['1']) }).cases?.state).toBe('fail');
  });

  test('a skip that no source shows is seen in what ran', () => {
    const { skips } = judged({ 'a.sh': '1' }, { 'a.sh': '2' }, { stages: stage(['a', 'b'], ['a', '-b']) });
    expect(skips).toMatchObject({
      state: 'fail',
      because: expect.stringContaining('1 new skip: b was skipped (unit)'),
    });
    expect(judged({ a: '1' }, { a: '2' }, { stages: stage(['a', '-b'], ['a', '-c']) }).skips?.state).toBe('pass');
  });
});

describe('renamed tests', () => {
  const before = {
    'sum.test.js': `describe('sum', () => {
  it('adds', () => { expect(sum(1, 2)).toBe(3); expect(sum(0, 0)).toBe(0); });
  it('takes text', () => { expect(sum('1')).toBe(1); });
});
`,
  };
  test('pass, in other files and suites', () => {
    const after = {
      'math/add.test.js': "it('adds numbers', () => { expect(sum(1, 2)).toBe(3); expect(sum(0, 0)).toBe(0); });\n",
      'math/text.test.js': "describe('texts', () => { it('are taken', () => { expect(sum('1')).toBe(1); }); });\n",
    };
    const found = judged(before, after);
    expect([found.cases?.state, found.skips?.state, found.assertions?.state]).toEqual(['pass', 'pass', 'pass']);
  });

  test('do not pass with less in them', () => {
    const after = {
      'sum.test.js': (before['sum.test.js'] ?? '').replace('adds', 'sums').replace(' expect(sum(0, 0)).toBe(0);', ''),
    };
    expect(judged(before, after).assertions).toMatchObject({
      state: 'fail',
      because: expect.stringContaining('sum.test.js:2 sum > sums: 1 assertion, 2 before'),
    });
  });
});

// Put together here, so that no scanner of this repository takes them for real.
const token = (...parts: readonly string[]): string => parts.join('');
const github = token('gh', 'p_', 'wJ8rT2mKq9XzVb4nLc7YdF1sGh5PaE3uRo6i');
const anthropic = token('sk-', 'ant-', 'api03-Zk3Qw9Lr7Tn2Vb8Xc5Mp1Yd6Gf4Hs0Ja');
const aws = token('AKIA', 'Q3WERTY5UZXCVB7N');
const jwt = token('eyJhbGciOiJIUzI1NiJ9', '.eyJzdWIiOiJhbm4iLCJpYXQiOjE3fQ', '.TJVA95OrM7E2cBab30RMHrHDcEfxjoYZ');
const body = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7';
const privateKey = token('-----BEGIN ', 'PRIVATE KEY-----\n', body, '\n');

describe('secrets', () => {
  test.each([
    { what: 'a GitHub token', line: `const token = '${github}';`, told: 'a GitHub token: ghp_… (40 characters)' },
    { what: 'a key of Anthropic', line: `key: ${anthropic}`, told: 'a key of an AI service: sk-a… (' },
    { what: 'an AWS key', line: `id = "${aws}"`, told: 'an AWS access key: AKIA…' },
    { what: 'a JWT', line: `curl -H 'Authorization: Bearer ${jwt}'`, told: 'a JWT: eyJh…' },
    { what: 'a private key', line: privateKey, told: 'a private key: ----' },
  ])('$what is found and masked', ({ line, told }) => {
    const { secrets } = judged({ 'a.ts': 'one\n' }, { 'a.ts': `one\n${line}\n` });
    expect(secrets).toMatchObject({ state: 'fail', because: expect.stringContaining(`a.ts:2 ${told}`) });
    for (const secret of [github, anthropic, aws, jwt, body]) expect(JSON.stringify(secrets)).not.toContain(secret);
  });

  test('one in settings is known by its name', () => {
    const line = 'DB_PASSWORD=x7Kp2mQ9vL4wR8tZ\n';
    expect(judged({}, { '.env': line }).secrets).toMatchObject({
      state: 'fail',
      because: expect.stringContaining('.env:1 '),
    });
    expect(judged({}, { '.env': line }).secrets?.because).not.toContain('x7Kp2mQ9');
    expect(judged({}, { '.env.example': line }).secrets?.state).toBe('pass');
    expect(judged({}, { '.env': 'DB_PASSWORD=postgres\nPORT=8080\n' }).secrets?.state).toBe('pass');
  });

  test.each([
    { what: 'an example of a manual', line: `id = "${token('AKIA', 'IOSFODNN7EXAMPLE')}"` },
    { what: 'a placeholder', line: `token: ${token('gh', 'p_', 'x'.repeat(36))}` },
    { what: 'the head of a key without its body', line: "expect(pem).toContain('-----BEGIN PRIVATE KEY-----');" },
    { what: 'a variable', line: 'const password = process.env.DB_PASSWORD;' },
    { what: 'a word', line: "login({ user: 'ann', password: 'correct-horse-1' });" },
  ])('$what is none', ({ line }) => {
    expect(judged({ 'a.ts': 'one\n' }, { 'a.ts': `one\n${line}\n` }).secrets?.state).toBe('pass');
  });

  test('one that was there before, or is taken away, is not added', () => {
    const key = privateKey.replace('MIIE', 'MIIF');
    expect(judged({ 'a.pem': privateKey }, { 'b.pem': privateKey }).secrets?.state).toBe('pass');
    expect(judged({ 'a.pem': privateKey }, { 'a.pem': privateKey, 'b.pem': key }).secrets?.state).toBe('fail');
    expect(judged({ 'a.pem': privateKey }, { 'a.pem': `${privateKey}${key}` }).secrets?.state).toBe('fail');
    expect(judged({ 'a.ts': `${github}\n` }, { 'b.ts': 'x\n', 'a.ts': `${github}\nmore\n` }).secrets?.state).toBe(
      'pass',
    );
    expect(judged({ 'a.ts': `${github}\n` }, { 'a.ts': '' }).secrets).toBeUndefined();
  });
});

describe('binary files', () => {
  const binary = (bytes: number): string => `\0${'b'.repeat(bytes - 1)}`;
  test('a large one is not added, and a small one may grow up to the limit', () => {
    const settings = { binaries: { maxBytes: 1000 } };
    const found = (before: Record<string, string>, after: Record<string, string>) =>
      judged(before, after, { settings }).binaries;
    expect(found({}, { 'logo.png': binary(1001) })).toMatchObject({
      state: 'fail',
      because: expect.stringContaining('above 1,000 bytes: logo.png is binary, 1,001 bytes'),
    });
    expect(found({}, { 'logo.png': binary(1000) })?.state).toBe('pass');
    expect(found({ 'logo.png': binary(10) }, { 'logo.png': binary(2000) })?.state).toBe('fail');
    expect(found({ 'logo.png': binary(3000) }, { 'logo.png': binary(2000) })?.state).toBe('pass');
    expect(found({ 'logo.png': binary(3000) }, { 'img/logo.png': binary(3000) })?.state).toBe('pass');
    expect(found({}, { 'all.txt': 'text\n'.repeat(1000) })?.state).toBe('pass');
    const lfs = { '.gitattributes': '*.png filter=lfs diff=lfs merge=lfs -text\n' };
    expect(found(lfs, { ...lfs, 'img/logo.png': binary(2000) })?.state).toBe('pass');
    // Only what was there before counts.
    expect(found({}, { ...lfs, 'img/logo.png': binary(2000) })?.state).toBe('fail');
  });
});

describe('generated files', () => {
  const protobuf = '// Code generated by protoc-gen-go. DO NOT EDIT.\n// source: api/shop.proto\n\npackage shop\n';
  test.each([
    {
      what: 'of a source that it names',
      before: { 'shop.pb.go': protobuf, 'api/shop.proto': '1', 'main.go': '1' },
      alone: { 'shop.pb.go': `${protobuf}var x = 1\n`, 'api/shop.proto': '1', 'main.go': '2' },
      both: { 'shop.pb.go': `${protobuf}var x = 1\n`, 'api/shop.proto': '2', 'main.go': '1' },
      because: 'shop.pb.go (made from api/shop.proto)',
    },
    {
      what: 'of a source that nobody names',
      before: {
        'schema.ts': '/** @generated */\nexport {}\n',
        'schema.graphql': '1',
        'a.test.js': "it('a', () => expect(a).toBe(1))",
      },
      alone: {
        'schema.ts': '/** @generated */\nexport { a }\n',
        'schema.graphql': '1',
        'a.test.js': "it('a', () => expect(a).toBe(2))",
      },
      both: {
        'schema.ts': '/** @generated */\nexport { a }\n',
        'schema.graphql': '2',
        'a.test.js': "it('a', () => expect(a).toBe(1))",
      },
      because: 'schema.ts says that it is generated',
    },
    {
      what: 'that .gitattributes names',
      before: { '.gitattributes': 'dist/** linguist-generated=true\n', 'dist/a.js': '1', 'src/a.ts': '1' },
      alone: { '.gitattributes': '', 'dist/a.js': '2', 'src/a.ts': '1' },
      both: { '.gitattributes': 'dist/** linguist-generated=true\n', 'dist/a.js': '2', 'src/a.ts': '2' },
      because: 'dist/a.js says that it is generated',
      mayBeBoth: true,
    },
    {
      what: 'that the task names',
      before: { 'gen/a.ts': '1', 'proto/a.proto': '1', 'src/b.ts': '1' },
      alone: { 'gen/a.ts': '2', 'proto/a.proto': '1', 'src/b.ts': '2' },
      both: { 'gen/a.ts': '2', 'proto/a.proto': '2', 'src/b.ts': '1' },
      because: 'gen/a.ts (made from proto/**; made by npm run gen)',
    },
  ])('$what change only with it', ({ before, alone, both, because, mayBeBoth = false }) => {
    const settings = { generated: [{ files: ['gen/**'], from: ['proto/**'], command: 'npm run gen' }] };
    // A change to .gitattributes itself may be what a file is made from.
    if (!mayBeBoth)
      expect(judged(before, alone, { settings }).generated).toMatchObject({
        state: 'fail',
        because: expect.stringContaining(because),
      });
    expect(judged(before, both, { settings }).generated?.state).toBe('pass');
  });

  test('.gitattributes of the baseline decides, and an own file is none', () => {
    const attributes = { '.gitattributes': '*.gen.ts linguist-generated\n' };
    const before = { ...attributes, 'src/a.gen.ts': '1' };
    expect(judged(before, { ...attributes, 'src/a.gen.ts': '2' }).generated?.state).toBe('fail');
    expect(judged({ 'src/a.ts': '1' }, { 'src/a.ts': '2' }).generated).toBeUndefined();
  });
});

describe('the size of a change', () => {
  const before = { 'a.ts': 'one\ntwo\nthree\n', 'package-lock.json': '{}' };
  const after = { 'a.ts': 'three\none\n2\n', 'b.ts': 'new\n', 'package-lock.json': '{\n\n}' };
  test('is limited by the task alone; what moved and what a tool wrote does not count', () => {
    expect(judged(before, after)['diff-size']).toBeUndefined();
    const of = (diffSize: { lines?: number; files?: number }) =>
      judged(before, after, { settings: { diffSize } })['diff-size'];
    expect(of({ lines: 3 })?.state).toBe('pass');
    expect(of({ lines: 2 })).toMatchObject({
      state: 'fail',
      distance: 0.5,
      because: expect.stringContaining('3 lines changed, at most 2'),
    });
    expect(of({ lines: 3, files: 1 })).toMatchObject({
      state: 'fail',
      because: expect.stringContaining('2 files changed, at most 1'),
    });
  });
});

test('a commit and a folder are judged: what did not change is read where it is needed', async () => {
  const manifest = (...names: readonly string[]) =>
    JSON.stringify({ dependencies: Object.fromEntries(names.map((name) => [name, '1'])) });
  const before = {
    ...{ '.gitattributes': '*.bin filter=lfs\n', 'a.test.js': "it('a', () => expect(a).toBe(1));\n" },
    ...{ 'package.json': manifest(), 'package-lock.json': `{"packages":{"":${manifest()}}}` },
  };
  const after = {
    ...{ ...before, 'a.test.js': "it('a', () => {});\n", 'package.json': manifest('zod') },
    ...{ 'small.bin': `\0${'x'.repeat(2000)}`, 'large.png': `\0${'x'.repeat(2000)}`, 'new.ts': `${github}\n` },
  };
  const found = await judgedInGit(before, after, { settings: { binaries: { maxBytes: 1000 } } });
  expect(Object.values(found).map(({ name, state }) => `${name} ${state}`)).toEqual([
    ...['guard-cases pass', 'guard-skips pass', 'guard-assertions fail', 'guard-secrets fail', 'guard-binaries fail'],
    'guard-lockfile fail',
  ]);
  expect(found.binaries?.because).toContain('above 1,000 bytes: large.png is binary, 2,001 bytes;');
  expect(await judgedInGit(before, before)).toEqual({});
});

test('the task sets what a guard is worth', () => {
  const change = [
    { 'a.test.js': "it('a', () => expect(a).toBe(1))" },
    { 'a.test.js': "it.skip('a', () => expect(a).toBe(1))" },
  ] as const;
  expect(judged(...change).skips?.severity).toBe('gate');
  expect(judged(...change, { settings: { severity: { skips: 'warn' } } }).skips).toMatchObject({
    severity: 'warn',
    state: 'fail',
  });
  expect(judged(...change, { settings: { severity: { skips: 'off' } } }).skips).toBeUndefined();
});
