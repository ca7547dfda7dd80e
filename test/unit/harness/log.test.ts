import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStageLog } from '../../../gym/harness/log.ts';
import { temporaryFolder } from './support.ts';

describe('the log of a stage', () => {
  it('is capped, says what was left out, and keeps the end', () => {
    const file = join(temporaryFolder(), 'logs', 'unit.log');
    const log = openStageLog(file, 10_000);
    for (let line = 0; line < 100_000; line += 1) log.write(Buffer.from(`line ${line}\n`));
    expect(log.lastLines(2)).toBe('line 99998\nline 99999');
    log.close();
    const text = readFileSync(file, 'utf8');
    expect(text.startsWith('line 0\nline 1\n')).toBe(true);
    expect(text).toContain(
      '[gym: the log is full at 10000 bytes; 1078890 more bytes of output were left out; the last 65536 follow]',
    );
    expect(text.endsWith('line 99999\n')).toBe(true);
    expect(text.length).toBeLessThan(10_000 + 65_536 + 200);
  });

  it('keeps all of what is just over the cap', () => {
    const file = join(temporaryFolder(), 'unit.log');
    const log = openStageLog(file, 4);
    log.write(Buffer.from('abcdef'));
    log.close();
    expect(readFileSync(file, 'utf8')).toMatch(/^abcd\n\[gym: .* 2 more bytes .*\]\nef$/);
  });

  it('quotes the last lines without colours and blanks', () => {
    const log = openStageLog(join(temporaryFolder(), 'unit.log'));
    log.write(Buffer.from('a\n\u001b[31mb\u001b[0m\n\n  \r\nc'));
    expect(log.lastLines(2)).toBe('b\nc');
    log.close();
  });
});
