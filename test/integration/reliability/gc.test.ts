import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { canResume } from '../../../gym/loop/resume.ts';
import { openHistory, type RunRow } from '../../../gym/store/history.ts';
import { openJournal } from '../../../gym/store/journal.ts';
import { thisOwner } from '../../../gym/store/owner.ts';
import { openStore, type Store } from '../../../gym/store/store.ts';
import { runsOf, tinyCheckout } from '../../support/gym/checkout.ts';
import { gym } from '../../support/gym/program.ts';
import type { TemporaryFolder } from '../../support/repository.ts';
import { docker } from '../environment/support.ts';

const dayMs = 24 * 60 * 60_000;
const gone = thisOwner().replace(/\d+$/, '1');
let count = 0;

function row(run: string, change: Partial<RunRow> = {}): RunRow {
  const ended = { state: 'pass', distance: 0, exitCode: 0, headline: '', durationMs: 1, loop: null };
  return { run, kind: 'verify', task: 'tiny', startedAt: 1, ...ended, ...change };
}

/** A run's folder, written to so many days ago. */
function runFolder(store: Store, run: string, ageDays: number): string {
  const folder = store.makeRunDirectory(run);
  writeFileSync(join(folder, 'verdict.json'), '{}');
  const time = new Date(Date.now() - ageDays * dayMs);
  utimesSync(folder, time, time);
  return folder;
}

function withHistory(store: Store, rows: readonly RunRow[]): void {
  const history = openHistory(store);
  for (const each of rows) history.save(each);
  history.close();
}

/** A loop with a worktree, as a gym that was killed left it, or one that ended so. */
function loop(checkout: TemporaryFolder, store: Store, name: string, end?: 'done' | 'stopped'): void {
  const folder = store.makeRunDirectory(name);
  const directory = join(store.directory, 'worktrees', name);
  mkdirSync(join(store.directory, 'worktrees'), { recursive: true });
  checkout.git('worktree', 'add', '-q', '-b', `gym/tiny/${name}`, directory);
  const journal = openJournal(join(folder, 'journal.ndjson'));
  const limits = { attempts: 1, minutes: 1, usd: null };
  journal.append({ type: 'started', loop: name, task: 'tiny', taskFile: 'task.ts', agent: 'oracle', limits });
  const gitDirectory = join(checkout.path, '.git/worktrees', name);
  journal.append({
    type: 'worktree-made',
    worktree: { directory, workspace: directory, gitDirectory, kind: 'linked', branch: `gym/tiny/${name}`, start: 'x' },
  });
  if (end !== undefined) journal.append({ type: 'ended', end, because: '' });
  journal.close();
  const time = new Date(Date.now() - 60 * dayMs);
  utimesSync(folder, time, time);
}

describe('gym gc', () => {
  test('removes old runs, what kills have left, and worktrees of loops that are over; and lists them before', async () => {
    using checkout = tinyCheckout();
    const store = openStore(checkout.path);
    const names = Array.from({ length: 203 }, (_, index) => `20261101-000000-${String(index).padStart(4, '0')}`);
    for (const name of names) runFolder(store, name, 1);
    const running = runFolder(store, '20260101-000000-aaaa', 60);
    const old = runFolder(store, '20261102-000000-bbbb', 31);
    const cutOff = runFolder(store, '20261103-000000-cccc', 1);
    // One that was cut off remembers nothing.
    const snapshot = join(store.directory, 'snapshots/7');
    checkout.write('.gym/snapshots/7/tree/big', 'x'.repeat(3_000_000));
    loop(checkout, store, '20260101-000001-open');
    loop(checkout, store, '20260101-000002-stop', 'stopped');
    loop(checkout, store, '20260101-000003-done', 'done');
    const judged = runFolder(store, '20260101-000004-dddd', 60);
    const unbegun = join(store.directory, 'worktrees', '20260101-000005-none');
    mkdirSync(unbegun);
    withHistory(store, [
      ...[...names, '20261103-000000-cccc'].map((name) => row(name)),
      row('20260101-000000-aaaa', { state: 'running' }),
      row('20260101-000004-dddd', { loop: '20260101-000001-open' }),
    ]);
    const before = runsOf(checkout.path);

    const dry = await gym(checkout.path, ['gc', '--dry-run']);
    expect(dry.exitCode).toBe(0);
    expect(dry.stdout).toMatch(/^run +20261102-000000-bbbb +\S+ kB +older than 30 days$/m);
    expect(dry.stdout).toMatch(/^snapshot +7 +3(\.\d+)? MB +of a workspace that is gone/m);
    expect(dry.stdout).toMatch(/^worktree +20260101-000003-done +\S+ kB +its loop cannot be resumed$/m);
    expect(dry.stdout.match(/beyond the newest 200$/gm)).toHaveLength(5);
    expect(dry.stderr).toMatch(/^\d+ things, .*B; gym gc removes them\n$/);
    expect(runsOf(checkout.path)).toEqual(before);
    expect(existsSync(unbegun)).toBe(true);

    const removed = await gym(checkout.path, ['gc']);
    expect(removed).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/removed \d+ of \d+ things, .*B\n$/) });
    const after = new Set(runsOf(checkout.path));
    expect(before.filter((run) => !after.has(run))).toEqual([
      '20260101-000003-done',
      ...names.slice(0, 5),
      '20261102-000000-bbbb',
    ]);
    expect([running, judged, cutOff].filter(existsSync)).toHaveLength(3);
    expect([old, snapshot].filter(existsSync)).toEqual([]);
    const worktrees = join(store.directory, 'worktrees');
    expect(readdirSync(worktrees)).toEqual(['20260101-000001-open', '20260101-000002-stop']);
    expect(checkout.git('worktree', 'list').trim().split('\n')).toHaveLength(3);
    // The work of the loop that is over stays on its branch.
    expect(checkout.git('branch', '--list', 'gym/tiny/*').trim().split('\n')).toHaveLength(3);
    expect(canResume(store, '20260101-000001-open')).toBe(true);

    const again = await gym(checkout.path, ['gc', '--dry-run']);
    expect(again.stdout).not.toMatch(/^(run|snapshot|worktree) /m);
    expect((await gym(checkout.path, ['runs', '-n', '300'])).stdout).toContain(names[0]);
  });

  test('removes what a gym that is gone kept for a checkout that is gone, and nothing that only looks like it', async () => {
    using checkout = tinyCheckout();
    count += 1;
    const name = `gymtest-gc-${process.pid}-${count}`;
    const volume = (suffix: string, labels: Readonly<Record<string, string>>): string => {
      const options = Object.entries(labels).flatMap(([key, value]) => ['--label', `dev.gym.${key}=${value}`]);
      return docker('volume', 'create', ...options, `${name}-${suffix}`);
    };
    const kept = { project: name, lease: 'kept', checkout: '/nowhere/at/all', owner: gone };
    const garbage = [volume('abandoned', kept), volume('orphan', { ...kept, lease: 'process' })];
    const lookalikes = [
      volume('plain', {}),
      // What came up to the end has a mark.
      volume('mark', { ...kept, checkout: checkout.path, generation: 'first', up: '1' }),
      volume('checkout-is-there', { ...kept, checkout: checkout.path }),
      volume('owner-lives', { ...kept, owner: thisOwner() }),
      volume('owner-elsewhere', { ...kept, owner: gone.replace(/^[^:]+/, 'other.other.1') }),
      volume('no-owner', { project: name, lease: 'kept', checkout: '/nowhere/at/all' }),
      volume('no-project', { lease: 'kept', checkout: '/nowhere/at/all', owner: gone }),
    ];
    onTestFinished(() => void docker('volume', 'rm', '--force', ...garbage, ...lookalikes));
    const there = (): string[] => docker('volume', 'ls', '-q', '--filter', `name=${name}`).split('\n').sort();

    const dry = await gym(checkout.path, ['gc', '--dry-run']);
    expect(dry.stdout).toMatch(new RegExp(`^volume +${name}-abandoned +\\S+ B +its checkout is gone$`, 'm'));
    expect(dry.stdout).not.toMatch(new RegExp(lookalikes.join('|')));
    expect(there()).toEqual(expect.arrayContaining(lookalikes));
    expect((await gym(checkout.path, ['gc'])).exitCode).toBe(0);
    expect(there()).toEqual(lookalikes.sort());
  });
});
