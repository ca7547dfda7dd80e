import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type Alternative, rankSumChances, signedRankP, signedRanks } from '../../../gym/statistics/signed-rank.ts';
import { corn, depression } from './samples.ts';

describe('published p values', () => {
  it.each([
    ['two-sided', 'exact', 0.041259765625],
    ['greater', 'exact', 0.0206298828125],
    ['two-sided', 'normal', 0.04088813291185591],
  ] as const)('of the corn (documentation of scipy): %s, %s', (alternative, method, p) => {
    expect(signedRankP(corn, alternative, method)).toBeCloseTo(p, 14);
  });

  test('the corn has rank sums of 96 and 24', () => {
    expect(signedRanks(corn)).toMatchObject({ plus: 96, minus: 24 });
  });

  test('of the depression scores (Hollander and Wolfe)', () => {
    expect(signedRanks(depression).plus).toBe(40);
    expect(signedRankP(depression, 'greater')).toBe(0.01953125);
  });

  it.each([
    ['normal', 0.001565402258002551],
    ['normal-corrected', 0.00190419504300439],
  ] as const)('of ten equal differences: %s', (method, p) => {
    expect(signedRankP(Array(10).fill(0.1), 'two-sided', method)).toBeCloseTo(p, 15);
  });

  // By scipy 1.17 (wilcoxon) of these forty numbers.
  const forty = [
    0.546, 1.022, 0.53, -1.103, 1.105, 0.646, -0.337, 0.781, 0.565, 0.494, 0.228, 0.747, -0.536, 0.037, -0.282, 0.799,
    0.24, -0.092, -0.582, -0.057, 0.208, -0.076, 1.494, 1.207, -2.511, -1.689, 0.025, -0.222, 0.414, 0.417, 2.318,
    -0.912, -0.178, 2.243, 0.847, 0.863, -0.314, -1.448, 0.367, 0.309,
  ];
  it.each([
    ['two-sided', 0.08415465162215696, 0.08293097388578548, 0.08413054724226102],
    ['greater', 0.04207732581107848, 0.04146548694289274, 0.04206527362113051],
    ['less', 0.9591430843847775, 0.9585345130571072, 0.9591273509436182],
  ] as const)('of forty differences: %s', (alternative, exact, normal, corrected) => {
    expect(signedRankP(forty, alternative, 'exact')).toBeCloseTo(exact, 13);
    expect(signedRankP(forty, alternative, 'normal')).toBeCloseTo(normal, 13);
    expect(signedRankP(forty, alternative, 'normal-corrected')).toBeCloseTo(corrected, 13);
  });
});

describe('what has no difference', () => {
  it.each(['two-sided', 'greater', 'less'] as const)('has a p of 1: %s', (alternative) => {
    for (const method of ['exact', 'normal', 'normal-corrected'] as const) {
      expect(signedRankP([0, 0, 0], alternative, method)).toBe(1);
      expect(signedRankP([], alternative, method)).toBe(1);
    }
  });
});

/** p by trying every combination of signs. */
function enumerated(differences: readonly number[], alternative: Alternative): number {
  const { ranks, plus } = signedRanks(differences);
  let [atMost, atLeast] = [0, 0];
  for (let signs = 0; signs < 2 ** ranks.length; signs += 1) {
    const sum = ranks.reduce((total, rank, index) => total + ((signs >> index) & 1 ? rank : 0), 0);
    atMost += sum <= plus ? 1 : 0;
    atLeast += sum >= plus ? 1 : 0;
  }
  const [less, greater] = [atMost / 2 ** ranks.length, atLeast / 2 ** ranks.length];
  return { less, greater, 'two-sided': Math.min(1, 2 * Math.min(less, greater)) }[alternative];
}

/** Few values, so that ties and zeros are common. */
const tied = fc.array(fc.integer({ min: -4, max: 4 }), { maxLength: 10 });
const alternatives = fc.constantFrom<Alternative>('two-sided', 'greater', 'less');

test('exact p is what all combinations of signs give, with ties and zeros', () => {
  fc.assert(
    fc.property(tied, alternatives, (differences, alternative) => {
      expect(signedRankP(differences, alternative, 'exact')).toBe(enumerated(differences, alternative));
    }),
  );
});

test('p does not change with the order or the unit, and turns round with the sign', () => {
  fc.assert(
    fc.property(tied, fc.integer({ min: 1, max: 1000 }), (differences, unit) => {
      const p = signedRankP(differences, 'greater');
      expect(signedRankP(differences.toReversed(), 'greater')).toBe(p);
      expect(
        signedRankP(
          differences.map((value) => value * unit),
          'greater',
        ),
      ).toBe(p);
      expect(
        signedRankP(
          differences.map((value) => -value),
          'less',
        ),
      ).toBe(p);
    }),
  );
});

test('p of "greater" does not rise when a difference does', () => {
  const distinct = fc.uniqueArray(fc.integer({ min: -60, max: 60 }), {
    minLength: 1,
    maxLength: 12,
    selector: Math.abs,
  });
  fc.assert(
    fc.property(distinct, fc.nat(), (differences, which) => {
      const raised = differences.map((value, index) => (index === which % differences.length ? value + 200 : value));
      expect(signedRankP(raised, 'greater')).toBeLessThanOrEqual(signedRankP(differences, 'greater'));
    }),
  );
});

test('the chances of 50 ranks are symmetric and add up to 1', () => {
  const chances = rankSumChances(Array.from({ length: 50 }, (_, index) => index + 1));
  expect(chances.reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(1, 14);
  expect(chances.toReversed()).toEqual(chances);
});
