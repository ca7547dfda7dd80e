import { type ChildProcess, spawn } from 'node:child_process';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readEvents } from '../../../gym/events/log.ts';
import { findResumable } from '../../../gym/loop/resume.ts';
import { readJournal } from '../../../gym/store/journal.ts';
import { listMarked } from '../../../gym/store/processes.ts';
import { openStore } from '../../../gym/store/store.ts';
import { countingCheckout } from '../../support/counting.ts';
import type { TemporaryFolder } from '../../support/repository.ts';

const child = join(import.meta.dirname, '../../support/loop-child.ts');
const reportSchema = z.object({
  end: z.string(),
  branch: z.string(),
  looks: z.number(),
  attempts: z.array(
    z.object({ attempt: z.number(), state: z.string(), distance: z.number(), files: z.number().nullable() }),
  ),
});

interface Gym {
  readonly process: ChildProcess;
  /** Resolves to what it printed and how it ended. */
  readonly end: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

function start(checkout: string, killAt: number | 'never' = 'never'): Gym {
  const gym = spawn(process.execPath, [child, checkout, String(killAt)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  gym.stdout.on('data', (chunk) => (stdout += chunk));
  gym.stderr.on('data', (chunk) => (stderr += chunk));
  return { process: gym, end: new Promise((resolve) => gym.on('close', (code) => resolve({ code, stdout, stderr }))) };
}

/** Lets a gym go on to the end, and holds it to what a loop without any kill comes to. */
async function finishes(folder: TemporaryFolder, n: number) {
  const { code, stdout, stderr } = await start(folder.path).end;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const report = reportSchema.parse(JSON.parse(stdout));
  expect(report.end).toBe('done');
  const counts = Array.from({ length: n + 1 }, (_, attempt) => attempt);
  expect(report.attempts).toEqual(
    counts.map((attempt) => ({
      attempt,
      state: attempt === n ? 'pass' : 'fail',
      distance: n - attempt,
      files: attempt === 0 ? null : 1,
    })),
  );
  expect(folder.git('log', '--format=%s', report.branch).trim().split('\n')).toEqual([
    ...counts
      .slice(1)
      .reverse()
      .map((attempt) => `attempt ${attempt}`),
    'start state',
    'first',
  ]);
  const loop = basename(folder.path);
  const directory = openStore(folder.path).runDirectory(loop);
  const judged = readJournal(join(directory, 'journal.ndjson')).filter(({ type }) => type === 'judged');
  expect(judged).toHaveLength(n + 1);
  const events = readEvents(join(directory, 'events.ndjson'));
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
  expect(folder.git('status', '--porcelain')).toBe('');
  expect(folder.git('worktree', 'list').trim().split('\n')).toHaveLength(1);
  expect(listMarked(`GYM_RUN_ID=${loop}`)).toEqual([]);
  return report;
}

test('a loop that is killed at any look at the clock goes on to the same end', async () => {
  using whole = countingCheckout(1);
  const { looks } = await finishes(whole, 1);
  expect(looks).toBeGreaterThan(20);
  for (let killAt = 1; killAt <= looks; killAt += 5) {
    using folder = countingCheckout(1);
    const { code } = await start(folder.path, killAt).end;
    expect({ killAt, code }).toEqual({ killAt, code: null });
    await finishes(folder, 1);
  }
}, 90_000);

test.each([1, 2])(
  'a loop that is killed again and again at random moments (seed %i) does so too',
  async (seed) => {
    using folder = countingCheckout(4);
    // Numerical Recipes' linear congruential generator: the same moments for the same seed.
    let state = seed;
    const random = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    let kills = 0;
    while (kills < 8) {
      const gym = start(folder.path);
      await Promise.race([sleep(250 + random() * 700), gym.end]);
      if (gym.process.exitCode !== null) break;
      gym.process.kill('SIGKILL');
      await gym.end;
      kills += 1;
    }
    expect(kills).toBeGreaterThan(2);
    const found = findResumable(openStore(folder.path));
    if (found.ok) await finishes(folder, 4);
  },
  60_000,
);

test('a loop that is under way is not resumed, and its owner is named', async () => {
  using folder = countingCheckout(3);
  const first = start(folder.path);
  const store = openStore(folder.path);
  const loop = basename(folder.path);
  while (!findResumable(store, { name: loop, taskFile: undefined }).ok) await sleep(20);
  const second = await start(folder.path).end;
  expect(second).toMatchObject({ code: 2, stderr: `the loop ${loop} is under way in process ${first.process.pid}\n` });
  expect(findResumable(store)).toMatchObject({ ok: false });
  expect((await first.end).code).toBe(0);
});
