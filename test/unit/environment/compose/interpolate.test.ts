import { describe, expect, it } from 'vitest';
import { interpolate } from '../../../../gym/environment/compose/interpolate.ts';

const values: Record<string, string> = { A: 'a', EMPTY: '', B: 'b' };
const lookup = (name: string): string | undefined => values[name];

describe('interpolate', () => {
  it.each([
    ['plain', 'plain'],
    ['$A', 'a'],
    ['${A}', 'a'],
    ['x${A}y$B.z', 'xayb.z'],
    ['$$A $${A} $$', '$A ${A} $'],
    ['${NO:-d}', 'd'],
    ['${EMPTY:-d}', 'd'],
    ['${NO-d}', 'd'],
    ['${EMPTY-d}', ''],
    ['${A:-d}', 'a'],
    ['${A:+r}', 'r'],
    ['${EMPTY:+r}', ''],
    ['${EMPTY+r}', 'r'],
    ['${NO+r}', ''],
    ['${A:?e}', 'a'],
    ['${EMPTY?e}', ''],
    ['${NO:-${B}}', 'b'],
    ['${NO:-${NO2:-x${A}y}}', 'xay'],
    ['${NO:-}', ''],
    ['${NO:-a:b/c?d}', 'a:b/c?d'],
    ['${NO:-$$}', '$'],
    // A word that is not used is not looked at.
    ['${A:-${NO:?needed}}', 'a'],
    ['${NO:+${NO:?needed}}', ''],
  ])('%s becomes %s', (text, expected) => {
    expect(interpolate(text, lookup)).toMatchObject({ ok: true, text: expected });
  });

  it('names what was not set, where it is used', () => {
    expect(interpolate('$NO ${NO2} ${NO3:-x} ${A:-$NO4}', lookup)).toEqual({
      ok: true,
      text: '  x a',
      unset: ['NO', 'NO2'],
    });
  });

  it.each([
    ['${NO:?give it}', 'variable NO is required: give it'],
    ['${EMPTY:?give it}', 'variable EMPTY is required: give it'],
    ['${NO?}', 'variable NO is required: it is not set'],
    ['${NO:?use ${A}}', 'variable NO is required: use a'],
    ['${A', '"${A": ${A is not closed by }'],
    ['${A:-x', '"${A:-x": ${A is not closed by }'],
    ['a $ b', '"a $ b": a lone $ is written $$'],
    ['${}', '"${}": a variable\'s name is missing after ${'],
    ['${A!x}', '"${A!x}": ${A is not closed by }'],
  ])('%s is refused: %s', (text, message) => {
    expect(interpolate(text, lookup)).toEqual({ ok: false, message });
  });
});
