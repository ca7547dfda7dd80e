import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readEvents } from '../../../gym/events/log.ts';
import { processesOf, runFolder, runsOf, tinyCheckout, writeTask } from '../../support/gym/checkout.ts';
import { startGym } from '../../support/gym/program.ts';

/** A busy machine takes its time; the aim, on an idle one, is in the benchmarks. */
const startLimitMs = 3_000;

test('gym watch verifies on every save, stops what a save makes stale, passes over what git ignores, and ends clean', async () => {
  using checkout = tinyCheckout();
  const { path } = checkout;
  const unit = { name: 'unit', command: 'sleep $(cat src/seconds)', inputs: ['src/**'], pure: true };
  writeTask(checkout, { stages: [unit] });
  checkout.write('.gitignore', '*.log\nbuild/\n');
  const save = (name: string, text: string): number => {
    checkout.write(`envs/tiny/${name}`, text);
    return Date.now();
  };
  save('src/seconds', '0\n');
  const until = async (what: string, isSo: () => boolean): Promise<void> => {
    for (let waitedMs = 0; waitedMs < 20_000; waitedMs += 20) {
      if (isSo()) return;
      await sleep(20);
    }
    throw new Error(`${what} did not happen; runs: ${runsOf(path)}`);
  };
  const states = (): string[] =>
    runsOf(path).map((run) => {
      try {
        return JSON.parse(readFileSync(join(runFolder(path, run), 'verdict.json'), 'utf8')).state;
      } catch {
        return 'running';
      }
    });
  const isNow =
    (...wanted: string[]) =>
    (): boolean =>
      states().join() === wanted.join();

  const watching = startGym(path, ['watch', 'tiny']);
  await until('the first verification', isNow('pass'));
  // Whatever waits for the next save has been loaded by then.
  await sleep(1_000);

  const savedAt = save('src/seconds', '0.1\n');
  await until('a verification of the save', isNow('pass', 'pass'));
  const [began] = readEvents(join(runFolder(path, runsOf(path)[1] ?? ''), 'events.ndjson'));
  expect((began?.at ?? 0) - savedAt).toBeLessThan(startLimitMs);

  save('src/seconds', '15\n');
  await until('a verification that takes long', isNow('pass', 'pass', 'running'));
  await sleep(500);
  save('src/new/deep/file', 'in a folder that was not there\n');
  save('src/seconds', '0.2\n');
  await until('the end of both', isNow('pass', 'pass', 'unknown', 'pass'));

  save('out.log', 'ignored\n');
  save('build/a.txt', 'ignored\n');
  await sleep(700);
  expect(runsOf(path)).toHaveLength(4);

  writeFileSync(join(path, 'envs/tiny/src/seconds'), '20\n');
  await until('one more', () => runsOf(path).length === 5);
  watching.child.kill('SIGINT');
  const end = await watching.end;
  expect(end.exitCode).toBe(130);
  expect(end.stdout.match(/^PASS tiny/gm)).toHaveLength(3);
  expect(end.stdout).not.toContain('UNKNOWN');
  expect(processesOf(path)).toEqual([]);
});
