import { describe, expect, test } from 'vitest';
import { type CallSite, locate, locateImport } from '../../../gym/task/locate.ts';

/** A call's argument, so that the line numbers of a table are those of its text. */
const call = (argument: string): string => `f(${argument});`;
const atF: CallSite = { callee: 'f' };

describe('the line of a value', () => {
  test.each<[string, string, PropertyKey[], number | undefined]>([
    ['the call itself', '\n\nf({});', [], 3],
    ['a key', call('{\n a: 1,\n b: 2,\n}'), ['b'], 3],
    ['a key in quotes', call('{\n \'a-b\': 1,\n "c": 2,\n}'), ['a-b'], 2],
    ['a number as a key', call('{\n 7: 1 }'), ['7'], 2],
    ['an element', call('[\n 1,\n 2,\n]'), [1], 3],
    ['arrays in arrays', call('{ a: [\n [1,\n 2],\n [3,\n 4] ] }'), ['a', 1, 1], 5],
    ['in a call', call('{\n a: g({\n b: 1 }) }'), ['a', 'b'], 3],
    ['in a call of an element', call('{ a: [\n g({ x: 1 }),\n h({\n x: 1 }) ] }'), ['a', 1, 'x'], 4],
    ['of a name', 'const x = {\n b: 1 };\nf({\n a: x });', ['a', 'b'], 2],
    ['of a short form', 'const a = [\n 1,\n 2 ];\nf({\n a });', ['a', 1], 3],
    ['of a name for a name', 'const x = {\n b: 1 };\nconst y = x;\nf(y);', ['b'], 2],
    ['a spread', 'const base = {\n b: 1 };\nf({\n ...base });', ['b'], 2],
    ['a spread that is overridden', 'const base = {\n b: 1 };\nf({\n ...base,\n b: 2 });', ['b'], 5],
    ['the last of two keys', call('{\n a: 1,\n a: 2 }'), ['a'], 3],
    ['an element before a spread', 'f([\n 1,\n ...more ]);', [0], 2],
    ['an element behind a spread: the array', 'f({\n a: [\n ...more,\n 1 ] });', ['a', 3], 2],
    ['computed elsewhere: what was found last', 'f({\n a: g(),\n b: 2 });', ['a', 'x', 'y'], 2],
    ['a missing key: what should have it', 'f({\n a: {\n b: 1 } });', ['a', 'c'], 2],
    ['satisfies', 'f({\n a: 1,\n b: 2 } satisfies T);', ['b'], 3],
    ['as const', 'f({\n a: [\n 1,\n 2 ] as const });', ['a', 1], 4],
    ['types of many lines', 'interface T {\n b: 1;\n}\nconst x: T = {\n b: 1 };\nf<T>(x);', ['b'], 5],
    ['generics', 'const g = <A,\n B>(a: A): A => a;\nf(g<{ b: 1 },\n string>({\n b: 1 }));', ['b'], 5],
    ['types with other characters', 'type T = "é€𝄞" | "🙂";\nf<T>({\n "é": 1,\n b: 2 } as { é: 1; b: 2 });', ['b'], 4],
    ['Windows line ends', 'f({\r\n a: 1,\r\n b: 2 });', ['b'], 3],
    ['a BOM', '\uFEFFf({\n b: 1 });', ['b'], 2],
    ['a comment that looks like it', '/* f({\n b: 1 }) */\nf({\n // b: 1\n b: 2 });', ['b'], 5],
    ['text that looks like it', 'const t = `f({\n b: 1 })`;\nf({\n b: 2 });', ['b'], 4],
    ['a method of a namespace', 'import * as m from "m";\nm.f({\n b: 1 });', ['b'], 3],
    ['no such call: the default export', 'export default {\n b: 1 };', ['b'], 2],
    ['no such call, nothing exported', 'g({ b: 1 });', ['b'], undefined],
    ['a name that leads back to itself', 'const a = b;\nfunction g() { const b = a; }\nf(a);', ['x'], 3],
    ['what is not parsed', 'f({ b: }', ['b'], undefined],
  ])('%s', (_, source, path, line) => expect(locate(source, atF, path)).toBe(line));
});

test('a call at a position of a stack trace, among several of one name', () => {
  const source = 'x([\r\n  é(),\r\n  f({\r\n    a: 1 }), m.f({\r\n    a: 2 }) ]);';
  expect(locate(source, { line: 3, column: 3 }, ['a'])).toBe(4);
  expect(locate(source, { line: 4, column: 16 }, ['a'])).toBe(5);
  expect(locate(source, { line: 1, column: 1 }, [1])).toBe(3);
  expect(locate(source, { line: 99, column: 1 }, [])).toBeUndefined();
});

test('the line of an import', () => {
  const source =
    "import a from 'a';\nimport type { B } from 'b';\n\nexport * from './c.ts';\nexport { d } from 'd';\nconst e = 'e';";
  const line = (name: string) => locateImport(source, (specifier) => specifier === name);
  expect(['a', './c.ts', 'd', 'e'].map(line)).toEqual([1, 4, 5, undefined]);
});
