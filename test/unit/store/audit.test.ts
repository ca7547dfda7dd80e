import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test, vi } from 'vitest';
import { areAsWritten, auditRow, auditRun, auditStore, type Finding, isVouchedFor } from '../../../gym/store/audit.ts';
import { openHistory, type RunRow } from '../../../gym/store/history.ts';
import { endRun } from '../../../gym/store/run-files.ts';
import { openStore, type Store } from '../../../gym/store/store.ts';
import { temporaryFolder } from '../../support/repository.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const rowOf = (run: string, state = 'fail'): RunRow => ({
  ...{ run, kind: 'verify', task: 'tiny', state, distance: 0.5, exitCode: 1, headline: 'no', startedAt: 1, loop: null },
  durationMs: 7.25,
});

/** Writes what a run leaves, as `gym verify` does. */
function addRun(store: Store, run: string, write: (directory: string) => void = () => undefined): void {
  const directory = store.makeRunDirectory(run);
  for (const folder of ['stages', 'evidence']) mkdirSync(join(directory, folder), { recursive: true });
  writeFileSync(join(directory, 'events.ndjson'), '{"type":"noted"}\n');
  writeFileSync(join(directory, 'stages/unit.log'), `output of ${run}\n`);
  writeFileSync(join(directory, 'evidence/sent.json'), '[]');
  write(directory);
  const history = openHistory(store);
  endRun(history, directory, rowOf(run), `{"run":"${run}"}\n`);
  history.close();
  appendFileSync(join(directory, 'events.ndjson'), '{"type":"run.finished","state":"fail","exitCode":1}\n');
}

function audited(store: Store) {
  const history = openHistory(store);
  try {
    return auditStore(store, history);
  } finally {
    history.close();
  }
}

const found = (store: Store): string[] =>
  audited(store).findings.map(({ what, run, file }) => `${what} ${run} ${file}`);

function sql(store: Store, ...statements: string[]): void {
  const database = new DatabaseSync(store.historyFile);
  for (const statement of statements) database.exec(statement);
  database.close();
}

/** A store with three runs: links 2, 3 and 4, after the one that begins the chain. */
function threeRuns() {
  const folder = temporaryFolder();
  const store = openStore(folder.path);
  for (const run of ['one', 'two', 'three']) addRun(store, run);
  return { store, at: (path: string) => join(store.directory, 'runs', path), [Symbol.dispose]: folder[Symbol.dispose] };
}

test('what gym wrote is whole, as it is and after gym gc', () => {
  using runs = threeRuns();
  expect(audited(runs.store)).toMatchObject({ links: 4, verdicts: 3, collected: 0, findings: [], notes: [] });
  const history = openHistory(runs.store);
  history.removed(['one']);
  history.close();
  rmSync(runs.at('one'), { recursive: true });
  expect(audited(runs.store)).toMatchObject({ links: 5, verdicts: 2, collected: 1, findings: [] });
  expect(alone(runs, 'one')).toEqual([]);
  rmSync(runs.at('two'), { recursive: true });
  expect(alone(runs, 'two')).toMatchObject([{ what: 'removed', run: 'two' }]);
});

/** What is found of one run. */
function alone({ store }: Runs, run: string): Finding[] {
  const history = openHistory(store);
  const row = history.find(run);
  const findings = row === undefined ? expect.fail(`there is no ${run}`) : auditRun(store, history, row);
  history.close();
  return findings;
}

type Runs = ReturnType<typeof threeRuns>;
const tamperings: [what: string, tamper: (runs: Runs) => void, findings: string[]][] = [
  ['an edited verdict', ({ at }) => writeFileSync(at('two/verdict.json'), '{}'), ['edited two verdict.json']],
  ['an edited stage log', ({ at }) => appendFileSync(at('two/stages/unit.log'), 'x'), ['edited two stages/unit.log']],
  ['evidence that is gone', ({ at }) => rmSync(at('two/evidence/sent.json')), ['removed two evidence/sent.json']],
  [
    'evidence that was added',
    ({ at }) => writeFileSync(at('two/evidence/b.json'), ''),
    ['planted two evidence/b.json'],
  ],
  [
    'an event after the end',
    ({ at }) => appendFileSync(at('two/events.ndjson'), '{"type":"check.judged"}\n'),
    ['edited two events.ndjson'],
  ],
  [
    'another end in the events',
    ({ at }) =>
      writeFileSync(at('two/events.ndjson'), '{"type":"noted"}\n{"type":"run.finished","state":"pass","exitCode":0}\n'),
    ['edited two events.ndjson'],
  ],
  ['a run that is gone', ({ at }) => rmSync(at('two'), { recursive: true }), ['removed two null']],
  [
    'a planted verdict',
    ({ at }) => {
      mkdirSync(at('four'));
      writeFileSync(at('four/verdict.json'), '{"state":"pass"}');
    },
    ['planted four null'],
  ],
  [
    'a planted line in the history',
    ({ store }) =>
      sql(store, "INSERT INTO runs SELECT 'four', kind, task, 'pass', 0, 0, '', 9, 1, loop, owner FROM runs LIMIT 1"),
    ['planted four null'],
  ],
  [
    'an edited line',
    ({ store }) => sql(store, "UPDATE runs SET state = 'pass' WHERE run = 'two'"),
    ['edited two null'],
  ],
  ['a removed line', ({ store }) => sql(store, "DELETE FROM runs WHERE run = 'two'"), ['removed two null']],
  [
    'an edited link',
    ({ store }) => sql(store, `UPDATE chain SET body = replace(body, '"fail"', '"pass"') WHERE run = 'three'`),
    ['edited three null'],
  ],
  [
    'a link out of the middle that is gone',
    ({ store }) => sql(store, "DELETE FROM chain WHERE run = 'two'"),
    ['removed three null', 'planted two null'],
  ],
  [
    'links that were exchanged',
    ({ store }) =>
      sql(
        store,
        'UPDATE chain SET seq = 9 WHERE seq = 2',
        'UPDATE chain SET seq = 2 WHERE seq = 3',
        'UPDATE chain SET seq = 3 WHERE seq = 9',
      ),
    ['reordered two null', 'reordered one null', 'reordered three null'],
  ],
  [
    'a run that is gone without a trace in the store',
    ({ store, at }) => {
      sql(store, "DELETE FROM chain WHERE run = 'three'", "DELETE FROM runs WHERE run = 'three'");
      rmSync(at('three'), { recursive: true });
    },
    ['removed null null'],
  ],
];

test.each(tamperings)('%s shows', (_, tamper, findings) => {
  using runs = threeRuns();
  tamper(runs);
  expect(found(runs.store)).toEqual(findings);
});

test('a forger without the key cannot make a link that passes, nor can the next run cover the cut up', () => {
  using runs = threeRuns();
  const { store } = runs;
  sql(store, "DELETE FROM chain WHERE run = 'three'");
  // A gym with another key: what it links fits in itself.
  vi.stubEnv('XDG_STATE_HOME', runs.at('../../elsewhere'));
  addRun(store, 'forged');
  vi.unstubAllEnvs();
  expect(found(store)).toEqual(['unvouched forged null', 'removed null null', 'planted three null']);
  addRun(store, 'next');
  expect(found(store)).toEqual(['unvouched forged null', 'removed null null', 'planted three null']);
});

test('where no key can be kept, runs are kept all the same, and nothing vouches for them', () => {
  using runs = threeRuns();
  // No folder can be made there, not even by root.
  vi.stubEnv('XDG_STATE_HOME', '/proc/none');
  addRun(runs.store, 'unsealed');
  vi.unstubAllEnvs();
  expect(found(runs.store)).toContain('unvouched unsealed null');
});

test('runs of another user, and those from before there was a chain, are not vouched for and no alarm', () => {
  using folder = temporaryFolder();
  const store = openStore(folder.path);
  const history = openHistory(store);
  history.save(rowOf('old'));
  expect(auditRow(history, rowOf('old')).map(({ what }) => what)).toEqual(['unvouched']);
  history.close();
  expect(found(store)).toEqual(['unvouched old null']);
  addRun(store, 'new');
  expect(found(store)).toEqual(['unvouched old null']);
  const { findings } = audited(store);
  expect(findings[0]?.because).toBe('it is older than the chain');
});

test('a store that was removed shows until the next run begins a chain, which tells of it', () => {
  using runs = threeRuns();
  const { store } = runs;
  rmSync(store.directory, { recursive: true });
  expect(found(store)).toEqual(['removed null null']);
  addRun(store, 'four');
  expect(audited(store)).toMatchObject({
    findings: [],
    notes: [expect.stringMatching(/^the store was begun anew: one with 4 links, the last of 20/)],
  });
});

test('a kill between the link and the name of its verdict is no alarm', () => {
  using runs = threeRuns();
  renameSync(runs.at('three/verdict.json'), runs.at('three/verdict.json.99.tmp'));
  expect(found(runs.store)).toEqual([]);
  writeFileSync(runs.at('three/verdict.json.99.tmp'), '{}');
  expect(found(runs.store)).toEqual(['removed three verdict.json']);
});

test('a run of a gym that was killed is told of, and one that is under way is not', () => {
  using runs = threeRuns();
  const history = openHistory(runs.store);
  history.save({ ...rowOf('cut', 'running'), durationMs: null });
  history.save({ ...rowOf('on', 'running'), durationMs: null });
  sql(runs.store, "UPDATE runs SET owner = NULL WHERE run = 'cut'");
  expect(auditStore(runs.store, history)).toMatchObject({ findings: [], notes: ['run cut ended without a verdict'] });
  expect(isVouchedFor(history, 'one', 'fail')).toBe(true);
  expect(isVouchedFor(history, 'one', 'pass')).toBe(false);
  expect(isVouchedFor(history, 'cut', 'fail')).toBe(false);
  history.close();
});

test('two gyms that write at once and are killed leave a chain that fits', async () => {
  using folder = temporaryFolder();
  const store = openStore(folder.path);
  const source = join(import.meta.dirname, '../../../gym/store');
  const script = `
    import { openHistory } from '${source}/history.ts';
    import { endRun } from '${source}/run-files.ts';
    import { openStore } from '${source}/store.ts';
    const store = openStore(process.argv[1]);
    for (let n = 0; n < 1000; n += 1) {
      const run = process.pid + '-' + n;
      const directory = store.makeRunDirectory(run);
      const history = openHistory(store);
      const row = { run, kind: 'verify', task: 'tiny', loop: null, headline: '', startedAt: n };
      history.save({ ...row, state: 'running', distance: null, exitCode: null, durationMs: null });
      endRun(history, directory, { ...row, state: 'pass', distance: 0, exitCode: 0, durationMs: 1 }, 'x'.repeat(20_000));
      history.close();
      process.stdout.write('.');
    }`;
  const children = [1, 2].map(() =>
    spawn(process.execPath, ['--input-type=module', '-e', script, folder.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  await Promise.all(
    children.map(async (child) => {
      const exited = once(child, 'exit');
      let written = 0;
      for await (const chunk of child.stdout) {
        written += String(chunk).length;
        if (written >= 12) break;
      }
      child.kill('SIGKILL');
      await exited;
    }),
  );
  const audit = audited(store);
  expect(audit.findings).toEqual([]);
  expect(audit.verdicts).toBeGreaterThanOrEqual(24);
  expect(audit.notes.length).toBeLessThanOrEqual(2);
});

test('files of a run are believed only as they were at its end', () => {
  using runs = threeRuns();
  const history = openHistory(runs.store);
  const isBelieved = (run: string, ...paths: string[]) => areAsWritten(runs.store, history, rowOf(run), paths);
  expect(isBelieved('one', 'verdict.json', 'stages/unit.log')).toBe(true);
  writeFileSync(runs.at('one/stages/unit.log'), 'edited');
  expect(isBelieved('one', 'verdict.json')).toBe(true);
  expect(isBelieved('one', 'verdict.json', 'stages/unit.log')).toBe(false);
  expect(isBelieved('one', 'evidence/added.json')).toBe(false);
  expect(areAsWritten(runs.store, history, rowOf('two', 'pass'), ['verdict.json'])).toBe(false);
  expect(isBelieved('planted', 'verdict.json')).toBe(false);
  history.close();
});
