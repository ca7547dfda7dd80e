import { expect, test } from 'vitest';
import { z } from 'zod';
import { schema } from '../../../invariants/schema.ts';
import { documentsOf, evidenceOf, judged, samples } from '../judge/samples.ts';

const order = z.object({ id: z.string(), lines: z.array(z.object({ amount: z.number().positive() })) });
const check = schema({ name: 's', source: 'orders', fits: order });
const good = { id: 'a', lines: [{ amount: 1 }] };

test('each document that does not fit is named with its file and line, the path, and what was expected', () => {
  const values = [good, { id: 5, lines: [] }, good, { id: 'b', lines: [{ amount: 1 }, { amount: -1 }] }];
  expect(judged(check, evidenceOf({ orders: documentsOf('orders', values) }))).toMatchObject({
    state: 'fail',
    because:
      '2 of 4 documents do not fit: orders.ndjson:2: id: Invalid input: expected string, received number, ' +
      'orders.ndjson:4: lines.1.amount: Too small: expected number to be >0',
    margin: -2,
    distance: 0.5,
    evidence: [
      { what: 'document of orders', place: { file: 'orders.ndjson', line: 2 } },
      { what: 'document of orders', place: { file: 'orders.ndjson', line: 4 } },
    ],
  });
});

test.each([
  ['all fit', documentsOf('orders', [good, good]), 'pass'],
  ['null', documentsOf('orders', [null]), 'fail'],
  ['no document', documentsOf('orders', []), 'vacuous'],
  ['samples only', samples('amount', 5n), 'unknown'],
  ['a problem', 'the disk is full', 'unknown'],
])('%s', (_, orders, state) => {
  expect(judged(check, evidenceOf({ orders })).state).toBe(state);
});

test('an expression of a thousand fields that do not fit stays short', () => {
  const wide = z.object(Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`field-${index}`, z.string()])));
  const invariant = schema({ name: 's', source: 'orders', fits: wide });
  expect(judged(invariant, evidenceOf({ orders: documentsOf('orders', [{}]) })).because.length).toBeLessThan(400);
});

test('a definition error: what is no schema', () => {
  expect(() => schema({ name: 's', source: 'orders', fits: JSON.parse('{}') })).toThrow(/a zod schema/);
});
