import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type State, stateNames } from '../../../gym/events/event.ts';
import type { Problem } from '../../../gym/events/problem.ts';
import { stateWord, terse, terseLimitBytes } from '../../../gym/judge/terse.ts';
import {
  type FailedCase,
  isGreen,
  type Verdict,
  verdictSchema,
  verdictSchemaName,
  worst,
} from '../../../gym/judge/verdict.ts';
import type { CheckResult } from '../../../gym/task/judgement.ts';

/** Whatever a stage may have printed: short and huge, colours, control characters, halves of characters, other writing directions. */
const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        ...[
          'tcp is 5 bytes',
          ' ',
          '\n',
          '\r\n\t',
          '\u001b[31mred\u001b[0m',
          '\u001b]8;;http://x\u0007link\u001b]8;;\u0007',
        ],
        ...[
          '\u0000\u0007\u009b',
          '\u2028',
          'é€𝄞',
          '\ud800',
          '\u202eleft',
          'expected 3 to be 4',
          'Expected: 4\nReceived: 3',
        ],
        ...['🙂'.repeat(90), 'x'.repeat(400), 'long '.repeat(500), '7'.repeat(3000)],
      ),
      { maxLength: 8 },
    )
    .map((scraps) => scraps.join('')),
);
const name = fc.oneof(fc.constantFrom('unit', 'bytes-by-channel', 'e2e'), anything);
const far = fc.constantFrom(0, 5e-324, 0.015, 1, 1e308);
const state = fc.constantFrom(...stateNames);
const tally = fc.record({ count: fc.nat(), first: fc.array(anything, { maxLength: 10 }) });

const checkResult: fc.Arbitrary<CheckResult> = fc.record(
  {
    ...{ state, because: anything, name, claim: anything, again: anything },
    kind: fc.constantFrom('cases', 'agree'),
    margin: fc.option(far),
    distance: fc.option(far),
    unit: fc.constant(null),
    parts: fc.constant([]),
    evidence: fc.constant([]),
    severity: fc.constantFrom('gate', 'warn', 'info'),
    risk: fc.constant([]),
    proof: fc.constantFrom('proven', 'unproven'),
  },
  {
    requiredKeys: [
      ...(['state', 'because', 'name', 'claim', 'again', 'kind', 'margin', 'distance', 'unit', 'parts'] as const),
      ...(['evidence', 'severity', 'risk'] as const),
    ],
  },
);

const failure: fc.Arbitrary<FailedCase> = fc.record(
  { id: anything, message: anything, file: anything, line: fc.nat(), alike: fc.nat(), files: fc.nat() },
  { requiredKeys: ['id', 'message'] },
);

const stage = fc.record({
  stage: name,
  state,
  because: anything,
  exitCode: fc.constant(null),
  cases: fc.option(fc.record({ passed: fc.nat(), failed: fc.nat(), skipped: fc.nat() })),
  failures: fc.array(failure, { maxLength: 40 }),
  durationMs: fc.constant(0),
  log: fc.constant(null),
});

const verdict: fc.Arbitrary<Verdict> = fc
  .record(
    {
      run: fc.oneof(fc.constant('20261120-044512-3fa9'), anything),
      task: name,
      headline: anything,
      distance: fc.option(fc.constantFrom(0.0566, 3, 1e300)),
      fault: anything,
      stages: fc.array(stage, { maxLength: 3 }),
      checks: fc.array(checkResult, { maxLength: 30 }),
      problems: fc.array(
        fc.record({
          kind: fc.constant('evidence' as const),
          message: anything,
          place: fc.record({ file: anything, line: fc.nat(), service: anything }, { requiredKeys: [] }),
          remedy: anything,
        }),
        { maxLength: 3 },
      ),
      change: fc.record({
        ...{ run: anything, distance: fc.option(far) },
        ...{ fixed: tally, new: tally, still: tally, unjudged: tally },
      }),
    },
    { requiredKeys: ['run', 'task', 'headline', 'distance', 'stages', 'checks', 'problems'] },
  )
  .chain((parts) =>
    fc
      .tuple(
        fc.constantFrom<State>(worst(parts.checks.map((each) => each.state)), 'unknown', 'fail'),
        fc.array(anything, { maxLength: 30 }),
      )
      .map(([worstState, restored]) => ({
        ...parts,
        ...{ schema: verdictSchemaName, state: worstState, exitCode: 1, startedAt: 0, durationMs: 0 },
        workspace: { root: '/', hash: '', definition: '', baseline: 'main@1a2b3c4', judgeOwn: 'gym verify', restored },
      })),
  );

test('whatever was printed: at most 2,048 bytes with the line break, the state on the first line and on the last, nothing that moves a cursor', () => {
  fc.assert(
    fc.property(verdict, (given) => {
      const text = terse(given);
      const lines = text.split('\n');
      // A line break follows it.
      expect(Buffer.byteLength(text)).toBeLessThan(terseLimitBytes);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]|\[31m/);
      expect(text.isWellFormed()).toBe(true);
      expect(lines[0]?.startsWith(stateWord(given.state))).toBe(true);
      expect(lines.at(-1)?.startsWith(stateWord(given.state))).toBe(true);
      // The same verdict is the same text, also when it was read back.
      const wellFormed = verdictSchema.parse(JSON.parse(JSON.stringify(given)));
      expect(terse(wellFormed)).toBe(terse(verdictSchema.parse(JSON.parse(JSON.stringify(wellFormed)))));
      const isRestored = given.workspace.restored.length > 0;
      if (isRestored) expect(lines[1]).toMatch(/^restored \d+ protected files? from main@1a2b3c4: /);
      if (isGreen(given.state)) {
        expect(lines).toHaveLength(isRestored ? 3 : 1);
        return;
      }
      expect(lines.at(-1)).toContain('more: gym show');
      const unproven = given.checks.some(({ proof }) => proof === 'unproven');
      expect(lines.at(-2)?.startsWith('UNPROVEN ')).toBe(unproven);
      if (given.change !== undefined) expect(lines[isRestored ? 2 : 1]).toMatch(/^since/);
    }),
    { numRuns: 500 },
  );
});

const check = (checkName: string, checkState: State): CheckResult => ({
  ...{ name: checkName, state: checkState, because: `of ${checkName}`, again: `gym verify shuffle # ${checkName}` },
  ...{ kind: 'agree', claim: '', severity: 'gate', risk: [], unit: null, parts: [], evidence: [] },
  ...{ margin: null, distance: null },
});

describe('what does not hold', () => {
  const base: Verdict = {
    ...{ schema: verdictSchemaName, run: 'r-3fa9', task: 'shuffle', state: 'fail', exitCode: 1, headline: '' },
    ...{ distance: 0.0566, startedAt: 0, durationMs: 0, stages: [], checks: [], problems: [] },
    workspace: { root: '/', hash: '', definition: '', restored: [] },
  };
  const shown = (checks: readonly CheckResult[], more: Partial<Verdict> = {}): string[] =>
    terse({ ...base, ...more, checks: [...checks], state: worst(checks.map((each) => each.state)) }).split('\n');

  test('has room beside all that may stand before it, however long', () => {
    const long = 'a-long/path/'.repeat(60);
    const came = { state: 'fail', because: long } as const;
    const proposals = ['ab12', 'ab13', 'ab14'].map((id) => ({
      ...{ id, state: 'open' as const, files: [long], reason: '', came },
    }));
    const tally = { count: 3, first: [long] };
    const restored = Array.from({ length: 9 }, () => long);
    const more: Partial<Verdict> = {
      ...{ proposals, change: { run: 'r-1', distance: 2, fixed: tally, new: tally, still: tally, unjudged: tally } },
      workspace: { root: '/', hash: '', definition: '', restored, judgeOwn: long },
    };
    const checkOfAll = { ...check('unit', 'fail'), proof: 'unproven', kind: 'cases', because: 'it is wrong' } as const;
    const lines = shown([checkOfAll], more);
    expect(lines).toContain('fail unit: it is wrong');
    const longest = { ...checkOfAll, name: long, again: long, because: long };
    const most = shown([longest], { ...more, run: long, task: long }).join('\n');
    expect(Buffer.byteLength(most)).toBeLessThan(terseLimitBytes);
  });

  test('stands worst first, in the order of the task among equals, and nothing else does', () => {
    const states = { a: 'unknown', b: 'pass', c: 'vacuous', d: 'fail', e: 'error', f: 'fail' } as const;
    expect(shown(Object.entries(states).map(([each, given]) => check(each, given)))).toEqual([
      'ERROR shuffle distance 0.0566: 5 of 6 checks do not hold',
      'error e: of e',
      'fail d: of d',
      'fail f: of f',
      'vacuous c: of c',
      'unknown a: of a',
      'ERROR shuffle distance 0.0566   more: gym show r-3fa9:e   again: gym verify shuffle # e',
    ]);
  });

  test('of a part is not said as if it were of the whole', () => {
    const part = { judged: 1, all: 12 };
    expect(shown([check('a', 'fail')], { part })[0]).toBe(
      'FAIL shuffle distance 0.0566: only 1 of 12 checks asked for: 1 of 1 check does not hold',
    );
    const headline = 'only 0 of 12 checks asked for: nothing was judged';
    expect(shown([], { part: { judged: 0, all: 12 }, headline })[0]).toMatch(
      /12 checks asked for: nothing was judged$/,
    );
  });

  test('may be none of the checks: the headline says why it is not green', () => {
    const headline = 'not proven to be able to fail: a (gym prove)';
    const unproven: CheckResult = { ...check('a', 'pass'), proof: 'unproven' };
    expect(
      terse({ ...base, ...{ state: 'unknown', distance: null, headline, checks: [unproven] } }).split('\n'),
    ).toEqual([
      `UNKNOWN shuffle: ${headline}`,
      'UNPROVEN a: gym prove shuffle',
      'UNKNOWN shuffle   more: gym show r-3fa9',
    ]);
  });

  test('what is held out is for a person to prove', () => {
    const unproven = { ...check('held-out', 'fail'), proof: 'unproven' } as const;
    expect(shown([{ ...check('a', 'pass'), proof: 'unproven' }, unproven]).at(-2)).toBe(
      'UNPROVEN a, held-out; a person can: gym prove shuffle',
    );
  });

  test('and says how much was left out', () => {
    const lines = shown(Array.from({ length: 500 }, (_, index) => check(`check-${index}`, 'fail')));
    expect(lines.at(-2)).toMatch(/^… \d+ more lines$/);
    expect(lines.length - 3 + Number(/\d+/.exec(lines.at(-2) ?? '')?.[0])).toBe(500);
    // It uses the room that there is.
    expect(Buffer.byteLength(lines.join('\n'))).toBeGreaterThan(terseLimitBytes - 100);
  });

  test('one reason of many unknown checks is said once', () => {
    const because = 'workers: the stage e2e did not pass';
    const lines = shown(['a', 'b', 'c'].map((each) => ({ ...check(each, 'unknown'), because })));
    expect(lines.slice(1, -1)).toEqual([`unknown a, b, c: ${because}`]);
  });

  const failures: FailedCase[] = [
    {
      id: 'cart > adds',
      file: 'test/cart.test.ts',
      line: 5,
      message: 'Error: expected 3 to be 4 // Object.is equality',
    },
    { id: 'cart > pays', message: 'AssertionError: till is shut\nsecond line' },
    { id: 'load > a', file: 'test/load.ts', line: 7, message: 'ECONNREFUSED 10.0.0.7:80', alike: 299, files: 12 },
  ];
  const unit: Verdict['stages'][number] = {
    ...{ stage: 'unit', state: 'fail', because: '302 of 400 cases failed: cart > adds; cart > pays', exitCode: 1 },
    ...{ cases: { passed: 98, failed: 307, skipped: 0 }, failures, durationMs: 0, log: null },
  };
  const ofUnit: CheckResult = { ...check('unit', 'fail'), kind: 'cases', because: unit.because };

  test('cases are a line each with their place and what was seen and wanted; many of one signature are one line', () => {
    expect(shown([ofUnit, check('e2e', 'pass')], { stages: [unit] })).toEqual([
      'FAIL shuffle distance 0.0566: 1 of 2 checks does not hold',
      'fail unit: 302 of 400 cases failed',
      '  cart > adds  test/cart.test.ts:5  got 3 ≠ want 4',
      '  cart > pays  till is shut second line',
      '  ×300 in 12 files, first: load > a  test/load.ts:7  ECONNREFUSED 10.0.0.7:80',
      '  … 5 more cases: gym show r-3fa9:unit',
      'FAIL shuffle distance 0.0566   more: gym show r-3fa9:unit   logs: gym logs r-3fa9 --around unit   again: gym verify shuffle # unit',
    ]);
  });

  test('output that a reason quotes stands line by line; one line of it stays with the reason', () => {
    const build = (output: string) => ({
      ...check('build', 'fail'),
      because: `exit code 2; its last output:\n${output}`,
    });
    expect(shown([build('a.ts(3,5): error TS2322\n\n  b.ts(1,1): error\u001b[0m\r\n')]).slice(1, -1)).toEqual([
      'fail build: exit code 2; its last output:',
      '  a.ts(3,5): error TS2322',
      '  b.ts(1,1): error',
    ]);
    expect(shown([build('killed')]).slice(1, -1)).toEqual(['fail build: exit code 2; its last output: killed']);
  });

  test('every check is named before cases take the room', () => {
    const many = Array.from({ length: 20 }, (_, index) => ({ id: `case ${index}`, message: 'says much '.repeat(20) }));
    const lines = shown([ofUnit, check('e2e', 'fail')], { stages: [{ ...unit, failures: many }] });
    expect(lines.indexOf('fail e2e: of e2e')).toBeGreaterThan(lines.findIndex((line) => line.startsWith('  case 0')));
  });

  test('what changed since the run before is on the second line', () => {
    const none = { count: 0, first: [] };
    const change = {
      ...{ run: '20261120-051117-a808', distance: 1.5, new: none, unjudged: none },
      fixed: { count: 5, first: ['unit: a', 'unit: b', 'unit: c', 'unit: d'] },
      still: { count: 1, first: ['e2e: x'] },
    };
    const second = (given: Partial<Verdict>): string | undefined => shown([ofUnit], given)[1];
    expect(second({ change })).toBe(
      'since a808 (distance down from 1.5): fixed 5: unit: a, unit: b, unit: c and 2 more; new 0; still 1',
    );
    const worse = {
      ...change,
      distance: 0.01,
      new: { count: 1, first: ['e2e'] },
      unjudged: { count: 1, first: ['x'] },
    };
    expect(second({ change: { ...worse, fixed: none } })).toBe(
      'since a808 (distance up from 0.01): fixed 0; new 1: e2e; still 1; not judged now 1: x',
    );
  });

  test('a service that was lost is told with the command for its log', () => {
    const message = 'db ended during the run: exited, exit code 1';
    const lines = shown([check('x', 'unknown')], {
      problems: [{ kind: 'evidence', message, place: { service: 'db' } }],
    });
    expect(lines.at(-1)).toContain('   logs: gym logs r-3fa9 db   ');
    const logOf = (place: Problem['place']): string | undefined =>
      shown([], { problems: [{ kind: 'environment', message: 'x', place }] }).at(-1);
    expect(logOf({ service: 'db', file: 'logs/db.log' })).toContain('   logs: gym logs r-3fa9 db');
    // An image that could not be pulled or built: nothing ran.
    expect(logOf({ service: 'db' })).not.toContain('logs:');
    expect(logOf({ service: 'db', file: 'compose.yaml' })).not.toContain('logs:');
  });
});
