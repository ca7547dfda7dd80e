import { describe, expect, test } from 'vitest';
import { max, sum } from '../../../gym/judge/quantity.ts';
import { rel } from '../../../gym/judge/tolerance.ts';
import type { Invariant } from '../../../gym/task/invariant.ts';
import type { Evidence, Unit } from '../../../gym/task/measurement.ts';
import { agree } from '../../../invariants/agree.ts';
import { bound } from '../../../invariants/bound.ts';
import { conservation } from '../../../invariants/conservation.ts';
import { evidenceOf, judged, samples } from '../judge/samples.ts';

type Values = Parameters<typeof samples>[1];

const by = { by: ['channel'] };
const conserved = conservation({ name: 'c', total: sum('known.total'), parts: sum('got.bytes', by) });
const conservedParts = conservation({
  name: 'c',
  total: sum('known.bytes'),
  parts: sum('got.bytes', by),
  expectedParts: sum('known.bytes', by),
});
const named = conservation({ name: 'n', total: sum('known.bytes', by), parts: { got: sum('got.bytes', by) } });
const agreed = agree({ name: 'a', observed: sum('got.bytes', by), witnesses: { known: sum('known.bytes', by) } });
const bounded = bound({ name: 'b', quantity: sum('got.bytes', by), atMost: 100, atLeast: 1 });

/** `known` gives the total and its parts, `got` what is claimed. */
const flow = (known: Values, got: Values, knownUnit: Unit = 'bytes', gotUnit: Unit = 'bytes'): Evidence => {
  const total = typeof known === 'object' ? Object.values(known).reduce((a, b) => (a < 0 ? b : b), 0n) : known;
  const whole = typeof known === 'object' ? sumOf(Object.values(known)) : total;
  return evidenceOf({
    known: [...samples('total', whole, knownUnit), ...samples('bytes', known, knownUnit)],
    got: samples('bytes', got, gotUnit),
  });
};
const sumOf = (values: (bigint | number)[]): bigint | number =>
  values.every((value) => typeof value === 'bigint')
    ? values.reduce((a, b) => a + b, 0n)
    : values.reduce<number>((a, b) => a + Number(b), 0);

describe('what cannot be judged is never a pass', () => {
  const kinds: [string, Invariant][] = [
    ['conservation', conserved],
    ['conservation with expected parts', conservedParts],
    ['conservation with named parts', named],
    ['agree', agreed],
    ['bound', bounded],
  ];
  const good = flow({ tcp: 5n }, { tcp: 5n });
  const broken: [string, Evidence, string, RegExp][] = [
    ['no sample', flow({ tcp: 5n }, {}), 'vacuous', /has no sample/],
    [
      'a missing source',
      evidenceOf({ known: samples('total', 5n) }),
      'unknown',
      /nothing was read from (got|known)|no sample/,
    ],
    [
      'a source with a problem',
      evidenceOf({ known: 'the disk is full', got: 'the disk is full' }),
      'unknown',
      /the disk is full/,
    ],
    ['NaN', flow({ tcp: 5 }, { tcp: Number.NaN }, 'ms', 'ms'), 'unknown', /NaN/],
    ['Infinity', flow({ tcp: 5 }, { tcp: Number.POSITIVE_INFINITY }, 'ms', 'ms'), 'unknown', /Infinity/],
    ['a sum that overflows', overflowing(), 'unknown', /Infinity/],
    ['a sample without the label of its group', unlabelled(), 'unknown', /channel/],
    ['units mixed within a metric', mixed(), 'unknown', /mixes units/],
  ];
  for (const [kind, invariant] of kinds) {
    test(`${kind}: good evidence passes`, () => expect(judged(invariant, good).state).toBe('pass'));
    test.each(broken)(`${kind}: %s`, (_, evidence, state, because) => {
      const judgement = judged(invariant, evidence);
      // Where the total is what is missing, a kind may say that instead.
      expect([state, 'unknown', 'vacuous'].slice(0, state === 'unknown' ? 3 : 1)).toContain(judgement.state);
      expect(judgement.because).toMatch(because);
    });
  }

  function overflowing(): Evidence {
    const two = [...samples('bytes', { tcp: 1.7e308 }, 'ms'), ...samples('bytes', { tcp: 1.7e308 }, 'ms')];
    return evidenceOf({ known: [...samples('total', 1, 'ms'), ...two], got: two });
  }
  function unlabelled(): Evidence {
    return evidenceOf({
      known: [...samples('total', 5n), ...samples('bytes', { tcp: 5n })],
      got: samples('bytes', 5n),
    });
  }
  function mixed(): Evidence {
    const two = [...samples('bytes', { tcp: 5n }), ...samples('bytes', { tcp: 5n }, 'count')];
    return evidenceOf({ known: [...samples('total', 10n), ...samples('bytes', { tcp: 10n })], got: two });
  }
});

describe.each([
  ['conservation', conserved],
  ['conservation with expected parts', conservedParts],
  ['conservation with named parts', named],
  ['agree', agreed],
] as const)('%s', (_, invariant) => {
  test('units of the two sides differ', () => {
    const judgement = judged(invariant, flow({ tcp: 5n }, { tcp: 5n }, 'bytes', 'count'));
    expect(judgement).toMatchObject({ state: 'unknown', because: expect.stringMatching(/count.*bytes|bytes.*count/) });
  });
  test.each<[string, Values, Values, string]>([
    ['exact beyond 2^53', { tcp: 2n ** 60n }, { tcp: 2n ** 60n }, 'pass'],
    ['one off beyond 2^53', { tcp: 2n ** 60n }, { tcp: 2n ** 60n + 1n }, 'fail'],
    ['negative values that agree', { tcp: -7n, shm: 3n }, { tcp: -7n, shm: 3n }, 'pass'],
    ['a sign turned', { tcp: 7n }, { tcp: -7n }, 'fail'],
    ['a group too many', { tcp: 7n }, { tcp: 7n, shm: 1n }, 'fail'],
    ['a group missing', { tcp: 7n, shm: 1n }, { tcp: 7n }, 'fail'],
    ['something out of nothing', { tcp: 0n }, { tcp: 7n }, 'fail'],
    ['only the smallest float off', { tcp: 0.1 }, { tcp: 0.1 + Number.EPSILON / 8 }, 'fail'],
    ['huge floats of opposite sign', { tcp: 1.7e308 }, { tcp: -1.7e308 }, 'fail'],
  ])('%s', (__, known, got, state) => {
    const unit = Object.values(known).every((value) => typeof value === 'bigint') ? 'bytes' : 'ms';
    expect(judged(invariant, flow(known, got, unit, unit)).state).toBe(state);
  });
  test('a failure names the part, the amount and the direction', () => {
    const more = judged(invariant, flow({ tcp: 1000n }, { tcp: 1060n }));
    expect(more.because).toMatch(/\+60 bytes \(\+6 %\)/);
    expect(more.distance).toBeCloseTo(0.06, 10);
    expect(more.margin).toBe(-60);
    expect(judged(invariant, flow({ tcp: 1000n }, { tcp: 940n })).because).toMatch(/-60 bytes \(-6 %\)/);
  });
  test('parts keep every digit', () => {
    const { parts } = judged(invariant, flow({ tcp: 2n ** 60n }, { tcp: 2n ** 60n + 1n }));
    expect(parts).toContainEqual(
      expect.objectContaining({ observed: String(2n ** 60n + 1n), expected: String(2n ** 60n), off: '1' }),
    );
  });
});

describe('groups that one side lacks', () => {
  test('the largest of nothing is unknown, the sum of nothing is zero', () => {
    const evidence = flow({ tcp: 7n, shm: 1n }, { tcp: 7n });
    const largest = agree({ name: 'a', observed: max('got.bytes', by), witnesses: { known: max('known.bytes', by) } });
    expect(judged(largest, evidence)).toMatchObject({ state: 'unknown', because: 'shm is missing in got.bytes' });
    expect(judged(agreed, evidence).because).toBe('against known: shm is 0 bytes, not 1 bytes: -1 bytes (-100 %)');
  });
  test('labels with spaces do not run into each other', () => {
    const sample = (source: string, from: string, to: string, value: bigint) => ({
      metric: source,
      labels: { from, to },
      value,
      unit: 'bytes' as const,
    });
    const pair = { by: ['from', 'to'] };
    const invariant = agree({
      name: 'a',
      observed: sum('got.bytes', pair),
      witnesses: { known: sum('known.bytes', pair) },
    });
    const evidence = evidenceOf({
      got: [sample('bytes', 'a b', 'c', 5n), sample('bytes', 'a', 'b c', 1n)],
      known: [sample('bytes', 'a b', 'c', 1n), sample('bytes', 'a', 'b c', 5n)],
    });
    expect(judged(invariant, evidence).state).toBe('fail');
  });
});

test('a zero reference of a share is unknown, but does not hide a failure elsewhere', () => {
  const share = agree({
    name: 'a',
    observed: sum('got.bytes', by),
    witnesses: { known: sum('known.bytes', by) },
    tolerance: rel(0.01),
  });
  expect(judged(share, flow({ tcp: 0n }, { tcp: 1n }))).toMatchObject({
    state: 'unknown',
    because: expect.stringMatching(/^tcp: a share of zero/),
  });
  const hidden = judged(share, flow({ tcp: 0n, shm: 100n }, { tcp: 0n, shm: 200n }));
  expect(hidden).toMatchObject({ state: 'fail', because: expect.stringContaining('shm is 200 bytes') });
});
