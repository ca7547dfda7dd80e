import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What a repair needs to know of a test that fails. */
export interface Fact {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly got: string;
  readonly want: string;
}

/** A suite of tests in the words of one runner: the file's ending, what stands before and after the tests, and one test on two lines. */
export interface Dialect {
  readonly ending: string;
  readonly head: readonly string[];
  readonly test: (name: string, got: string, want: string) => readonly [string, string];
  readonly tail: readonly string[];
}

/** Tests as Vitest and Jest take them. */
export const vitestLike: Dialect = {
  ending: '.test.js',
  head: ["describe('orders', () => {"],
  test: (name, got, want) => [`  test('${name}', () => {`, `    expect(${got}).toBe(${want}); });`],
  tail: ['});'],
};
/** Tests as node:test takes them. */
export const nodeTest: Dialect = {
  ending: '.test.js',
  head: [
    "const { describe, test } = require('node:test'); const assert = require('node:assert');",
    "describe('orders', () => {",
  ],
  test: (name, got, want) => [`  test('${name}', () => {`, `    assert.strictEqual(${got}, ${want}); });`],
  tail: ['});'],
};
/** Tests as pytest takes them. */
export const pytest: Dialect = {
  ending: '.py',
  head: [],
  test: (name, got, want) => [`def test_${name.replaceAll(' ', '_')}():`, `    assert ${got} == ${want}`],
  tail: [],
};

const files = 30;
const testsEach = 10;

/** Writes 300 tests in 30 files, of which some fail, and tells what a repair needs to know of those. */
export function writeSuite(folder: string, dialect: Dialect, failing: 'two' | 'forty of one cause'): Fact[] {
  const facts: Fact[] = [];
  for (let at = 0; at < files; at += 1) {
    const file = `test/test_orders_${String(at).padStart(2, '0')}${dialect.ending}`;
    const lines = [...dialect.head];
    for (let within = 0; within < testsEach; within += 1) {
      const number = at * testsEach + within;
      const name = `order ${number} adds up`;
      const { got, want } = valuesOf(number, failing);
      const text = dialect.test(name, got, want);
      lines.push(...text);
      const written = dialect === pytest ? `test_${name.replaceAll(' ', '_')}` : name;
      if (got !== want) facts.push({ name: written, file, line: lines.length, got, want });
    }
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), `${[...lines, ...dialect.tail].join('\n')}\n`);
  }
  return facts;
}

/** Two failures have nothing to do with each other; forty answer with the same status. */
function valuesOf(number: number, failing: 'two' | 'forty of one cause'): { got: string; want: string } {
  const right = String(10_000 + number);
  if (failing === 'forty of one cause')
    return number % 7 === 3 && number < 283 ? { got: '503', want: '200' } : { got: right, want: right };
  return number === 33 || number === 171 ? { got: String(20_000 + number), want: right } : { got: right, want: right };
}
