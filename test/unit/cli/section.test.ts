import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasSection, withSection } from '../../../gym/cli/docs/section.ts';

const written = (text: string, body: string, task = 'shop'): string => {
  const result = withSection(text, task, body);
  if (!result.ok) throw new Error(result.problems[0].message);
  return result.value;
};

/** Text of a file that no gym has written to, with either kind of line break. */
const foreign = fc
  .array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('# Title', '', '<!-- other -->', '$&', '$1')), {
    maxLength: 8,
  })
  .chain((lines) => fc.constantFrom('\n', '\r\n').map((ending) => lines.join(ending)))
  .filter((text) => !text.includes('gym:'));
const body = fc
  .array(fc.constantFrom('Run it.', '- `gym verify`', '$& $1 $`', '', '## Task'), { minLength: 1 })
  .map((lines) => lines.join('\n'));

test('what is outside of the marks stays byte for byte, and writing the same again changes nothing', () => {
  fc.assert(
    fc.property(foreign, foreign, body, body, (before, after, one, other) => {
      const first = written(before, one);
      expect(first.startsWith(before)).toBe(true);
      expect(written(first, one)).toBe(first);
      const whole = first + after;
      const second = written(whole, other);
      expect(second.startsWith(before)).toBe(true);
      expect(second.endsWith(after)).toBe(true);
      expect(written(second, one)).toBe(
        whole.includes('\r\n') === first.includes('\r\n') ? whole : written(whole, one),
      );
      expect(hasSection(second, 'shop')).toBe(true);
    }),
  );
});

test('sections of several tasks live side by side, also of tasks whose names begin alike', () => {
  const both = written(written('# Mine\n', 'about the shop'), 'about the front', 'shop-front');
  expect(hasSection(both, 'shop')).toBe(true);
  expect(hasSection(both, 'sho')).toBe(false);
  const changed = written(both, 'new words');
  expect(changed).toContain('about the front');
  expect(changed).not.toContain('about the shop');
});

test.each(['<!-- gym:begin shop -->\n', '<!-- gym:end shop -->\n<!-- gym:begin shop -->\n', '<!-- gym:end shop -->\n'])(
  'marks that are not one pair are left alone: %j',
  (text) => {
    expect(withSection(text, 'shop', 'x').ok).toBe(false);
    expect(hasSection(text, 'shop')).toBe(true);
  },
);
