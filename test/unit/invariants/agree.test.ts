import { describe, expect, test } from 'vitest';
import { sum } from '../../../gym/judge/quantity.ts';
import { abs, rel } from '../../../gym/judge/tolerance.ts';
import { agree } from '../../../invariants/agree.ts';
import { evidenceOf, judged, samples } from '../judge/samples.ts';

const by = { by: ['channel'] };

describe('several witnesses', () => {
  const invariant = agree({
    name: 'a',
    observed: sum('got.bytes', by),
    witnesses: { kernel: sum('kernel.bytes', by), files: sum('files.bytes', by) },
  });
  const got = samples('bytes', { tcp: 5n });
  test('both agree', () => {
    const { state, parts } = judged(invariant, evidenceOf({ got, kernel: got, files: got }));
    expect([state, ...parts.map(({ part }) => part)]).toEqual(['pass', 'tcp (kernel)', 'tcp (files)']);
  });
  test('one disagrees, the failure says which', () => {
    const files = samples('bytes', { tcp: 4n });
    expect(judged(invariant, evidenceOf({ got, kernel: got, files })).because).toBe(
      'against kernel, files: tcp (files) is 5 bytes, not 4 bytes: +1 bytes (+25 %)',
    );
  });
  test.each([
    ['fail', samples('bytes', { tcp: 4n })],
    ['unknown', got],
  ])('one is missing, with the other: %s', (state, kernel) => {
    const judgement = judged(invariant, evidenceOf({ got, kernel, files: 'the volume is gone' }));
    expect(judgement.state).toBe(state);
    if (state === 'unknown') expect(judgement.because).toBe('files: the volume is gone');
  });
});

describe('hashes', () => {
  const hashes = (values: Record<string, bigint>) => samples('bytes', values, 'hash');
  test.each([abs(10), rel(0.5)])('are equal or not, whatever the tolerance: %o', (tolerance) => {
    const invariant = agree({
      name: 'a',
      observed: sum('got.bytes', by),
      witnesses: { known: sum('known.bytes', by) },
      tolerance,
    });
    const evidence = evidenceOf({ got: hashes({ a: 0xffffn, b: 7n }), known: hashes({ a: 0xfffen, b: 7n }) });
    expect(judged(invariant, evidence)).toMatchObject({
      state: 'fail',
      distance: 0.5,
      because: 'against known: a is 0xffff, not 0xfffe: different',
    });
  });
  test('a hash wider than any float', () => {
    const invariant = agree({
      name: 'a',
      observed: sum('got.bytes', by),
      witnesses: { known: sum('known.bytes', by) },
    });
    const wide = hashes({ a: 2n ** 2048n });
    expect(judged(invariant, evidenceOf({ got: wide, known: wide })).state).toBe('pass');
    expect(judged(invariant, evidenceOf({ got: wide, known: hashes({ a: 1n }) })).state).toBe('fail');
  });
});

test('the claim says the tolerance as its author wrote it', () => {
  const claim = (share: number) =>
    agree({ name: 'a', observed: sum('got.b'), witnesses: { k: sum('k.b') }, tolerance: rel(share) }).claim;
  expect(claim(0.07)).toBe('sum(got.b) agrees within 7 % with sum(k.b)');
});

test('a definition error: no witness', () => {
  expect(() => agree({ name: 'a', observed: sum('got.b'), witnesses: {} })).toThrow(/name at least one witness/);
});
