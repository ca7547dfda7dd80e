import { expect, test } from 'vitest';
import { difference } from '../../../gym/evidence/difference.ts';
import type { Sample } from '../../../gym/task/measurement.ts';

const sample = (metric: string, value: bigint, labels: Sample['labels'] = {}): Sample => ({
  metric,
  labels,
  value,
  unit: 'count',
});
const isCounter = ({ metric }: Sample): boolean => metric === 'hits';

test('counters are what they grew by, whatever the order of their labels; one that is new began at zero; others stay', () => {
  const before = [sample('hits', 5n, { a: '1', b: '2' }), sample('users', 9n)];
  const after = [sample('hits', 8n, { b: '2', a: '1' }), sample('hits', 2n, { a: '3' }), sample('users', 7n)];
  expect(difference(before, after, isCounter)).toMatchObject({
    ok: true,
    value: [{ value: 3n }, { value: 2n }, { metric: 'users', value: 7n }],
  });
});

test.each([
  ['that ran backwards', [sample('hits', 4n)], /the counter hits ran backwards, from 5 to 4/],
  ['that is gone', [], /the counter hits is gone/],
])('a counter %s lost what it had counted', (_, after, message) => {
  const result = difference([sample('hits', 5n)], after, isCounter);
  expect(result.ok ? '' : result.problems[0].message).toMatch(message);
});
