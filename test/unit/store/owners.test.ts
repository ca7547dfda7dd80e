import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openHistory, type RunRow } from '../../../gym/store/history.ts';
import { thisOwner } from '../../../gym/store/owner.ts';
import { killMarked, killOrphans, killOwned, ownerMark } from '../../../gym/store/processes.ts';
import { openStore, type Store } from '../../../gym/store/store.ts';
import { temporaryFolder } from '../../support/repository.ts';

const running: RunRow = {
  ...{ run: 'r', kind: 'verify', task: 't', state: 'running', headline: '', startedAt: 1 },
  ...{ distance: null, exitCode: null, durationMs: null, loop: null },
};
const [host = '', pid = ''] = thisOwner().split(':');
const [machine = '', boot = ''] = host.split('.');

function store(): Store {
  const folder = temporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  const at = openStore(folder.path);
  at.make();
  return at;
}

function stateOf(at: Store): string | undefined {
  const history = openHistory(at);
  onTestFinished(() => history.close());
  return history.find('r')?.state;
}

describe('a run in the history', () => {
  test('is running while its gym lives', () => {
    const at = store();
    const history = openHistory(at);
    history.save(running);
    history.close();
    expect(stateOf(at)).toBe('running');
  });

  test('is cut off when its gym has gone without ending it', () => {
    const at = store();
    const source = join(import.meta.dirname, '../../../gym/store/history.ts');
    const code = `
      import { openHistory } from '${source}';
      openHistory({ make() {}, historyFile: ${JSON.stringify(at.historyFile)} }).save(${JSON.stringify(running)});
      process.kill(process.pid, 'SIGKILL');`;
    const { signal } = spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '--eval', code]);
    expect(signal).toBe('SIGKILL');
    expect(stateOf(at)).toBe('cut off');
  });

  test('of a history without owners is read, and gets one when it is saved again', () => {
    const at = store();
    const old = new DatabaseSync(at.historyFile);
    old.exec(`CREATE TABLE runs (run TEXT PRIMARY KEY, kind TEXT NOT NULL, task TEXT NOT NULL, state TEXT NOT NULL,
      distance REAL, exitCode INTEGER, headline TEXT NOT NULL, startedAt REAL NOT NULL, durationMs REAL, loop TEXT) STRICT`);
    old.exec("INSERT INTO runs VALUES ('r', 'verify', 't', 'running', NULL, NULL, '', 1, NULL, NULL)");
    old.exec("INSERT INTO runs VALUES ('s', 'verify', 't', 'pass', 0, 0, '', 0, 5, NULL)");
    old.close();
    const history = openHistory(at);
    onTestFinished(() => history.close());
    expect(history.newest(2).map(({ state }) => state)).toEqual(['cut off', 'pass']);
    history.save(running);
    expect(stateOf(at)).toBe('running');
  });
});

describe.runIf(process.platform === 'linux')('processes that gyms have left', () => {
  async function sleeper(mark: Record<string, string>): Promise<ChildProcess> {
    const name = 'GYM_TEST_MARKER';
    const value = String(Math.random());
    const env = { ...process.env, ...mark, [name]: value };
    const child = spawn('sh', ['-c', 'echo up; setsid sleep 60 & sleep 60'], { env });
    onTestFinished(async () => void (await killMarked(`${name}=${value}`)));
    await once(child.stdout, 'data');
    return child;
  }

  test('are killed, and those of gyms that live, or that cannot be seen from here, are not', async () => {
    const orphan = await sleeper({ GYM_OWNER: `${host}:${pid}:1` });
    const gone = once(orphan, 'exit');
    const others = [
      await sleeper(ownerMark()),
      await sleeper({ GYM_OWNER: `${machine}.${boot}.1:${pid}:1` }),
      await sleeper({ GYM_OWNER: `${machine}.earlier.1:${pid}:1` }),
    ];
    expect(await killOrphans()).toEqual([]);
    expect((await gone)[1]).toBe('SIGKILL');
    expect(others.map(({ exitCode, signalCode }) => exitCode ?? signalCode)).toEqual([null, null, null]);
  });

  test('of one owner are killed, whoever lives, and no others', async () => {
    const owned = await sleeper({ GYM_OWNER: `${host}:${pid}:2` });
    const gone = once(owned, 'exit');
    const other = await sleeper({ GYM_OWNER: `${host}:${pid}:23` });
    expect(await killOwned(`${host}:${pid}:2`)).toEqual([]);
    expect((await gone)[1]).toBe('SIGKILL');
    expect(other.exitCode ?? other.signalCode).toBeNull();
  });
});
