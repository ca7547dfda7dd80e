import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Event } from '../../../gym/events/event.ts';
import { openEventLog, readEvents } from '../../../gym/events/log.ts';
import { temporaryFolder } from '../../support/repository.ts';

let file: string;
beforeEach(() => {
  const folder = temporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  file = join(folder.path, 'events.ndjson');
});

/** Appends notes to the log, as one gym would from start to end. */
function write(texts: readonly string[], firstSeq = 0): void {
  const log = openEventLog(file, 'r', [], () => 7, firstSeq);
  for (const text of texts) log.emit({ type: 'noted', text });
  log.close();
}
const texts = (): string[] => readEvents(file).map((event) => (event.type === 'noted' ? event.text : event.type));

test('events come back as they were written, in order, with position and time', () => {
  write(['one', 'two\nlines', 'ü€𝄞']);
  expect(readEvents(file)).toEqual(
    ['one', 'two\nlines', 'ü€𝄞'].map((text, seq) => ({ v: 1, seq, run: 'r', at: 7, span: 'run', type: 'noted', text })),
  );
});

test('an event is in the file before it is shown', () => {
  const seen: [Event, number][] = [];
  const log = openEventLog(file, 'r', [(event) => seen.push([event, readEvents(file).length])]);
  log.emit({ type: 'noted', text: 'a' });
  log.emit({ type: 'noted', text: 'b' });
  log.close();
  log.emit({ type: 'noted', text: 'after the end' });
  expect(seen.map(([, stored]) => stored)).toEqual([1, 2]);
  expect(texts()).toEqual(['a', 'b']);
});

test('events belong to the phase or attempt that was last begun', () => {
  const log = openEventLog(file, 'r', []);
  log.emit({ type: 'phase.started', phase: 'up' });
  log.emit({ type: 'noted', text: 'x' });
  log.emit({ type: 'attempt.started', attempt: 2 });
  log.emit({ type: 'run.finished', state: 'pass', exitCode: 0, durationMs: 1, verdictFile: 'v' });
  log.close();
  expect(readEvents(file).map(({ span }) => span)).toEqual(['up', 'up', 'attempt-2', 'run']);
});

describe('a kill in mid-write', () => {
  test('at every byte of the last line: what is whole is read, and what comes next is not glued to it', () => {
    write(['one', 'tüo']);
    const whole = readFileSync(file);
    const lastLine = whole.indexOf(10) + 1;
    for (let size = lastLine; size <= whole.length; size += 1) {
      writeFileSync(file, whole);
      truncateSync(file, size);
      const before = texts();
      expect(before, `${size} bytes`).toEqual(size === whole.length ? ['one', 'tüo'] : ['one']);
      write(['next'], before.length);
      expect(texts(), `${size} bytes`).toEqual([...before, 'next']);
      expect(readEvents(file).map(({ seq }) => seq)).toEqual(before.map((_, index) => index).concat(before.length));
    }
  });
  test('of the very first line', () => {
    writeFileSync(file, '{"v":1,"se');
    expect(readEvents(file)).toEqual([]);
    write(['one']);
    expect(texts()).toEqual(['one']);
  });
  test('a last line without end that is longer than any buffer', () => {
    write(['one']);
    appendFileSync(file, `{"text":"${'x'.repeat(300_000)}`);
    write(['two'], 1);
    expect(texts()).toEqual(['one', 'two']);
  });
});

test('any other bad line is a bug of the writer', () => {
  write(['one']);
  appendFileSync(file, '{"v":1}\n');
  write(['two'], 1);
  expect(() => readEvents(file)).toThrow();
});
