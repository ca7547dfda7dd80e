import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inOrderOfTime, recordedLines, windowOf } from '../../../gym/cli/recorded-logs.ts';
import { CappedFile } from '../../../gym/environment/capped-file.ts';
import { type Event, eventVersion } from '../../../gym/events/event.ts';
import { temporaryFolder } from '../../support/repository.ts';

const at = Date.UTC(2026, 10, 20, 8, 15, 30, 250);
const event = (atMs: number, body: object): Event =>
  ({ v: eventVersion, seq: 0, run: 'r', at: atMs, span: 'run', ...body }) as Event;
const events = [
  event(at, { type: 'noted', text: 'begins' }),
  event(at + 5000, { type: 'stage.started', stage: 'e2e', command: 'x' }),
  event(at + 9000, {
    type: 'stage.finished',
    stage: 'e2e',
    state: 'fail',
    because: '',
    cases: null,
    exitCode: 1,
    durationMs: 4000,
  }),
];

test.each([
  ['e2e', at + 5000, at + 9000],
  ['12.5s', at + 11_500, at + 13_500],
  ['250 ms', at - 750, at + 1250],
  ['2m', at + 119_000, at + 121_000],
  ['08:15:31.250', at, at + 2000],
  ['2026-11-20T08:15:31.250Z', at, at + 2000],
  ['2026-11-20T09:15:31.250+01:00', at, at + 2000],
  [String(at + 1000), at, at + 2000],
])('%s is a time of the run', (word, fromMs, toMs) => {
  expect(windowOf(word, events)).toEqual({ fromMs, toMs });
});

test.each(['noon', '', '12', '25:99:00', '-5s'])('%j is none', (word) => {
  expect(windowOf(word, events)).toBeUndefined();
});

test('a log tells when its lines came, whatever bytes they have, also of the part that made room', async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'api.log');
  const log = new CappedFile(file, 100);
  const moments: number[] = [];
  for (const text of [
    'one é\nbad \u{1f600}\n',
    `half of ${'x'.repeat(40)}`,
    'a line\n',
    'three that is so long that it makes room\n',
    'four',
  ]) {
    moments.push(Date.now());
    await new Promise((resolve) =>
      log.write(
        text.startsWith('one') ? Buffer.concat([Buffer.from([0xff]), Buffer.from(text)]) : Buffer.from(text),
        resolve,
      ),
    );
    await sleep(60);
  }
  log.end();
  await finished(log);
  log.destroy();
  const lines = [...recordedLines('api', file)];
  expect(lines.map(({ text }) => text)).toEqual([
    '\ufffdone é',
    'bad \u{1f600}',
    `half of ${'x'.repeat(40)}a line`,
    expect.stringContaining('what came before'),
    'three that is so long that it makes room',
    'four',
  ]);
  const [first = 0, , , third = 0, fourth = 0] = moments;
  expect(lines[0]?.atMs).toBeGreaterThanOrEqual(first);
  expect(lines[4]?.atMs).toBeGreaterThanOrEqual(third);
  const within = (fromMs: number, toMs: number): string[] =>
    [...recordedLines('api', file, { fromMs, toMs })].map(({ text }) => text);
  expect(within(first, first + 50)).toEqual(['\ufffdone é', 'bad \u{1f600}']);
  expect(within(fourth, Number.POSITIVE_INFINITY)).toEqual(['four']);
  expect(within(0, first - 1)).toEqual([]);
});

test('lines of several logs come in the order of their times', () => {
  function* of(source: string, times: readonly number[]) {
    for (const atMs of times) yield { source, atMs, text: `${source}${atMs}` };
  }
  const merged = [...inOrderOfTime([of('a', [1, 4, 5]), of('b', []), of('c', [2, 3, 6])])];
  expect(merged.map(({ text }) => text)).toEqual(['a1', 'c2', 'c3', 'a4', 'a5', 'c6']);
});
