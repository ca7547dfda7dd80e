import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineCounter, parseAllDocuments } from 'yaml';
import { aliasTargets, jsonKeyLines, yamlKeyLines } from '../../../gym/evidence/key-lines.ts';
import { placeIn } from '../../../gym/judge/documents.ts';

function yaml(text: string): Record<string, number>[] {
  const counter = new LineCounter();
  return [...parseAllDocuments(text, { lineCounter: counter, merge: true })].map((each) =>
    yamlKeyLines(each, counter, aliasTargets(each) ?? new Map()),
  );
}

test('keys and entries of YAML, in block and flow style, of several documents', () => {
  const text = `# first
a:
  - x
  - b: 1
    c/d: 2
"e~f": { g: 1,
  h: [1,
    2] }
---
a: 1
`;
  expect(yaml(text)).toEqual([
    {
      '/a': 2,
      '/a/0': 3,
      '/a/1': 4,
      '/a/1/b': 4,
      '/a/1/c~1d': 5,
      '/e~0f': 6,
      '/e~0f/g': 6,
      '/e~0f/h': 7,
      '/e~0f/h/0': 7,
      '/e~0f/h/1': 8,
    },
    { '/a': 10 },
  ]);
});

test('what comes from an anchor is where it is written; own keys count more than merged ones, and of those the first', () => {
  const text = `one: &one
  a: 1
  b: 1
two: &two
  a: 2
  c: 2
use:
  <<: [*one, *two]
  b: 3
same: *two
`;
  expect(yaml(text)[0]).toMatchObject({
    '/use': 7,
    '/use/a': 2,
    '/use/b': 9,
    '/use/c': 6,
    '/same': 10,
    '/same/c': 6,
  });
});

test('a name that is given twice stands for what it was given to last', () => {
  expect(yaml('a: &x\n  b: 1\nc: *x\nd: &x\n  e: 1\nf: *x\n')[0]).toMatchObject({ '/c/b': 2, '/f/e': 5 });
});

test('a bomb of aliases, and a hundred thousand of them, come to an end', () => {
  const bomb = Array.from({ length: 12 }, (_, at) => {
    const before = at === 0 ? '"lol"' : `*a${at - 1}`;
    return `a${at}: &a${at} [${Array.from({ length: 9 }, () => before).join(',')}]`;
  });
  expect(Object.keys(yaml(bomb.join('\n'))[0] ?? {}).length).toBeLessThanOrEqual(50_000);
  expect(yaml(`a: &a 1\nb:\n${'- *a\n'.repeat(100_000)}`)[0]).toMatchObject({ '/b/0': 3, '/b/40000': 40_003 });
});

test('keys and entries of JSON', () => {
  expect(jsonKeyLines('{\n "a": [\n  1,\n  {"b": null}\n ],\n "": {}\n}')).toEqual({
    '/a': 2,
    '/a/0': 3,
    '/a/1': 4,
    '/a/1/b': 4,
    '/': 6,
  });
  expect(jsonKeyLines('5')).toEqual({});
});

test('of any JSON, each key is on the line that it was written on', () => {
  const key = fc.constantFrom('a', 'b', '/', '~', '', '__proto__', 'é"');
  const tree = fc.letrec((tie) => ({
    node: fc.oneof({ depthSize: 'small' }, fc.constant(1), fc.array(tie('node')), fc.dictionary(key, tie('node'))),
  })).node;
  fc.assert(
    fc.property(tree, (value) => {
      const text = JSON.stringify(value, null, 1);
      const fromYaml = yaml(text)[0];
      expect(jsonKeyLines(text)).toEqual(fromYaml);
    }),
    { numRuns: 50 },
  );
});

test('what is missing is where the nearest around it begins', () => {
  const place = { file: 'f', line: 1 };
  const lines = { '/a': 3, '/a/b': 4 };
  const at = (...path: string[]) => placeIn({ value: null, place, lines }, path).line;
  expect([at('a', 'b'), at('a', 'c', 'd'), at('x'), at()]).toEqual([4, 3, 1, 1]);
  expect(placeIn({ value: null, place }, ['a'])).toEqual(place);
});
