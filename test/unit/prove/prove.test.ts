import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { count, sum } from '../../../gym/judge/quantity.ts';
import { abs } from '../../../gym/judge/tolerance.ts';
import { smallestDoses } from '../../../gym/prove/dose.ts';
import { hintFor, type Matrix, proofsOf, survivors, unprovenGates } from '../../../gym/prove/matrix.ts';
import { cheapestCover } from '../../../gym/prove/patches.ts';
import { tamperAll, trustBoundary } from '../../../gym/prove/tamperings.ts';
import type { Evidence } from '../../../gym/task/measurement.ts';
import { agree } from '../../../invariants/agree.ts';
import { bound } from '../../../invariants/bound.ts';
import { conservation } from '../../../invariants/conservation.ts';
import { evidenceOf, samples } from '../judge/samples.ts';

const by = { by: ['channel'] };
const evidence: Evidence = {
  ...evidenceOf({
    got: samples('bytes', { tcp: 500n, shm: 700n }),
    known: [...samples('bytes', { tcp: 500n, shm: 700n }), ...samples('total', 1200n)],
  }),
  nonce: 'n',
};
const agreed = agree({
  name: 'agreed',
  observed: sum('got.bytes', by),
  witnesses: { known: sum('known.bytes', by) },
  tolerance: abs(10),
});
const summed = conservation({ name: 'summed', total: sum('known.total'), parts: sum('got.bytes', by) });
/** Planted: it cannot fail on anything that is measured. */
const always = bound({ name: 'always', quantity: count('got.bytes'), atLeast: 0 });

const matrixOf = (...invariants: Parameters<typeof tamperAll>[0]): Matrix => ({
  checks: invariants.map(({ name, kind, severity }) => ({ name, kind, severity, state: 'pass' as const })),
  ...tamperAll(invariants, evidence, tmpdir()),
});

describe('tampering with a recorded run', () => {
  test('proves what compares, and not what is always true', () => {
    const matrix = matrixOf(agreed, summed, always);
    expect(unprovenGates(matrix)).toEqual(['always']);
    expect(proofsOf(matrix, 'agreed')).toContain('swap got.bytes by channel');
    const planted = matrix.checks.find(({ name }) => name === 'always');
    expect(planted && hintFor(matrix, planted)).toMatch(/^it held although scale got\.bytes.*: compare with a witness/);
  });

  test('a sum does not see a swap, and what cannot be judged proves nothing', () => {
    const { cells } = matrixOf(summed);
    const outcome = (fault: string) => cells.find((cell) => cell.fault === fault)?.outcome;
    expect(outcome('swap got.bytes by channel')).toBe('survived');
    expect(outcome('nan got.bytes by channel')).toBe('unknown');
    expect(outcome('swap known.total')).toBe('not-activated');
  });

  test('what a check does not look at is not its cell', () => {
    expect(
      matrixOf(summed, agreed).cells.filter(({ check, fault }) => check === 'summed' && fault.includes('known.bytes')),
    ).toEqual([]);
  });
});

test('the smallest dose is one beyond the tolerance, and half of the tolerance passes', () => {
  expect(smallestDoses(agreed, evidence)).toEqual([
    { looked: 'got.bytes by channel', unit: 'bytes', up: 11, down: 11 },
    { looked: 'known.bytes by channel', unit: 'bytes', up: 11, down: 11 },
  ]);
  expect(smallestDoses(always, evidence)).toEqual([{ looked: 'got.bytes', unit: 'bytes', up: null, down: null }]);
});

test('the trust boundary names the sources that have to be off together', () => {
  expect(trustBoundary(agreed, evidence)).toEqual(['got', 'known']);
  expect(trustBoundary(bound({ name: 'b', quantity: sum('got.bytes'), atMost: 1300 }), evidence)).toBeUndefined();
});

test('the fewest faults that may prove the rest come first, those that promise nothing last and only if need be', () => {
  const fault = (name: string, ...caughtBy: string[]) => ({ name, tier: 'patch' as const, what: '', caughtBy });
  const faults = [fault('one', 'a'), fault('silent'), fault('two', 'a', 'b'), fault('other', 'c')];
  expect(cheapestCover(faults, ['a', 'b']).map(({ name }) => name)).toEqual(['two']);
  expect(cheapestCover(faults, ['a', 'b', 'd']).map(({ name }) => name)).toEqual(['two', 'silent']);
  expect(cheapestCover(faults, [])).toEqual([]);
});

test('a fault that took effect and that nothing noticed is a survivor', () => {
  const faults = ['seen', 'slipped', 'dead', 'accepted'].map((name) => ({
    name,
    tier: 'patch' as const,
    what: '',
    caughtBy: [],
  }));
  const cell = (fault: string, outcome: Matrix['cells'][number]['outcome']) => ({
    check: 'c',
    fault,
    outcome,
    because: '',
  });
  const cells = [
    cell('seen', 'killed'),
    cell('slipped', 'survived'),
    cell('dead', 'not-activated'),
    cell('accepted', 'ignored'),
  ];
  expect(survivors({ checks: [], faults, cells }).map(({ name }) => name)).toEqual(['slipped']);
});
