import { describe, expect, test } from 'vitest';
import { sum } from '../../../gym/judge/quantity.ts';
import type { Evidence } from '../../../gym/task/measurement.ts';
import { bound } from '../../../invariants/bound.ts';
import { all, any, atLeast, when } from '../../../invariants/combine.ts';
import { evidenceOf, judged, samples } from '../judge/samples.ts';

const atMost = (name: string, limit: number) => bound({ name, quantity: sum(`${name}.bytes`), atMost: limit });
const of = [atMost('a', 10), atMost('b', 10), atMost('c', 10)];
const with_ = (a: bigint | string, b: bigint | string, c: bigint | string): Evidence =>
  evidenceOf({
    a: typeof a === 'string' ? a : samples('bytes', a),
    b: typeof b === 'string' ? b : samples('bytes', b),
    c: typeof c === 'string' ? c : samples('bytes', c),
  });

describe('of all the worst decides, of any the best, of at least two the second best', () => {
  test.each([
    [with_(1n, 2n, 3n), 'pass', 'pass', 'pass'],
    [with_(1n, 2n, 30n), 'fail', 'pass', 'pass'],
    [with_(1n, 20n, 30n), 'fail', 'fail', 'pass'],
    [with_(15n, 20n, 30n), 'fail', 'fail', 'fail'],
    [with_(1n, 'gone', 30n), 'fail', 'unknown', 'pass'],
    [with_('gone', 'gone', 1n), 'unknown', 'unknown', 'pass'],
    [with_('gone', 20n, 30n), 'fail', 'fail', 'unknown'],
  ])('%#', (evidence, ofAll, ofTwo, ofAny) => {
    expect(judged(all({ name: 'x', of }), evidence).state).toBe(ofAll);
    expect(judged(atLeast({ name: 'x', of, count: 2 }), evidence).state).toBe(ofTwo);
    expect(judged(any({ name: 'x', of }), evidence).state).toBe(ofAny);
  });

  test('how far it is off is how far that one is off', () => {
    const evidence = with_(15n, 20n, 30n);
    expect(judged(all({ name: 'x', of }), evidence)).toMatchObject({ distance: 2, margin: -20 });
    expect(judged(any({ name: 'x', of }), evidence)).toMatchObject({ distance: 0.5, margin: -5 });
    expect(judged(all({ name: 'x', of }), evidence).because).toMatch(/^0 of 3 hold; a: all is 15 bytes/);
  });

  test('nothing to combine is vacuous', () => {
    for (const kind of [all, any]) expect(judged(kind({ name: 'x', of: [] }), evidenceOf({})).state).toBe('vacuous');
    expect(() => atLeast({ name: 'x', of, count: 4 })).toThrow('count is more than there are');
  });
});

test('a condition that does not hold judges nothing, and one that cannot be told leaves it open', () => {
  const conditional = when({ name: 'x', condition: atMost('a', 10), holds: atMost('b', 10) });
  expect(judged(conditional, with_(1n, 1n, 0n)).state).toBe('pass');
  expect(judged(conditional, with_(1n, 11n, 0n)).state).toBe('fail');
  expect(judged(conditional, with_(11n, 11n, 0n))).toMatchObject({
    state: 'vacuous',
    because: expect.stringContaining('a did not hold'),
  });
  expect(judged(conditional, with_('gone', 11n, 0n)).state).toBe('unknown');
  expect(conditional.sources).toEqual(['a', 'b']);
});
