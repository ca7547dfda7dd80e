import { describe, expect, test } from 'vitest';
import { sum } from '../../../gym/judge/quantity.ts';
import { abs, exact, rel, type Tolerance } from '../../../gym/judge/tolerance.ts';
import { conservation } from '../../../invariants/conservation.ts';
import { evidenceOf, judged, samples } from '../judge/samples.ts';

const by = { by: ['channel'] };
const plain = (tolerance: Tolerance = exact()) =>
  conservation({ name: 'c', total: sum('known.bytes'), parts: sum('got.bytes', by), tolerance });
const withParts = (tolerance: Tolerance = exact()) =>
  conservation({
    name: 'c',
    total: sum('known.bytes'),
    parts: sum('got.bytes', by),
    expectedParts: sum('known.bytes', by),
    tolerance,
  });
const flow = (known: Record<string, bigint>, got: Record<string, bigint>) =>
  evidenceOf({ known: samples('bytes', known), got: samples('bytes', got) });

describe('what the sum alone cannot see', () => {
  const swap = flow({ local: 10n, shm: 20n, tcp: 70n }, { local: 10n, shm: 70n, tcp: 20n });
  const cancel = flow({ local: 10n, shm: 20n, tcp: 70n }, { local: 11n, shm: 20n, tcp: 69n });

  test('a swap fails and names both parts; the one that holds is not named', () => {
    const { state, because, distance, parts } = judged(withParts(), swap);
    expect({ state, distance }).toEqual({ state: 'fail', distance: 1 });
    expect(because).toContain('shm is 70 bytes, not 20 bytes: +50 bytes (+250 %)');
    expect(because).toContain('tcp is 20 bytes, not 70 bytes: -50 bytes (-71.4 %)');
    expect(because).not.toContain('local is');
    expect(parts.map(({ part, off }) => [part, off])).toEqual([
      ['local', '0'],
      ['shm', '50'],
      ['tcp', '-50'],
      ['sum', '0'],
    ]);
  });
  test('two errors that cancel fail and count twice', () => {
    expect(judged(withParts(), cancel)).toMatchObject({ state: 'fail', distance: 0.02, margin: -1 });
  });
  test('without the expected parts neither can be seen', () => {
    expect([judged(plain(), swap).state, judged(plain(), cancel).state]).toEqual(['pass', 'pass']);
  });
  test('parts that each hold, but whose sum does not', () => {
    const { state, because } = judged(withParts(abs(2)), flow({ a: 10n, b: 10n }, { a: 12n, b: 12n }));
    expect({ state, because }).toEqual({
      state: 'fail',
      because: 'the parts come to 24 bytes, not 20 bytes: +4 bytes (+20 %) (a 12, b 12)',
    });
  });
});

describe('the border of the tolerance', () => {
  const known = 1_000_000n;
  test.each<[string, Tolerance, bigint, string, number]>([
    ['exact, at', exact(), 0n, 'pass', 0],
    ['exact, beyond', exact(), 1n, 'fail', -1],
    ['abs, inside', abs(10), 9n, 'pass', 1],
    ['abs, at', abs(10), 10n, 'pass', 0],
    ['abs, at, below', abs(10), -10n, 'pass', 0],
    ['abs, beyond', abs(10), 11n, 'fail', -1],
    ['abs of a bigint, beyond', abs(10n), -11n, 'fail', -1],
    ['rel, inside', rel(0.01), 9_999n, 'pass', 1],
    ['rel, at', rel(0.01), 10_000n, 'pass', 0],
    ['rel, beyond', rel(0.01), 10_001n, 'fail', -1],
    ['rel 0.29, at (0.29 * 100 is 28.999… in floats)', rel(0.29), 290_000n, 'pass', 0],
    ['rel 0.000007, at', rel(0.000007), 7n, 'pass', 0],
    ['rel 1e-7, nothing is allowed', rel(1e-7), 1n, 'fail', -1],
    ['half the tolerance', rel(0.02), 10_000n, 'pass', 10_000],
    ['twice the tolerance', rel(0.02), 40_000n, 'fail', -20_000],
  ])('%s', (_, tolerance, off, state, margin) => {
    for (const invariant of [plain(tolerance), withParts(tolerance)]) {
      const judgement = judged(invariant, flow({ tcp: known }, { tcp: known + off }));
      expect(judgement).toMatchObject({ state, margin });
    }
  });
  test.each([29n, 57n, 58n, 100n])('rel(0.29) of %i hundreds is exact', (hundreds) => {
    const total = hundreds * 100n;
    const at = flow({ tcp: total }, { tcp: total + hundreds * 29n });
    const beyond = flow({ tcp: total }, { tcp: total + hundreds * 29n + 1n });
    expect([judged(plain(rel(0.29)), at).state, judged(plain(rel(0.29)), beyond).state]).toEqual(['pass', 'fail']);
  });
  test('a margin beyond 2^53 is still negative when it fails', () => {
    const size = 2n ** 60n;
    const judgement = judged(plain(abs(size)), flow({ tcp: 5n }, { tcp: 5n + size + 1n }));
    expect(judgement).toMatchObject({ state: 'fail', margin: -1 });
  });
});

describe('totals', () => {
  test('nothing went in and nothing came out: vacuous', () => {
    expect(judged(plain(), flow({ a: 0n, b: 0n }, { a: 0n }))).toMatchObject({
      state: 'vacuous',
      because: 'sum(known.bytes) is 0',
    });
  });
  test('nothing went in and something came out: a failure with the amount', () => {
    expect(judged(plain(), flow({ a: 0n }, { a: 7n }))).toMatchObject({ state: 'fail', margin: -7 });
  });
  test('many parts do not push out what is wrong', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`part-${index}`, 10n]));
    const { because } = judged(withParts(), flow(many, { ...many, 'part-400': 11n }));
    expect(because.length).toBeLessThan(400);
    expect(because).toContain('part-400 is 11 bytes, not 10 bytes');
  });
});

test('a sum that is off fails even where the expected parts could not be read', () => {
  const invariant = conservation({
    name: 'c',
    total: sum('known.bytes'),
    parts: sum('got.bytes', by),
    expectedParts: sum('other.bytes', by),
  });
  const evidence = (got: bigint) =>
    evidenceOf({ known: samples('bytes', { a: 5n }), got: samples('bytes', { a: got }), other: 'the disk is full' });
  expect([5n, 6n].map((got) => judged(invariant, evidence(got)).state)).toEqual(['unknown', 'fail']);
});

describe('named parts', () => {
  const invariant = conservation({
    name: 'wire',
    total: sum('w.wire', by),
    parts: { payload: sum('w.payload', by), framing: sum('w.framing', by) },
  });
  const evidence = (payload: Record<string, bigint>) =>
    evidenceOf({
      w: [
        ...samples('wire', { tcp: 110n, shm: 55n }),
        ...samples('payload', payload),
        ...samples('framing', { tcp: 10n, shm: 5n }),
      ],
    });
  test('add up group by group', () => {
    expect(judged(invariant, evidence({ tcp: 100n, shm: 50n })).state).toBe('pass');
    // In all it would fit.
    const crossed = judged(invariant, evidence({ tcp: 99n, shm: 51n }));
    expect(crossed.because).toBe(
      'payload + framing against the total: tcp is 109 bytes, not 110 bytes: -1 bytes (-0.909 %), shm is 56 bytes, not 55 bytes: +1 bytes (+1.82 %)',
    );
  });
  test('a group that the total lacks came from nowhere', () => {
    expect(judged(invariant, evidence({ tcp: 100n, shm: 50n, local: 1n }))).toMatchObject({
      state: 'fail',
      because: expect.stringContaining('local is 1 bytes, not 0 bytes'),
    });
  });
});

test.each<[string, object]>([
  ['a tolerance below 0', { tolerance: abs(-1) }],
  ['a tolerance that is no number', { tolerance: rel(Number.NaN) }],
  ['no parts', { parts: {} }],
  ['expected parts that nobody would look at', { parts: { a: sum('got.bytes') }, expectedParts: sum('known.bytes') }],
  ['a metric without its source', { total: sum('bytes') }],
])('a definition error: %s', (_, changed) => {
  const spec = { name: 'c', total: sum('known.bytes'), parts: sum('got.bytes', by) };
  expect(() => conservation({ ...spec, ...changed })).toThrow(/^conservation: /);
});
