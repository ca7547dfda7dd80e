import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Event } from '../../../gym/events/event.ts';
import { openEventLog } from '../../../gym/events/log.ts';
import { events, GymError, verify } from '../../../gym/index.ts';
import { openHistory, type RunRow } from '../../../gym/store/history.ts';
import { openStore } from '../../../gym/store/store.ts';
import { temporaryFolder } from '../../support/repository.ts';

const run = '20300101-000000-abcd';
const row: RunRow = {
  ...{ run, kind: 'verify', task: 'tiny', state: 'running', distance: null, exitCode: null, headline: '' },
  ...{ startedAt: 1, durationMs: null, loop: null },
};

/** A checkout with a run that has just begun. */
function begun() {
  const folder = temporaryFolder();
  folder.git('init', '-q');
  const store = openStore(folder.path);
  const log = openEventLog(join(store.makeRunDirectory(run), 'events.ndjson'), run, []);
  const history = openHistory(store);
  history.save(row);
  log.emit({ type: 'phase.started', phase: 'up' });
  const end = (): void => {
    // As a verification does it: the history first.
    history.save({ ...row, state: 'pass' });
    log.emit({ type: 'run.finished', state: 'pass', exitCode: 0, durationMs: 1, verdictFile: 'verdict.json' });
  };
  const dispose = (): void => {
    log.close();
    history.close();
    folder[Symbol.dispose]();
  };
  return { folder, store, log, end, [Symbol.dispose]: dispose };
}

async function typesOf(events: AsyncIterable<Event>): Promise<string[]> {
  const types: string[] = [];
  for await (const { type } of events) types.push(type);
  return types;
}

test('a run that goes on is followed to its end, and its record is the same', async () => {
  using made = begun();
  const live = typesOf(events('abcd', { cwd: made.folder.path }));
  await sleep(150);
  made.log.emit({ type: 'noted', text: 'ünï\u2028cøde' });
  await sleep(150);
  made.end();
  const all = ['phase.started', 'noted', 'run.finished'];
  expect(await live).toEqual(all);
  expect(await typesOf(events(run, { cwd: made.folder.path }))).toEqual(all);
});

test('a run whose gym was killed ends where its log ends', async () => {
  using made = begun();
  const database = new DatabaseSync(made.store.historyFile);
  database.exec("UPDATE runs SET owner = ''");
  database.close();
  expect(await typesOf(events(run, { cwd: made.folder.path }))).toEqual(['phase.started']);
});

test('following is stopped without touching the run', async () => {
  using made = begun();
  expect(await typesOf(events(run, { cwd: made.folder.path, signal: AbortSignal.timeout(200) }))).toEqual([
    'phase.started',
  ]);
});

test('a run that nobody knows is an error with what to do', async () => {
  using made = begun();
  const asked = typesOf(events('beef', { cwd: made.folder.path }));
  await expect(asked).rejects.toThrow(GymError);
  await expect(asked).rejects.toMatchObject({
    problems: [{ kind: 'usage', remedy: expect.stringContaining('gym runs') }],
  });
});

test('a task that is not there or does not fit is an error with its place, and nothing is begun', async () => {
  using folder = temporaryFolder();
  folder.write('envs/broken/task.ts', 'export default {\n  nonsense: 1,\n};\n');
  await expect(verify('brokn', { cwd: folder.path })).rejects.toThrow('there is no task brokn. Did you mean broken?');
  const wrong = verify('broken', { cwd: folder.path });
  await expect(wrong).rejects.toThrow(/envs\/broken\/task\.ts(:\d+)?: .*nonsense/);
  await expect(wrong).rejects.toMatchObject({ name: 'GymError', problems: [{ kind: 'definition' }, {}, {}, {}, {}] });
  expect(existsSync(join(folder.path, '.gym'))).toBe(false);
});
