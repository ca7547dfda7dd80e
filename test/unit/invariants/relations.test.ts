import { describe, expect, test } from 'vitest';
import { max, sum } from '../../../gym/judge/quantity.ts';
import { abs, rel } from '../../../gym/judge/tolerance.ts';
import type { Evidence } from '../../../gym/task/measurement.ts';
import { differential } from '../../../invariants/differential.ts';
import { metamorphic } from '../../../invariants/metamorphic.ts';
import { ratio } from '../../../invariants/ratio.ts';
import { evidenceOf, judged, samples } from '../judge/samples.ts';

const by = { by: ['channel'] };
type Values = Readonly<Record<string, bigint>>;

describe('differential', () => {
  const against = (here: Values | string, there: Values | string): Evidence => {
    const reading = (values: Values | string) => (typeof values === 'string' ? values : samples('bytes', values));
    return { ...evidenceOf({ app: reading(here) }), baseline: evidenceOf({ app: reading(there) }) };
  };
  const check = (better?: 'higher' | 'lower', tolerance = abs(0)) =>
    differential({ name: 'd', quantity: sum('app.bytes', by), tolerance, ...(better && { better }) });

  test.each<[bigint, bigint, string, string, string]>([
    [100n, 100n, 'pass', 'pass', 'pass'],
    [101n, 100n, 'fail', 'fail', 'pass'],
    [99n, 100n, 'fail', 'pass', 'fail'],
    [0n, 100n, 'fail', 'pass', 'fail'],
  ])('%i against %i', (here, there, same, lower, higher) => {
    const evidence = against({ tcp: here }, { tcp: there });
    expect([check(), check('lower'), check('higher')].map((each) => judged(each, evidence).state)).toEqual([
      same,
      lower,
      higher,
    ]);
  });

  test('the tolerance is how much worse it may be; what is better needs none', () => {
    const within = check('lower', rel(0.05));
    expect(judged(within, against({ tcp: 105n }, { tcp: 100n }))).toMatchObject({ state: 'pass', margin: 0 });
    expect(judged(within, against({ tcp: 106n, shm: 1n }, { tcp: 100n, shm: 90n }))).toMatchObject({
      state: 'fail',
      because: 'against the baseline: tcp is 106 bytes, above 100 bytes: +6 bytes (+6 %)',
      margin: -1,
      // What is better is not off.
      parts: [
        { part: 'tcp', observed: '106', expected: '100', off: '6' },
        { part: 'shm', observed: '1', expected: '90', off: '0' },
      ],
    });
    // A share of zero cannot be told, but what is lower is lower.
    expect(judged(within, against({ tcp: -1n }, { tcp: 0n })).state).toBe('pass');
    expect(judged(within, against({ tcp: 1n }, { tcp: 0n })).state).toBe('unknown');
  });

  test('no baseline, or none that could be read: unknown, and it says whose reading is missing', () => {
    const { baseline: _, ...alone } = against({ tcp: 1n }, { tcp: 1n });
    expect(judged(check(), alone).because).toBe('there was no build of the baseline to compare with');
    expect(judged(check(), against({ tcp: 1n }, 'it did not build'))).toMatchObject({
      state: 'unknown',
      because: 'the baseline: app: it did not build',
    });
    expect(judged(check(), against('it did not build', { tcp: 1n })).because).toBe('app: it did not build');
    expect(judged(check(), against({ tcp: 1n }, {})).because).toMatch(/^the baseline: .* has no sample$/);
  });

  test('a group that is new or gone', () => {
    expect(judged(check(), against({ tcp: 1n, shm: 2n }, { tcp: 1n })).because).toContain(
      'shm is 2 bytes, not 0 bytes',
    );
    const largest = differential({ name: 'd', quantity: max('app.bytes', by) });
    expect(judged(largest, against({ tcp: 1n }, { tcp: 1n, shm: 2n }))).toMatchObject({
      state: 'unknown',
      because: 'shm is missing in this build',
    });
  });

  test('hashes are the same or not; there is no better one', () => {
    const hashes = (value: bigint) => evidenceOf({ app: samples('bytes', { tcp: value }, 'hash') });
    const evidence = { ...hashes(1n), baseline: hashes(2n) };
    expect([check(), check('lower')].map((each) => judged(each, evidence).state)).toEqual(['fail', 'unknown']);
  });
});

describe('metamorphic', () => {
  const evidence = (once: bigint | number, twice: bigint | number, unit: 'bytes' | 'ms' = 'bytes') =>
    evidenceOf({ app: [...samples('once', once, unit), ...samples('twice', twice, unit)] });
  const check = (more: Partial<Parameters<typeof metamorphic>[0]>) =>
    metamorphic({ name: 'm', original: sum('app.once'), followUp: sum('app.twice'), ...more });

  test.each<[Partial<Parameters<typeof metamorphic>[0]>, bigint | number, bigint | number, string]>([
    [{}, 5n, 5n, 'pass'],
    [{}, 5n, 6n, 'fail'],
    [{ factor: 2 }, 2n ** 60n, 2n ** 61n, 'pass'],
    [{ factor: 2 }, 2n ** 60n, 2n ** 61n + 1n, 'fail'],
    [{ factor: 2, tolerance: rel(0.1) }, 100n, 220n, 'pass'],
    [{ factor: 0.5 }, 7n, 4n, 'fail'],
    [{ factor: 0.5, tolerance: abs(0.5) }, 7n, 4n, 'pass'],
    [{ relation: 'atLeast' }, 5n, 6n, 'pass'],
    [{ relation: 'atLeast' }, 5n, 4n, 'fail'],
    [{ relation: 'atMost', factor: 3 }, 5n, 15n, 'pass'],
    [{ relation: 'atMost', factor: 3 }, 5n, 16n, 'fail'],
    [{ factor: 1.5 }, 4, 6, 'pass'],
  ])('%o: %s then %s', (more, once, twice, state) => {
    const unit = typeof once === 'bigint' ? 'bytes' : 'ms';
    expect(judged(check(more), evidence(once, twice, unit)).state).toBe(state);
  });

  test('a failure says what it should have been, of what, and which way it is off', () => {
    expect(judged(check({ factor: 2 }), evidence(50n, 90n))).toMatchObject({
      because: 'against 2 times app.once: all is 90 bytes, not 100 bytes: -10 bytes (-10 %)',
      margin: -10,
      distance: 0.1,
      parts: [{ part: 'all', observed: '90', expected: '100', off: '-10' }],
    });
    expect(check({ factor: 2, relation: 'atMost' }).claim).toBe(
      'sum(app.twice) is at most 2 times sum(app.once), exactly',
    );
    expect(check({}).claim).toBe('sum(app.twice) is equal to sum(app.once), exactly');
  });
});

describe('ratio', () => {
  type More = Omit<Parameters<typeof ratio>[0], 'name' | 'numerator' | 'denominator'>;
  const check = (more: More) =>
    ratio({ name: 'r', numerator: sum('app.clicks', by), denominator: sum('app.shown', by), ...more });
  const page = (clicks: Values, shown: Values): Evidence =>
    evidenceOf({ app: [...samples('clicks', clicks, 'count'), ...samples('shown', shown, 'count')] });

  test.each<[More, bigint, bigint, string]>([
    [{ atLeast: 0.1, atMost: 0.2 }, 10n, 100n, 'pass'],
    [{ atLeast: 0.1 }, 9n, 100n, 'fail'],
    [{ atMost: 0.2 }, 21n, 100n, 'fail'],
    [{ near: 0.1 }, 10n, 100n, 'pass'],
    [{ near: 0.1, tolerance: rel(0.5) }, 14n, 100n, 'pass'],
    [{ near: 0.1, tolerance: rel(0.5) }, 16n, 100n, 'fail'],
    [{ near: 0, tolerance: rel(0.5) }, 1n, 100n, 'unknown'],
    [{ atMost: 2 }, 150n, 100n, 'pass'],
    [{ atMost: 2 }, 0n, 0n, 'vacuous'],
    [{ atMost: 2 }, 1n, 0n, 'unknown'],
    // 1 in 10 says little, 100 in 1,000 says more.
    [{ atLeast: 0.05, confidence: 0.95 }, 1n, 10n, 'unknown'],
    [{ atLeast: 0.05, confidence: 0.95 }, 100n, 1000n, 'pass'],
    [{ atLeast: 0.2, confidence: 0.95 }, 100n, 1000n, 'fail'],
    [{ atLeast: 0.2, confidence: 0.95 }, 11n, 10n, 'unknown'],
  ])('%o: %i of %i is %s', (more, clicks, shown, state) => {
    expect(judged(check(more), page({ a: clicks }, { a: shown })).state).toBe(state);
  });

  test('the group that is off is named, with how far', () => {
    const { because, margin, distance, parts } = judged(
      check({ atLeast: 0.1 }),
      page({ a: 5n, b: 20n }, { a: 100n, b: 100n }),
    );
    expect(because).toBe('a is 0.05; it must be at least 0.1');
    expect([margin, distance]).toEqual([-0.05, 0.5]);
    expect(parts).toEqual([{ part: 'a', observed: '0.05', expected: '0.1', off: '-0.05' }]);
  });

  test('one that is off fails, even where nothing was shown elsewhere', () => {
    expect(judged(check({ atLeast: 0.1 }), page({ a: 1n, b: 0n }, { a: 100n, b: 0n })).state).toBe('fail');
    expect(judged(check({ atLeast: 0.1 }), page({ a: 50n, b: 0n }, { a: 100n, b: 0n }))).toMatchObject({
      state: 'vacuous',
      because: 'b: sum(app.shown by channel) is 0',
    });
  });

  test('few attempts say so', () => {
    expect(judged(check({ atLeast: 0.05, confidence: 0.95 }), page({ a: 1n }, { a: 10n })).because).toBe(
      'a is 0.1 (0.005116 to 0.3942 by 10 attempts): too few to tell whether it is at least 0.05',
    );
  });

  test('near the ratio of the baseline', () => {
    const near = check({ near: 'baseline', tolerance: rel(0.1) });
    const here = page({ a: 54n }, { a: 1000n });
    const compared = (clicks: bigint) => ({ ...here, baseline: page({ a: clicks }, { a: 1000n }) });
    expect([50n, 45n].map((clicks) => judged(near, compared(clicks)).state)).toEqual(['pass', 'fail']);
    expect(judged(near, compared(0n)).state).toBe('unknown');
    expect(judged(near, here).because).toBe('there was no build of the baseline to compare with');
    expect(near.claim).toContain("is within 10 % the baseline's");
  });

  test.each<[string, More]>([
    ['no bound', {}],
    ['bounds and near', { atMost: 1, near: 0.5 }],
    ['bounds that exclude each other', { atLeast: 2, atMost: 1 }],
  ])('a definition error: %s', (_, more) => {
    expect(() => check(more)).toThrow(/^ratio: /);
  });
});
