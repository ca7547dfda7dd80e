import { describe, expect, it } from 'vitest';
import { interruptions } from '../../../gym/tui/interrupt.ts';
import { fitted, segment } from '../../../gym/tui/row.ts';
import { bytesText, cleanLine, clockText, distanceText, fits, sparkline, wrapped } from '../../../gym/tui/text.ts';

describe('text', () => {
  it('draws zero, and only zero, as the lowest bar, and what was not judged as a gap', () => {
    expect(sparkline([0.06, 0.015, null, 0.00001, 0], '▁▂▃▄▅▆▇█')).toBe('█▃ ▂▁');
    expect(sparkline([0, 0], '▁▂▃▄▅▆▇█')).toBe('▁▁');
  });

  it.each([
    [0, '0'],
    [null, '?'],
    [0.0625, '0.063'],
    [0.00001, '1e-5'],
    [3.999, '4'],
    [312.4, '312'],
  ])('writes the distance %s as %s', (distance, text) => expect(distanceText(distance)).toBe(text));

  it('writes times, sizes and digits as people read them', () => {
    expect([clockText(9_400), clockText(3_850_000)]).toEqual(['0:09', '1:04:10']);
    expect([bytesText(812), bytesText(64_000), bytesText(1_240_000)]).toEqual(['812 B', '64 kB', '1.2 MB']);
  });

  it('wraps at spaces, and inside words only where one is too long', () => {
    expect(wrapped('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrapped('abcdefghij k\nl', 4)).toEqual(['abcd', 'efgh', 'ij k', 'l']);
  });

  it('takes out what moves the cursor', () => {
    expect(cleanLine('\u001B[31mred\u001B[0m\r\tx\u0008\u001B]0;title\u0007')).toBe('red    x');
  });

  it('filters whatever the case, and inversely', () => {
    expect([fits('Error: x', 'error'), fits('Error: x', '!error'), fits('ok', '!error'), fits('ok', '!')]).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  it('cuts the left of a row, never the right', () => {
    const row = { key: 'r', left: [segment('abcdefgh')], right: [segment('12')] };
    const text = (width: number) =>
      fitted(row, width, '~')
        .map((each) => each.text)
        .join('');
    expect([text(12), text(8), text(3)]).toEqual(['abcdefgh  12', 'abcd~ 12'.slice(0, 8), ' 12']);
  });
});

describe('interruptions', () => {
  it('count a SIGINT that npm doubles once, and a second Ctrl-C always', () => {
    let now = 0;
    const interrupted = interruptions(() => now);
    expect(interrupted('signal')).toBe('stop');
    now = 400;
    expect(interrupted('signal')).toBe('ignore');
    now = 1500;
    expect(interrupted('signal')).toBe('force');
    const pressed = interruptions(() => 0);
    expect([pressed('key'), pressed('key')]).toEqual(['stop', 'force']);
  });
});
