import { describe, expect, it } from 'vitest';
import { parseDotenv } from '../../../../gym/environment/compose/dotenv.ts';
import { parseBytes, parseDurationMs } from '../../../../gym/environment/compose/units.ts';
import { splitWords } from '../../../../gym/environment/compose/words.ts';
import { suggest } from '../../../../gym/task/suggest.ts';

describe('splitWords', () => {
  it.each([
    ['a b  c', ['a', 'b', 'c']],
    [`sh -c "echo 'x y' $HOME"`, ['sh', '-c', "echo 'x y' $HOME"]],
    ["a'b'\"c\" ''", ['abc', '']],
    ['a\\ b "c\\"d" \'e\\f\'', ['a b', 'c"d', 'e\\f']],
    ['  ', []],
  ])('%s', (text, words) => {
    expect(splitWords(text)).toEqual(words);
  });

  it('refuses an open quote', () => {
    expect(splitWords('a "b')).toBeUndefined();
  });
});

describe('units', () => {
  it.each([
    ['1m30s', 90_000],
    ['1.5s', 1500],
    ['500ms', 500],
    ['100us', 0.1],
    ['0', 0],
    ['5', undefined],
    ['5x', undefined],
    ['', undefined],
  ])('duration %s is %s ms', (text, milliseconds) => {
    expect(parseDurationMs(text)).toBe(milliseconds);
  });

  it.each([
    ['64m', 67_108_864],
    ['1gb', 1_073_741_824],
    ['1.5k', 1536],
    ['1048576', 1_048_576],
    ['10x', undefined],
  ])('size %s is %s bytes', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });
});

describe('parseDotenv', () => {
  it('knows quotes, comments, export, earlier lines and the outside', () => {
    const text = [
      '# comment',
      'A=1',
      'export B = two words # c',
      'C="a\\nb $A"',
      "D='$A #'",
      'E=${OUT}-${A}',
      'OUT',
      'MISSING',
      'F=',
      'nothing!',
    ].join('\n');
    const { values, problems } = parseDotenv(text, (name) => (name === 'OUT' ? 'out' : undefined));
    expect(values).toEqual({ A: '1', B: 'two words', C: 'a\nb 1', D: '$A #', E: 'out-1', OUT: 'out', F: '' });
    expect(problems).toEqual([{ line: 10, message: 'not NAME=value' }]);
  });
});

describe('suggest', () => {
  it.each([
    ['comand', 'command'],
    ['enviroment', 'environment'],
    ['Image', 'image'],
    ['zzz', undefined],
  ])('%s was meant as %s', (word, expected) => {
    expect(suggest(word, ['command', 'environment', 'image', 'init'])).toBe(expected);
  });
});
