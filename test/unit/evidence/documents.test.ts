import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DocumentFormat, parseDocuments } from '../../../gym/evidence/documents.ts';

async function documents(format: DocumentFormat, text: string) {
  const result = await parseDocuments(format, text, { file: 'f' });
  if (!result.ok) throw new Error(result.problems[0].message);
  return result.value;
}

async function problem(format: DocumentFormat, text: string) {
  const result = await parseDocuments(format, text, { file: 'f' });
  return result.ok ? undefined : result.problems[0];
}

const valuesOf = async (format: DocumentFormat, text: string) =>
  (await documents(format, text)).map(({ value }) => value);
const linesOf = async (format: DocumentFormat, text: string) =>
  (await documents(format, text)).map(({ place }) => place.line);

describe('CSV', () => {
  test('quotes, commas, line breaks of both kinds and a byte order mark', async () => {
    const text = '\uFEFFa,b\r\n1,"x,\r\ny"\r\n\r\n2,"q""r"\n"",z';
    expect(await valuesOf('csv', text)).toEqual([
      { a: '1', b: 'x,\r\ny' },
      { a: '2', b: 'q"r' },
      { a: '', b: 'z' },
    ]);
    expect(await linesOf('csv', text)).toEqual([2, 5, 6]);
  });

  test.each([
    ['', /^f is no CSV: it has no header$/],
    ['a,a\n1,2\n', /the header names "a" twice/],
    ['a,b\n1\n', /Invalid Record Length: expect 2, got 1 on line 2/],
    ['a,b\n1,"2\n', /Quote Not Closed/],
    ['a\n"1"x\n', /Invalid Closing Quote/],
  ])('%j is none', async (text, message) => {
    expect((await problem('csv', text))?.message).toMatch(message);
  });

  test('a header alone is a table without rows', async () => {
    expect(await documents('csv', 'a,b\n')).toEqual([]);
  });

  test('any table comes back as it was written by RFC 4180', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r\n', ' ', 'é', '') });
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    const written = fc.array(fc.tuple(cell, cell), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(written, fc.constantFrom('\n', '\r\n'), async (rows, end) => {
        const text = [['a', 'b'], ...rows].map((row) => row.map(quoted).join(',') + end).join('');
        expect(await valuesOf('csv', text)).toEqual(rows.map(([a, b]) => ({ a, b })));
        const starts = rows.map((_, at) => 2 + rows.slice(0, at).flat().join('').split('\n').length - 1 + at);
        expect(await linesOf('csv', text)).toEqual(starts);
      }),
    );
  });
});

test('NDJSON: a document a line, with its number; the line that is broken is named', async () => {
  expect(await documents('ndjson', '{"a":1}\n\n[2]\r\n')).toEqual([
    { value: { a: 1 }, place: { file: 'f', line: 1 } },
    { value: [2], place: { file: 'f', line: 3 } },
  ]);
  expect(await documents('ndjson', '')).toEqual([]);
  expect(await problem('ndjson', '1\n{"a"\n')).toMatchObject({
    kind: 'evidence',
    message: expect.stringMatching(/^f:2 is no JSON: /),
    place: { file: 'f', line: 2 },
  });
});

test('YAML: each document with the line that it begins at; a bomb of aliases is no document', async () => {
  expect(await documents('yaml', '# c\na: 1\n---\nb: [x]\n---\n')).toEqual([
    { value: { a: 1 }, place: { file: 'f', line: 2 }, lines: { '/a': 2 } },
    { value: { b: ['x'] }, place: { file: 'f', line: 4 }, lines: { '/b': 4, '/b/0': 4 } },
  ]);
  expect((await problem('yaml', 'a: 1\nb: [\n'))?.message).toMatch(/^f:\d is no YAML: /);
  const bomb = Array.from({ length: 9 }, (_, at) => {
    const before = at === 0 ? '"lol"' : `*a${at - 1}`;
    return `a${at}: &a${at} [${Array.from({ length: 9 }, () => before).join(',')}]`;
  });
  expect((await problem('yaml', bomb.join('\n')))?.message).toMatch(/Excessive alias count/);
});

test('YAML: merge keys are filled in; what holds itself has no end and is no document', async () => {
  expect(await valuesOf('yaml', 'a: &a { b: 1, c: 1 }\nd:\n  <<: *a\n  c: 2\n')).toEqual([
    { a: { b: 1, c: 1 }, d: { b: 1, c: 2 } },
  ]);
  expect((await problem('yaml', 'x: 1\n---\na: &a\n  b: [*a, *a]\n'))?.message).toBe(
    'f:3 is no YAML: an alias is inside of what it stands for',
  );
});

test('JSON: with the lines of its keys', async () => {
  expect(await documents('json', '\uFEFF{\n"a": [1]}')).toEqual([
    { value: { a: [1] }, place: { file: 'f', line: 1 }, lines: { '/a': 2, '/a/0': 2 } },
  ]);
});

test('a text is itself, without the spaces around it', async () => {
  expect(await documents('text', ' 42\n')).toEqual([{ value: '42', place: { file: 'f', line: 1 } }]);
  expect(await documents('text', '\r\n\n a\n\nb\n')).toEqual([{ value: 'a\n\nb', place: { file: 'f', line: 3 } }]);
});
