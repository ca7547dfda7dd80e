import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { emptyLog, followFile, hasContent, type LogWindow } from '../../../gym/tui/tail.ts';

let folder = '';
let file = '';
let log: LogWindow = emptyLog;
let told = 0;
let tail: { close(): void } | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gym-tail-'));
  file = join(folder, 'x.log');
  log = emptyLog;
  told = 0;
});
afterEach(() => {
  tail?.close();
  rmSync(folder, { recursive: true });
});
function follow(): void {
  tail = followFile(file, (window) => {
    log = window;
    told += 1;
  });
}

test('what a record names and is no file that can be read has no content, and keeps nobody from reading others', async () => {
  expect(['\0', 'x'.repeat(300)].map((name) => hasContent({ file: join(folder, name) }))).toEqual([false, false]);
  const pipes = Array.from({ length: 8 }, (_, index) => join(folder, `pipe-${index}`));
  execFileSync('mkfifo', pipes);
  const tails = pipes.map((pipe) => followFile(pipe, () => undefined));
  writeFileSync(file, 'line\n');
  follow();
  await vi.waitFor(() => expect(log.lines).toEqual(['line']));
  for (const each of tails) each.close();
});

describe('followFile', () => {
  it('waits for a file, follows it, and joins lines and characters that come in pieces', async () => {
    follow();
    writeFileSync(file, Buffer.from('one\ntw'));
    await vi.waitFor(() => expect(log.lines).toEqual(['one', 'tw']));
    const euro = Buffer.from('€');
    appendFileSync(file, Buffer.concat([Buffer.from('o '), euro.subarray(0, 1)]));
    await vi.waitFor(() => expect(log.bytes).toBe(9));
    appendFileSync(file, Buffer.concat([euro.subarray(1), Buffer.from('\nthree\n')]));
    await vi.waitFor(() => expect(log.lines).toEqual(['one', 'two €', 'three']));
    expect(log.first).toBe(1);
  });

  it('begins with the last 64 KiB of a large file, at the beginning of a line', async () => {
    writeFileSync(file, Array.from({ length: 50_000 }, (_, index) => `line ${index}\n`).join(''));
    follow();
    await vi.waitFor(() => expect(log.lines.at(-1)).toBe('line 49999'));
    expect(log.lines[0]).toMatch(/^line \d{5}$/);
    expect(log.lines.length).toBe(2000);
  });

  it('keeps the numbers of lines when old ones are dropped, and its memory bounded', async () => {
    writeFileSync(file, 'first\n');
    follow();
    await vi.waitFor(() => expect(log.lines).toEqual(['first']));
    for (let batch = 0; batch < 5; batch += 1) {
      appendFileSync(file, Array.from({ length: 1000 }, (_, index) => `${batch * 1000 + index}\n`).join(''));
      await vi.waitFor(() => expect(log.lines.at(-1)).toBe(String(batch * 1000 + 999)));
    }
    expect(log.lines.length).toBe(2000);
    expect(log.first + log.lines.indexOf('4999')).toBe(5001);
  });

  it('reads a file anew that was written anew', async () => {
    writeFileSync(file, 'a long first content\n');
    follow();
    await vi.waitFor(() => expect(log.lines.length).toBe(1));
    writeFileSync(file, 'new\n');
    await vi.waitFor(() => expect(log.lines).toEqual(['new']));
    expect(log.first).toBe(2);
  });

  it('tells at most every 100 ms, however many lines there are', async () => {
    writeFileSync(file, '');
    follow();
    const begin = performance.now();
    const end = begin + 550;
    while (performance.now() < end) {
      appendFileSync(file, 'x\n'.repeat(50));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(told).toBeGreaterThan(0);
    expect(told).toBeLessThanOrEqual((performance.now() - begin) / 100 + 1);
  });
});
