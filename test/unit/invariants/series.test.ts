import { describe, expect, test } from 'vitest';
import { series } from '../../../gym/judge/quantity.ts';
import { monotonic } from '../../../invariants/monotonic.ts';
import { ordering } from '../../../invariants/ordering.ts';
import { unique } from '../../../invariants/unique.ts';
import { evidenceOf, judged, samples, timeline } from '../judge/samples.ts';

const id = { by: ['id'] };
const of = (value: string) => ({ id: value });

describe('monotonic', () => {
  const check = (direction: 'up' | 'down', strictly = false) =>
    monotonic({ name: 'm', series: series('log.offset', id), direction, strictly });
  const offsets = (...values: [number, bigint, string][]) =>
    evidenceOf({
      log: timeline(
        'offset',
        values.map(([at, value, name]) => [at, value, of(name)] as const),
      ),
    });

  test.each<['up' | 'down', boolean, bigint[], string]>([
    ['up', false, [1n, 1n, 2n], 'pass'],
    ['up', true, [1n, 1n, 2n], 'fail'],
    ['up', false, [1n, 3n, 2n], 'fail'],
    ['down', false, [3n, 3n, 1n], 'pass'],
    ['down', true, [3n, 2n, 1n], 'pass'],
    ['down', false, [3n, 2n, 4n], 'fail'],
    ['up', false, [5n], 'vacuous'],
    ['up', false, [2n ** 60n, 2n ** 60n - 1n], 'fail'],
  ])('%s, strictly %s: %s is %s', (direction, strictly, values, state) => {
    const points = values.map((value, index): [number, bigint, string] => [index, value, 'a']);
    expect(judged(check(direction, strictly), offsets(...points)).state).toBe(state);
  });

  test('the first break in time is named, in which group, from what to what, and how many there are', () => {
    const evidence = offsets([4, 9n, 'a'], [9, 7n, 'a'], [1, 5n, 'b'], [3, 4n, 'b'], [5, 6n, 'b']);
    expect(judged(check('up'), evidence)).toMatchObject({
      because: 'b at 3 ms goes down from 5 to 4: -1 (-20 %); 2 breaks in 3 steps in 2 groups',
      margin: -2,
      distance: 2 / 3,
      unit: 'count',
      parts: [
        { part: 'a at 9 ms', observed: '7', expected: '9', off: '-2' },
        { part: 'b at 3 ms', observed: '4', expected: '5', off: '-1' },
      ],
    });
  });
  test('one that stays where it should not says so', () => {
    expect(judged(check('up', true), offsets([1, 5n, 'a'], [2, 5n, 'a'])).because).toMatch(/^a at 2 ms stays at 5;/);
  });

  test('the order is that of time, and without any time that of the reading; with half of it nobody knows', () => {
    expect(judged(check('up'), offsets([2, 2n, 'a'], [1, 1n, 'a'])).state).toBe('pass');
    const untimed = [1n, 2n].map((value) => ({ metric: 'offset', labels: of('a'), value, unit: 'count' as const }));
    expect(judged(check('up'), evidenceOf({ log: untimed })).state).toBe('pass');
    expect(judged(check('down'), evidenceOf({ log: untimed }))).toMatchObject({
      state: 'fail',
      because: expect.stringContaining('a at sample 2 goes up from 1 to 2'),
    });
    const half = untimed.map((sample, index) => (index === 0 ? { ...sample, atMs: 5 } : sample));
    expect(judged(check('up'), evidenceOf({ log: half })).state).toBe('unknown');
  });

  test('so many breaks are all counted, and a hundred of them kept', () => {
    const many = Array.from({ length: 300_000 }, (_, index) => [index, BigInt(-index), of('a')] as const);
    const { margin, parts } = judged(check('up'), evidenceOf({ log: timeline('offset', many) }));
    expect([margin, parts.length]).toEqual([-299_999, 100]);
  });

  test('a hash has no size', () => {
    expect(
      judged(
        monotonic({ name: 'm', series: series('log.h'), direction: 'up' }),
        evidenceOf({ log: samples('h', 1n, 'hash') }),
      ).state,
    ).toBe('unknown');
  });
});

describe('ordering', () => {
  const check = (order?: 'time' | 'value') =>
    ordering({ name: 'o', before: series('a.sent', id), after: series('b.got', id), ...(order && { order }) });
  const flow = (sent: [number, string][], got: [number, string][]) =>
    evidenceOf({
      a: timeline(
        'sent',
        sent.map(([at, name]) => [at, BigInt(at), of(name)] as const),
      ),
      b: timeline(
        'got',
        got.map(([at, name]) => [at, BigInt(at), of(name)] as const),
      ),
    });

  test.each<[string, [number, string][], [number, string][], string]>([
    [
      'each after its own',
      [
        [1, 'x'],
        [5, 'y'],
      ],
      [
        [2, 'x'],
        [6, 'y'],
      ],
      'pass',
    ],
    ['at the same moment', [[1, 'x']], [[1, 'x']], 'pass'],
    [
      'one that is still under way',
      [
        [1, 'x'],
        [2, 'y'],
      ],
      [[2, 'x']],
      'pass',
    ],
    [
      'sent twice, the first counts',
      [
        [5, 'x'],
        [1, 'x'],
      ],
      [[2, 'x']],
      'pass',
    ],
    [
      'one too early',
      [
        [1, 'x'],
        [5, 'y'],
      ],
      [
        [2, 'x'],
        [4, 'y'],
      ],
      'fail',
    ],
    [
      'one that was never sent',
      [[1, 'x']],
      [
        [2, 'x'],
        [3, 'y'],
      ],
      'fail',
    ],
    ['none came', [[1, 'x']], [], 'vacuous'],
  ])('%s', (_, sent, got, state) => {
    for (const order of ['time', 'value'] as const) expect(judged(check(order), flow(sent, got)).state).toBe(state);
  });

  test('the keys that are off are named, by how much, and those that lack the first', () => {
    expect(
      judged(
        check(),
        flow(
          [[10, 'x']],
          [
            [4, 'x'],
            [20, 'x'],
            [7, 'z'],
          ],
        ),
      ),
    ).toMatchObject({
      because: '2 of 3 events without a a.sent before: x (at 4 ms, 6 ms too early), z (at 7 ms; there is none at all)',
      margin: -2,
      distance: 2 / 3,
      parts: [
        { part: 'x', observed: '4', expected: '10', off: '-6' },
        { part: 'z', observed: '7', expected: '', off: '' },
      ],
    });
  });

  test('without times there is no order of time', () => {
    const untimed = [{ metric: 'got', labels: of('x'), value: 1n, unit: 'count' as const }];
    const evidence = evidenceOf({ a: timeline('sent', [[1, 1n, of('x')]]), b: untimed });
    expect(judged(check(), evidence)).toMatchObject({
      state: 'unknown',
      because: 'b.got by id: not every sample has a time',
    });
    expect(judged(check('value'), evidence).state).toBe('pass');
  });

  test('a definition error: nothing to match by', () => {
    expect(() => ordering({ name: 'o', before: series('a.sent'), after: series('b.got', id) })).toThrow(/matched by/);
  });
});

describe('unique', () => {
  const once = unique({ name: 'u', series: series('b.got', id) });
  const exactly = unique({ name: 'u', series: series('b.got', id), expected: series('a.sent', id) });
  const flow = (sent: string, got: string) =>
    evidenceOf({
      a: timeline(
        'sent',
        [...sent].map((name, at) => [at, 1n, of(name)] as const),
      ),
      b: timeline(
        'got',
        [...got].map((name, at) => [at, 1n, of(name)] as const),
      ),
    });

  test.each([
    ['xyz', 'xyz', 'pass', 'pass'],
    ['xyz', 'zxy', 'pass', 'pass'],
    ['xyz', 'xy', 'pass', 'fail'],
    ['xyz', 'xyzz', 'fail', 'fail'],
    ['xy', 'xyz', 'pass', 'fail'],
    ['xyz', '', 'vacuous', 'vacuous'],
    ['', 'x', 'pass', 'vacuous'],
  ])('%s became %s: %s, and %s where it is known what was sent', (sent, got, alone, known) => {
    expect([judged(once, flow(sent, got)).state, judged(exactly, flow(sent, got)).state]).toEqual([alone, known]);
  });

  test('the claim says what an id is', () => {
    expect([once.claim, exactly.claim]).toEqual([
      'no id occurs twice in b.got',
      'every id of a.sent occurs exactly once in b.got, and no other',
    ]);
  });

  test('what is missing, twice and unknown is named', () => {
    expect(judged(exactly, flow('abcdefgh', 'cddddez'))).toMatchObject({
      because: 'of 8 ids: 5 missing: a, b, f, g and 1 more; 1 more than once: d (4 times); 1 not expected: z',
      margin: -9,
      distance: 9 / 8,
    });
    expect(judged(exactly, flow('abcdefgh', 'cddddez')).parts).toContainEqual({
      part: 'd',
      observed: '4',
      expected: '1',
      off: '3',
    });
  });

  test('a sample that stands for two is two', () => {
    const [sample] = timeline('got', [[1, 1n, of('x')]]);
    const twice = sample === undefined ? [] : [{ ...sample, n: 2 }];
    expect(judged(once, evidenceOf({ b: twice })).because).toBe('of 1 id: 1 more than once: x (2 times)');
  });

  test.each([
    ['no id', () => unique({ name: 'u', series: series('b.got') })],
    ['an id of another make', () => unique({ name: 'u', series: series('b.got', id), expected: series('a.sent') })],
  ])('a definition error: %s', (_, make) => {
    expect(make).toThrow(/an id is made of labels/);
  });
});
