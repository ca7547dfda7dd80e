import { expect, test } from 'vitest';
import { mutantsOf } from '../../../gym/prove/mutants.ts';

const changed = (text: string, extension = '.ts') =>
  mutantsOf(text, extension).map(({ start, end, to, line }) =>
    `${line}: ${text.slice(0, start)}${to}${text.slice(end)}`.replaceAll('\n', '⏎'),
  );

test.each([
  ['if (a < b) x += 1;', ['1: if (a <= b) x += 1;', '1: if (a < b) x -= 1;', '1: if (a < b) x += 2;']],
  ['return a === b && !c;', ['1: return a !== b && !c;', '1: return a === b || !c;']],
  ['const n = 10n;', ['1: const n = 11n;']],
  ['const f = (a) => a - b;', ['1: const f = (a) => a + b;']],
])('%s', (text, mutants) => {
  expect(changed(text)).toEqual(mutants);
});

test('comments, texts, imports and types stay as they are', () => {
  const text = `import { a } from './a1.ts';\n// a < b\n/* 1 */\nconst s = 'true && 1';\ntype T = 1;\nconst x1 = true;`;
  expect(changed(text).map((each) => each.at(0))).toEqual(['6']);
});

test('Python has comments and words of its own', () => {
  expect(changed('if a and b:  # or 1\n    return False', '.py')).toEqual([
    '1: if a or b:  # or 1⏎    return False',
    '2: if a and b:  # or 1⏎    return True',
  ]);
});
