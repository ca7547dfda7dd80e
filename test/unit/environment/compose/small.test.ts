import { describe, expect, it } from 'vitest';
import { parseDotenv, parseRawEnv } from '../../../../gym/environment/compose/dotenv.ts';
import { resolvePlain } from '../../../../gym/environment/compose/scalar.ts';
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

describe('an env file', () => {
  it('has quotes over lines, escapes, and values of earlier files below those from outside', () => {
    const text = 'A="x\ny"\nB="\\t\\$A \\"q\\""\nC: yaml\nD=${EARLIER}-${OUT}\nOUT=here\nE=${OUT}';
    const { values, problems } = parseDotenv(text, (name) => (name === 'OUT' ? 'out' : undefined), { EARLIER: 'e' });
    expect(problems).toEqual([]);
    expect(values).toEqual({ EARLIER: 'e', A: 'x\ny', B: '\t$A "q"', C: 'yaml', D: 'e-out', OUT: 'here', E: 'out' });
  });

  it.each([
    ['A=1\nB="open', 2, 'a quote is not closed'],
    ['A=1\n\nnot a name=2', 3, 'not NAME=value'],
    ['A=${B:?is needed}', 1, 'variable B is required: is needed'],
  ])('%j is wrong in line %d: %s', (text, line, message) => {
    expect(parseDotenv(text, () => undefined).problems).toEqual([{ line, message }]);
  });

  it('is taken as it is in the raw format', () => {
    const { values } = parseRawEnv('A="q" # kept\n# c\n B=$A\nOUT\nNONE', (name) =>
      name === 'OUT' ? 'out' : undefined,
    );
    expect(values).toEqual({ A: '"q" # kept', B: '$A', OUT: 'out' });
  });
});

describe('resolvePlain', () => {
  it.each([
    ['0777', 'number', '511'],
    ['0o17', 'number', '15'],
    ['0xff', 'number', '255'],
    ['1_000', 'number', '1000'],
    ['1.10', 'number', '1.1'],
    ['1e3', 'number', '1000'],
    ['0.00001', 'number', '1e-05'],
    ['+5', 'number', '5'],
    ['12345678901234567890', 'number', '12345678901234567890'],
    ['09', 'number', '9'],
    ['1.2.3', 'string', '1.2.3'],
    ['True', 'boolean', 'true'],
    ['yes', 'string', 'yes'],
    ['~', 'null', ''],
  ])('%s is the %s %s', (source, type, text) => {
    expect(resolvePlain(source)).toEqual({ type, text });
  });
});
