import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkText, personVerdict } from '../../../gym/cli/render/person.ts';
import { durationText } from '../../../gym/cli/render/style.ts';
import { type Verdict, verdictSchema } from '../../../gym/judge/verdict.ts';
import { temporaryFolder } from '../../support/repository.ts';

const file = join(import.meta.dirname, '../../fixtures/events/verdict-1.json');
const recorded = verdictSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
const plain = (_: unknown, text: string): string => text;

const check: Verdict['checks'][number] = {
  ...{
    name: 'unit',
    kind: 'cases',
    claim: 'every case of unit passes',
    severity: 'gate',
    risk: [],
    again: 'gym verify',
    state: 'fail',
  },
  because: '1 of 2 cases failed: subtracts\n3 is not 4',
  ...{ margin: -1, distance: 0.5, unit: 'count', parts: [], evidence: [] },
};
const failing: Verdict = {
  ...recorded,
  ...{ state: 'fail', distance: 1.3333, headline: `unit: ${check.because}`, checks: [check], problems: [] },
  stages: [
    {
      ...{ stage: 'unit', state: 'fail', because: check.because, exitCode: 1, durationMs: 5, log: null },
      cases: { passed: 1, failed: 1, skipped: 0 },
      failures: [{ id: 'subtracts', file: 'test/sum.test.js', line: 7, message: '3 is not 4' }],
    },
  ],
};

test("a person's page ends with the distance, and says at length only once what does not hold", () => {
  const page = personVerdict(failing, '/runs/r', plain);
  expect(page).toMatch(/^FAIL {2}shuffle distance 1\.33: unit: 1 of 2 cases failed$/m);
  expect(page.match(/3 is not 4/g)).toHaveLength(1);
  expect(page).toContain('subtracts  test/sum.test.js:7');
  const asked = 'only 1 of 12 checks asked for: ';
  const part: Verdict = { ...failing, part: { judged: 1, all: 12 }, headline: asked + failing.headline };
  expect(personVerdict(part, '/runs/r', plain)).toContain(
    `FAIL  shuffle distance 1.33: ${asked}unit: 1 of 2 cases failed\n`,
  );
});

test('a problem is the end in its first words', () => {
  const message = 'service box was lost: Container 3eab is not running\nits log is empty';
  const lost: Verdict = { ...failing, state: 'unknown', distance: null, headline: message.split('\n')[0] ?? '' };
  const page = personVerdict({ ...lost, problems: [{ kind: 'environment', message }] }, '/runs/r', plain);
  expect(page).toMatch(/^UNKNOWN {2}shuffle: service box was lost$/m);
});

test('all about one check: the places of failed cases, and parts with separators', () => {
  expect(checkText(check, failing, '/runs/r', plain)).toContain('subtracts  test/sum.test.js:7\n    3 is not 4');
  const [off] = recorded.checks.filter(({ name }) => name === 'bytes-by-channel');
  if (off === undefined) throw new Error('the fixture has no such check');
  expect(checkText(off, recorded, '/runs/r', plain)).toMatch(/shm +71,135,396 \/ 67,108,864 {3}\+4,026,532$/m);
});

test('evidence is where it can be opened: kept in the run, or a file of the workspace', () => {
  using folder = temporaryFolder();
  folder.write('evidence/compose.ndjson', '');
  const [first] = recorded.checks;
  if (first === undefined) throw new Error('the fixture has no check');
  const what = 'x';
  const evidence = [
    { what, place: { file: 'compose.yaml', line: 6 } },
    { what, place: { file: 'evidence/compose.ndjson' } },
    { what, place: { file: '/etc/app.yaml', line: 1, service: 'app' } },
    { what, place: { service: 'app' } },
  ];
  const verdict = { ...recorded, workspace: { ...recorded.workspace, root: '/w' } };
  expect(checkText({ ...first, evidence }, verdict, folder.path, plain).match(/^Evidence .*$/gm)).toEqual([
    'Evidence  x: /w/compose.yaml:6',
    `Evidence  x: ${folder.path}/evidence/compose.ndjson`,
    'Evidence  x: /etc/app.yaml:1, service app',
    'Evidence  x: service app',
  ]);
  const failed = { ...verdict, checks: [{ ...first, kind: 'policy', evidence, state: 'fail' as const }] };
  expect(personVerdict(failed, folder.path, plain)).toContain('evidence  x: /w/compose.yaml:6');
});

test.each([
  [840, '840 ms'],
  [59_000, '59.0 s'],
  [242_000, '4:02 min'],
  [3_599_600, '1:00 h'],
  [19_200_000, '5:20 h'],
  [172_800_000, '2 days'],
])('%d ms as people say it', (milliseconds, said) => expect(durationText(milliseconds)).toBe(said));

test('a stage that was never seen to fail says so, whatever the verdict', () => {
  const page = personVerdict({ ...failing, checks: [{ ...check, proof: 'unproven' }] }, '/runs/r', plain);
  expect(page).toMatch(/ unit .*UNPROVEN$/m);
});
