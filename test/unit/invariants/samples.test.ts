import { describe, expect, test } from 'vitest';
import { series } from '../../../gym/judge/quantity.ts';
import { recovery } from '../../../invariants/recovery.ts';
import { always, never, sometimes } from '../../../invariants/samples.ts';
import { evidenceOf, judged, samples, timeline } from '../judge/samples.ts';

const depths = (...values: number[]) =>
  evidenceOf({
    app: timeline(
      'depth',
      values.map((value, at) => [at, BigInt(value), { queue: at % 2 === 0 ? 'a' : 'b' }]),
    ),
  });
const depth = series('app.depth');

describe('always, never, sometimes', () => {
  test.each([
    [[1, 2, 3], 'pass', 'pass', 'fail'],
    [[1, 2, 9], 'fail', 'fail', 'pass'],
    [[8, 9], 'fail', 'fail', 'pass'],
    [[], 'vacuous', 'vacuous', 'vacuous'],
  ])('%j: at most 3 always %s, at least 8 never %s and sometimes %s', (values, atMost3, never8, sometimes8) => {
    const checks = [
      always({ name: 'a', series: depth, atMost: 3 }),
      never({ name: 'n', series: depth, atLeast: 8 }),
      sometimes({ name: 's', series: depth, atLeast: 8 }),
    ];
    expect(checks.map((check) => judged(check, depths(...values)).state)).toEqual([atMost3, never8, sometimes8]);
  });

  test('the first that breaks it is named with its labels and time, and how far the farthest is off', () => {
    expect(judged(always({ name: 'a', series: depth, atMost: 4 }), depths(1, 5, 2, 9))).toMatchObject({
      because: '2 of 4 samples break it, the first: queue=b at 1 ms is 5, queue=b at 3 ms is 9',
      margin: -5,
      distance: 1.25,
      unit: 'count',
    });
    expect(judged(always({ name: 'a', series: depth, atMost: 4 }), depths(1, 3))).toMatchObject({
      margin: 1,
      distance: 0,
    });
  });

  test('times since 1970 are told as dates', () => {
    const evidence = evidenceOf({ app: timeline('depth', [[Date.UTC(2030, 0, 31, 12, 0, 0, 250), 5n]]) });
    expect(judged(never({ name: 'n', series: depth, atLeast: 1 }), evidence).because).toContain(
      'sample 1 at 2030-01-31T12:00:00.250Z is 5',
    );
  });

  test('a condition of one’s own sees labels and values', () => {
    const even = ({ value, labels }: { value: bigint | number; labels: Readonly<Record<string, string>> }) =>
      labels['queue'] === 'a' || Number(value) % 2 === 0;
    const check = always({ name: 'a', series: depth, satisfies: even });
    expect(check.claim).toBe('every sample of app.depth satisfies even');
    expect(judged(check, depths(1, 2, 3, 4)).state).toBe('pass');
    expect(judged(check, depths(1, 2, 3, 5))).toMatchObject({ state: 'fail', margin: -1, distance: 0.25 });
  });

  test('a condition that gives no answer is the error of the check', () => {
    const asked = always({ name: 'a', series: depth, satisfies: () => JSON.parse('null') });
    expect(judged(asked, depths(1)).state).toBe('error');
  });

  test('sometimes: in each group', () => {
    const each = sometimes({ name: 's', series: series('app.depth', { by: ['queue'] }), atLeast: 8 });
    expect(judged(each, depths(8, 9)).state).toBe('pass');
    expect(judged(each, depths(8, 1))).toMatchObject({ state: 'fail', because: 'b: none of 1 sample', distance: 0.5 });
  });

  test('a definition error: no condition; a hash has no size', () => {
    expect(() => always({ name: 'a', series: depth })).toThrow(/name atLeast, atMost or satisfies/);
    const hash = evidenceOf({ app: samples('depth', 5n, 'hash') });
    expect(judged(always({ name: 'a', series: depth, atMost: 9 }), hash).state).toBe('unknown');
  });
});

describe('recovery', () => {
  const check = recovery({ name: 'r', disturbance: series('faults.kill'), signal: depth, atMost: 10, withinMs: 500 });
  type Points = [number, number][];
  const run = (kills: number[], points: Points) =>
    evidenceOf({
      faults: timeline(
        'kill',
        kills.map((at) => [at, 1n] as const),
      ),
      app: timeline(
        'depth',
        points.map(([at, value]) => [at, BigInt(value)] as const),
      ),
    });

  test.each<[string, number[], Points, string]>([
    [
      'well in time',
      [1000],
      [
        [1100, 50],
        [1400, 3],
        [5000, 2],
      ],
      'pass',
    ],
    [
      'exactly in time',
      [1000],
      [
        [1100, 50],
        [1500, 3],
      ],
      'pass',
    ],
    [
      'too late',
      [1000],
      [
        [1100, 50],
        [1501, 50],
        [1600, 3],
      ],
      'fail',
    ],
    [
      'well in time, but not for long',
      [1000],
      [
        [1100, 50],
        [1400, 3],
        [4000, 50],
        [4100, 3],
      ],
      'fail',
    ],
    [
      'never again',
      [1000],
      [
        [1100, 50],
        [1400, 3],
        [4000, 50],
      ],
      'fail',
    ],
    [
      'out of bounds before it only',
      [1000],
      [
        [900, 50],
        [1001, 3],
      ],
      'pass',
    ],
    [
      'each of two',
      [1000, 3000],
      [
        [1100, 50],
        [1400, 3],
        [3100, 50],
        [3400, 3],
      ],
      'pass',
    ],
    [
      'the second not',
      [1000, 3000],
      [
        [1100, 50],
        [1400, 3],
        [3100, 50],
        [3900, 50],
        [4000, 3],
      ],
      'fail',
    ],
    [
      'watched too shortly',
      [1000],
      [
        [1100, 50],
        [1400, 50],
      ],
      'unknown',
    ],
    [
      'nothing was measured around the time',
      [1000],
      [
        [1100, 50],
        [2000, 3],
      ],
      'unknown',
    ],
    ['nothing was measured after it', [1000], [[900, 3]], 'unknown'],
    ['no disturbance', [], [[900, 3]], 'vacuous'],
    ['nothing measured at all', [1000], [], 'vacuous'],
    [
      'late after one, and nothing after the other',
      [1000, 9000],
      [
        [1100, 50],
        [1600, 50],
        [1700, 2],
      ],
      'fail',
    ],
  ])('%s', (_, kills, points, state) => {
    expect(judged(check, run(kills, points)).state).toBe(state);
  });

  test('it says how long it took', () => {
    const late: Points = [
      [1100, 50],
      [1700, 50],
      [1800, 3],
    ];
    expect(judged(check, run([1000], late))).toMatchObject({
      because: 'all, disturbed at 1000 ms: well after 800 ms; it must be within 500 ms',
      margin: -200,
      distance: 0.4,
      unit: 'ms',
      parts: [{ part: 'all, disturbed at 1000 ms', observed: '800', expected: '500', off: '200' }],
    });
    expect(
      judged(
        check,
        run(
          [1000],
          [
            [1100, 50],
            [1400, 3],
          ],
        ),
      ).because,
    ).toBe('all, disturbed at 1000 ms: well after 400 ms; it must be within 500 ms');
  });

  test('without times nothing can be told', () => {
    const untimed = evidenceOf({ faults: timeline('kill', [[1, 1n]]), app: samples('depth', 5n, 'count') });
    expect(judged(check, untimed)).toMatchObject({
      state: 'unknown',
      because: 'app.depth: not every sample has a time',
    });
  });
});
