import { describe, expect, onTestFinished, test } from 'vitest';
import { parseDocuments } from '../../../gym/evidence/documents.ts';
import { readRecorded, recordEvidence, recordReading } from '../../../gym/evidence/recorded.ts';
import { lineLimit } from '../../../gym/judge/log-lines.ts';
import type { Document } from '../../../gym/task/measurement.ts';
import { workspaceFiles } from '../../../gym/task/source.ts';
import { policy } from '../../../invariants/policy.ts';
import type { Rule } from '../../../invariants/rules/rule.ts';
import { compose, kubernetes, noPersonalData, packageJson } from '../../../invariants/rules/rules.ts';
import { temporaryFolder } from '../../support/repository.ts';
import { readingsOf } from '../evidence/reading.ts';
import { documentsOf, evidenceOf, judged, samples } from '../judge/samples.ts';

/** The documents of a YAML file, as sources give them. */
async function yaml(file: string, text: string): Promise<readonly Document[]> {
  const documents = await parseDocuments('yaml', text, { file });
  if (!documents.ok) throw new Error(documents.problems[0].message);
  return documents.value;
}
const manifests = (...documents: Document[]) =>
  evidenceOf({ manifests: { source: 'manifests', witness: false, samples: [], documents } });

const stack = await yaml(
  'compose.yaml',
  `x-base: &base
  restart: always
services:
  web:
    <<: *base
    image: nginx
    ports:
      - "127.0.0.1:1:1"
      - "8080:80"
  db:
    image: postgres:17.2
`,
);
const rules = [compose.imageHasTag, compose.portsOnLoopback, compose.noRestartPolicy];

describe('documents', () => {
  test('a failure names the key, its file and line, and counts per rule', async () => {
    const check = policy({ name: 'p', documents: 'manifests', rules });
    const db = await yaml('db.yaml', 'services: { db: { image: "postgres:17.2" } }\n');
    expect(judged(check, manifests(...stack, ...db))).toMatchObject({
      state: 'fail',
      because:
        '3 violations in 1 of 2 documents: compose.yaml:6: services.web.image has no tag (nginx), ' +
        'compose.yaml:9: services.web.ports.1 is bound to all addresses, compose.yaml:2: services.web.restart is always',
      margin: -3,
      distance: 3 / 6,
      parts: [
        { part: 'compose.imageHasTag', observed: '1', expected: '0', off: '1' },
        { part: 'compose.portsOnLoopback', observed: '1', expected: '0', off: '1' },
        { part: 'compose.noRestartPolicy', observed: '1', expected: '0', off: '1' },
      ],
      evidence: [
        { what: 'services.web.image has no tag (nginx)', place: { file: 'compose.yaml', line: 6 } },
        { what: 'services.web.ports.1 is bound to all addresses', place: { file: 'compose.yaml', line: 9 } },
        { what: 'services.web.restart is always', place: { file: 'compose.yaml', line: 2 } },
      ],
    });
  });

  test('files of the workspace, as they are read, recorded and judged again', async () => {
    const folder = temporaryFolder();
    onTestFinished(() => folder[Symbol.dispose]());
    folder.write('compose.yaml', 'services:\n  web:\n    build: .\n    privileged: true\n');
    folder.write('web/package.json', '{\n  "dependencies": {\n    "a": "*"\n  }\n}\n');
    const readings = await readingsOf(
      {
        compose: workspaceFiles({ pattern: 'compose.yaml', format: 'yaml' }),
        packages: workspaceFiles({ pattern: '**/package.json', format: 'json' }),
      },
      { folder: folder.path },
    );
    const evidence = { readings, logs: new Map() };
    for (const reading of readings.values()) recordReading(folder.path, reading);
    recordEvidence(folder.path, evidence);
    for (const each of [evidence, readRecorded(folder.path)]) {
      if (each === undefined) throw new Error('nothing was recorded');
      expect([
        judged(policy({ name: 'p', documents: 'compose', rules: [compose.notPrivileged] }), each).because,
        judged(policy({ name: 'p', documents: 'packages', rules: [packageJson.noWildcardVersions] }), each).because,
      ]).toEqual([
        '1 violation in 1 of 1 document: compose.yaml:4: services.web.privileged is set',
        '1 violation in 1 of 1 document: web/package.json:3: dependencies.a may be any version (*)',
      ]);
    }
  });

  test('of many violations the first are told, and how many there are', () => {
    const check = policy({
      name: 'p',
      documents: 'd',
      rules: [() => [{ message: 'is wrong' }, { message: 'is bad' }]],
    });
    const evidence = evidenceOf({
      d: documentsOf(
        'd',
        Array.from({ length: 600 }, () => 1),
      ),
    });
    const { because, evidence: told } = judged(check, evidence);
    expect(because).toBe(
      '1,200 violations in 600 of 600 documents: d.ndjson:1: is wrong, d.ndjson:1: is bad, d.ndjson:2: is wrong and 1,197 more',
    );
    expect(told).toHaveLength(100);
  });

  test('the second document of a file is at its own lines', async () => {
    const text = 'kind: Service\n---\nkind: Deployment\nspec:\n  template:\n    spec:\n      hostNetwork: true\n';
    const check = policy({ name: 'p', documents: 'manifests', rules: [kubernetes.noHostNamespaces] });
    expect(judged(check, manifests(...(await yaml('k.yaml', text)))).because).toBe(
      '1 violation in 1 of 2 documents: k.yaml:7: spec.template.spec.hostNetwork is set',
    );
  });

  test.each([
    ['no document', evidenceOf({ manifests: documentsOf('m', []) }), 'vacuous', 'manifests has no document'],
    [
      'no document that a rule is about',
      evidenceOf({ manifests: documentsOf('m', [{ version: 3 }, 'text']) }),
      'vacuous',
      'compose.imageHasTag, compose.portsOnLoopback, compose.noRestartPolicy have nothing to say of 2 documents',
    ],
    [
      'a document that cannot be parsed',
      evidenceOf({ manifests: 'a.yaml:3 is no YAML: Flow sequence' }),
      'unknown',
      'manifests: a.yaml:3 is no YAML: Flow sequence',
    ],
    [
      'samples only',
      evidenceOf({ manifests: samples('bytes', 5n) }),
      'unknown',
      'manifests keeps no documents, only samples',
    ],
    [
      'all is well',
      evidenceOf({ manifests: documentsOf('m', [{ services: { a: { image: 'a:1' } } }]) }),
      'pass',
      '1 document, all 3 rules are kept',
    ],
  ])('%s', (_, evidence, state, because) => {
    expect(judged(policy({ name: 'p', documents: 'manifests', rules }), evidence)).toMatchObject({ state, because });
  });

  test('a rule that is about nothing is not hidden by one that holds; one that fails is not hidden by it', () => {
    const judge = (image: string) =>
      judged(
        policy({ name: 'p', documents: 'm', rules: [kubernetes.noHostPath, compose.imageHasTag] }),
        evidenceOf({ m: documentsOf('m', [{ services: { a: { image } } }]) }),
      ).state;
    expect([judge('a:1'), judge('a')]).toEqual(['vacuous', 'fail']);
  });

  test("a rule of one's own: a plain function, called by its name", () => {
    const short: Rule = ({ value }) => (String(value).length > 3 ? [{ message: 'is long', line: 42 }] : []);
    const check = policy({
      name: 'p',
      documents: 'd',
      rules: [short, (_, others) => (others.length === 2 ? [] : null)],
    });
    expect(judged(check, evidenceOf({ d: documentsOf('d', ['ab', 'abcd']) }))).toMatchObject({
      because: '1 violation in 1 of 2 documents: d.ndjson:42: is long',
      distance: 1 / 4,
      parts: [{ part: 'short' }, { part: 'rule 2', off: '0' }],
    });
    expect(check.claim).toBe('every document of d keeps short, rule 2');
  });

  test.each<[string, Rule, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('oh');
      },
      /^the check threw Error: rule 1, at d\.ndjson:1: oh$/,
    ],
    [
      'gives no list',
      () => JSON.parse('5'),
      /^the check threw Error: rule 1, at d\.ndjson:1, gave no list of violations$/,
    ],
  ])('a rule that %s is the error of the check, never a pass', (_, rule, because) => {
    const { state, because: why } = judged(
      policy({ name: 'p', documents: 'd', rules: [rule] }),
      evidenceOf({ d: documentsOf('d', [{}]) }),
    );
    expect([state, why]).toEqual(['error', expect.stringMatching(because)]);
  });

  test('a definition error: no rule, and what is no function', () => {
    expect(() => policy({ name: 'p', documents: 'd', rules: [] })).toThrow(/name at least one rule/);
    expect(() => policy({ name: 'p', documents: 'd', rules: [JSON.parse('1')] })).toThrow(/a function of a document/);
  });
});

describe('logs', () => {
  const rules = [noPersonalData()];
  function judgeLogs(logs: Readonly<Record<string, string | null>>) {
    const folder = temporaryFolder();
    onTestFinished(() => folder[Symbol.dispose]());
    const files = Object.entries(logs).map(([service, content]) => {
      if (content !== null) folder.write(`${service}.log`, content);
      return { service, file: `${folder.path}/${service}.log` };
    });
    const check = policy({ name: 'p', services: Object.keys(logs), rules });
    return { ...judged(check, evidenceOf({}, files)), folder: folder.path };
  }

  test('a failure names service and line, without what was found', () => {
    const { folder, ...judgement } = judgeLogs({
      app: 'up\nuser ada@example.com in\n',
      web: 'GET /?q=ada%40example.com\n',
    });
    expect(judgement).toMatchObject({
      state: 'fail',
      because:
        '2 violations in 2 of 3 lines: app, line 2: holds an e-mail address at column 6, web, line 1: holds an e-mail address at column 9',
      distance: 2 / 3,
      evidence: [
        { what: 'holds an e-mail address at column 6', place: { file: `${folder}/app.log`, line: 2, service: 'app' } },
        { place: { file: `${folder}/web.log`, line: 1 } },
      ],
    });
    expect(JSON.stringify(judgement)).not.toContain('ada');
  });

  const long = 'x'.repeat(lineLimit + 10);
  test.each<[string, Record<string, string | null>, string]>([
    ['clean', { a: 'hello\n', b: 'x' }, 'pass'],
    ['one is silent', { a: 'hello\n', b: '' }, 'vacuous'],
    ['one is silent, one breaks it', { a: 'ada@example.com', b: '' }, 'fail'],
    ['one cannot be read', { a: 'hello\n', b: null }, 'unknown'],
    ['one cannot be read, one breaks it', { a: 'ada@example.com', b: null }, 'fail'],
    ['what stands beyond the longest line', { a: `${long} ada@example.com\n` }, 'unknown'],
    ['in front of that', { a: `ada@example.com ${long}\n` }, 'fail'],
  ])('%s', (_, logs, state) => {
    expect(judgeLogs(logs).state).toBe(state);
  });

  test('a log that is not there, or not to be trusted', () => {
    const check = policy({ name: 'p', services: ['w'], rules });
    expect(judged(check, evidenceOf({})).because).toBe('log of w: there is none');
    const problem = 'the engine lost lines';
    expect(judged(check, evidenceOf({}, [{ service: 'w', file: '/nowhere', problem }]))).toMatchObject({
      state: 'unknown',
      because: 'log of w: the engine lost lines',
    });
  });
});
