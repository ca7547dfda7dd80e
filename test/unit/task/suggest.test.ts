import { expect, test } from 'vitest';
import { nearOrKnown, suggest } from '../../../gym/task/suggest.ts';

test.each([
  ['imgae', ['image', 'imports'], 'image'],
  ['josn', ['json', 'fault'], 'json'],
  ['shuffel', ['shuffle', 'shop'], 'shuffle'],
  ['Comand', ['command'], 'command'],
  ['ab', ['xy'], undefined],
  ['json', ['xml'], undefined],
])('%s among %j is %s', (word, candidates, meant) => expect(suggest(word, candidates)).toBe(meant));

test('a list is given where nothing is near, and only so much of it', () => {
  expect(nearOrKnown('zebra', 'stages', ['unit', 'e2e'])).toBe('The stages are: unit, e2e.');
  expect(nearOrKnown('zebra', 'stages', [])).toBe('There are no stages.');
  const many = Array.from({ length: 23 }, (_, n) => `s${n}`);
  expect(nearOrKnown('zebra', 'stages', many)).toMatch(/^The stages are: s0, .*, s19 and 3 more\.$/);
});
