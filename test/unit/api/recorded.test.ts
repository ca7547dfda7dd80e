import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { recordedEvents } from '../../../gym/api/recorded.ts';
import { runNamed } from '../../../gym/api/run-named.ts';
import type { Event } from '../../../gym/events/event.ts';
import { openEventLog } from '../../../gym/events/log.ts';
import { openHistory, type RunRow } from '../../../gym/store/history.ts';
import { openStore } from '../../../gym/store/store.ts';
import { temporaryFolder } from '../../support/repository.ts';

const run = '20300101-000000-abcd';
const row: RunRow = {
  ...{ run, kind: 'verify', task: 'tiny', state: 'running', distance: null, exitCode: null, headline: '' },
  ...{ startedAt: 1, durationMs: null, loop: null },
};

/** A checkout with a history, in which runs are begun. */
function checkout() {
  const folder = temporaryFolder();
  folder.git('init', '-q');
  const store = openStore(folder.path);
  const history = openHistory(store);
  let now = 0;
  const begin = (begun: RunRow) => {
    history.save(begun);
    return openEventLog(fileOf(begun.run), begun.run, [], () => (now += 1));
  };
  const fileOf = (name: string): string => join(store.makeRunDirectory(name), 'events.ndjson');
  const recorded = () => {
    const named = runNamed(folder.path, run);
    return named.ok ? recordedEvents(named.value) : expect.fail('there is no run');
  };
  const cutOff = (): void => {
    using database = new DatabaseSync(store.historyFile);
    database.exec("UPDATE runs SET owner = ''");
  };
  const dispose = (): void => {
    history.close();
    folder[Symbol.dispose]();
  };
  return { store, history, begin, fileOf, recorded, cutOff, [Symbol.dispose]: dispose };
}

async function all(batches: AsyncIterable<readonly Event[]>): Promise<Event[]> {
  const events: Event[] = [];
  for await (const batch of batches) events.push(...batch);
  return events;
}

const noted = (text: string) => ({ type: 'noted', text }) as const;
const told = (events: readonly Event[]) =>
  events.map((event) =>
    event.type === 'noted' ? event.text : event.type === 'problem.found' ? event.problem.message : event.type,
  );
const finished = { type: 'loop.finished', end: 'done', because: '', attempts: 1, branch: 'b', durationMs: 1 } as const;

test('of a loop, the events of its verifications are in the order in which all happened', async () => {
  using made = checkout();
  const loop = made.begin({ ...row, kind: 'loop' });
  loop.emit(noted('loop'));
  const [first, second] = ['20300101-000001-0001', '20300101-000002-0002'];
  made.begin({ ...row, run: first, loop: run, startedAt: 2 }).emit(noted('first'));
  loop.emit(noted('between'));
  const last = made.begin({ ...row, run: second, loop: run, startedAt: 3 });
  last.emit(noted('second'));
  made.begin({ ...row, run: '20300101-000003-0003', startedAt: 4 }).emit(noted('no part of it'));
  const batches = made.recorded();
  expect(told((await batches.next()).value)).toEqual(['loop', 'first', 'between', 'second']);
  // It goes on.
  last.emit(noted('more'));
  expect(told((await batches.next()).value)).toEqual(['more']);
  loop.emit(finished);
  made.history.end({ ...row, kind: 'loop', state: 'done', durationMs: 1 }, {});
  expect(told(await all(batches))).toEqual(['loop.finished']);
});

test('what cannot be read is left out and told of, and a torn last line is none', async () => {
  using made = checkout();
  const log = made.begin(row);
  log.emit(noted('before'));
  appendFileSync(made.fileOf(run), '{"v":1,"seq\n\u0000\n{"v":1,"type":"of another gym"}\n');
  log.emit(noted('after'));
  appendFileSync(made.fileOf(run), '{"v":1,"seq":9');
  made.cutOff();
  expect(told(await all(made.recorded()))).toEqual(['before', 'after', `3 of the events of run ${run} cannot be read`]);
});

test('events that tell of another end than the history are told of, as nothing else vouches for those of a loop or of what was cut off', async () => {
  using made = checkout();
  const passed = { type: 'run.finished', state: 'pass', exitCode: 0, durationMs: 1 } as const;
  const saysOf = (name: string, end: string, known: string): string =>
    `NOT AS GYM WROTE IT: the events of ${run} say of run ${name}: ${end}, the history: ${known}`;
  const other = { ...row, run: '20300101-000009-0009' };
  made.history.end({ ...other, state: 'pass', durationMs: 1 }, {});
  const finishedAs = (name: string) =>
    `${JSON.stringify({ v: 1, seq: 1, run: name, at: 1, span: 'run', ...passed, verdictFile: 'verdict.json' })}\n`;
  made.begin(row);
  appendFileSync(made.fileOf(run), finishedAs(other.run));
  made.cutOff();
  expect(told(await all(made.recorded()))).toEqual(['run.finished', saysOf(run, 'pass', 'cut off')]);

  using looped = checkout();
  const loop = looped.begin({ ...row, kind: 'loop' });
  const judged = { type: 'attempt.judged', attempt: 1, distance: 0, headline: '', durationMs: 1 } as const;
  loop.emit({ ...judged, judgedRun: other.run, state: 'pass' });
  looped.history.end({ ...other, state: 'pass', durationMs: 1 }, {});
  loop.emit(finished);
  looped.history.end({ ...row, kind: 'loop', state: 'attempts', durationMs: 1 }, {});
  expect(told(await all(looped.recorded())).at(-1)).toBe(saysOf(other.run, 'pass', 'nothing'));

  using ended = checkout();
  ended.begin({ ...row, kind: 'loop' }).emit(finished);
  ended.history.end({ ...row, kind: 'loop', state: 'attempts', durationMs: 1 }, {});
  expect(told(await all(ended.recorded()))).toEqual(['loop.finished', saysOf(run, 'done', 'attempts')]);
});

test('of a loop, each verification is looked at, not the last alone', async () => {
  using made = checkout();
  const first = { ...row, run: '20300101-000001-0001', loop: run, startedAt: 2 };
  const last = { ...row, run: '20300101-000002-0002', loop: run, startedAt: 3 };
  const loop = made.begin({ ...row, kind: 'loop' });
  for (const each of [first, last]) {
    made.begin(each).emit(noted(each.run));
    made.history.end({ ...each, state: 'fail', durationMs: 1 }, {});
  }
  loop.emit(finished);
  made.history.end({ ...row, kind: 'loop', state: 'done', durationMs: 1 }, {});
  made.history.save({ ...first, state: 'pass', durationMs: 1 });
  expect(told(await all(made.recorded())).at(-1)).toContain(`NOT AS GYM WROTE IT: edited ${first.run}`);
});

test('a run of which nothing is left says so', async () => {
  using made = checkout();
  made.begin(row);
  made.cutOff();
  rmSync(made.store.runDirectory(run), { recursive: true });
  expect(told(await all(made.recorded()))).toEqual([
    `nothing of run ${run} can be read in ${made.store.runDirectory(run)}`,
  ]);
});
