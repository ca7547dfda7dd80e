import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readEvents } from '../../../gym/events/log.ts';
import { processesOf, runFolder, runsOf, tinyCheckout, writeTask } from '../../support/gym/checkout.ts';
import { leftOf } from '../../support/gym/engine.ts';
import { gym, ownEnv, program, startGym } from '../../support/gym/program.ts';
import type { TemporaryFolder } from '../../support/repository.ts';

/** The aim is 100 ms on an idle machine, in the benchmarks; this one has been running tests. */
const startLimitMs = 300;
/** Until what waits for the next save has loaded all; and runs are in the order of their names, which have seconds. */
const pauseMs = 1_500;

let checkout: TemporaryFolder;
let path: string;

beforeEach(() => {
  checkout = tinyCheckout();
  path = checkout.path;
  const unit = { name: 'unit', command: 'sleep $(cat src/seconds)', inputs: ['src/**'], pure: true };
  writeTask(checkout, { stages: [unit] });
  checkout.write('.gitignore', '*.log\nbuild/\n');
  save('src/seconds', '0\n');
});

afterEach(async () => {
  checkout[Symbol.dispose]();
  // What was kept warm goes, though the checkout is gone by then.
  await expect.poll(() => leftOf(path), { timeout: 20_000 }).toEqual([]);
  expect(existsSync(path)).toBe(false);
});

function save(name: string, text: string): number {
  checkout.write(`envs/tiny/${name}`, text);
  return Date.now();
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let waitedMs = 0; waitedMs < 30_000; waitedMs += 20) {
    if (isSo()) return;
    await sleep(20);
  }
  throw new Error(`${what} did not happen; runs: ${states()}`);
}

function states(): string {
  const stateOf = (run: string): string => {
    try {
      return JSON.parse(readFileSync(join(runFolder(path, run), 'verdict.json'), 'utf8')).state;
    } catch {
      return 'running';
    }
  };
  return runsOf(path).map(stateOf).join(' ');
}

const arrived = (wanted: string): Promise<void> => until(wanted, () => states() === wanted);

/** Processes that were started in the checkout, and networks that were made for it. */
function left(): string[] {
  const within = (pid: string): boolean => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(path);
    } catch {
      return false;
    }
  };
  const list = ['network', 'ls', '-q', '--filter', `label=dev.gym.checkout=${path}`];
  const networks = execFileSync('docker', list, { encoding: 'utf8' }).split('\n').filter(Boolean);
  return [...readdirSync('/proc').filter((name) => /^\d+$/.test(name) && within(name)), ...networks];
}

test('gym watch verifies on every save, stops what a save makes stale, passes over what git ignores, and ends clean', async () => {
  const watching = startGym(path, ['watch', 'tiny']);
  await arrived('pass');
  const startsMs: number[] = [];
  for (const seconds of ['0.01', '0.02', '0.03']) {
    await sleep(pauseMs);
    const before = runsOf(path).length;
    const savedAt = save('src/seconds', `${seconds}\n`);
    await until('a verification of the save', () => runsOf(path).length > before && !states().includes('running'));
    const [began] = readEvents(join(runFolder(path, runsOf(path).at(-1) ?? ''), 'events.ndjson'));
    startsMs.push((began?.at ?? Number.POSITIVE_INFINITY) - savedAt);
  }
  expect(startsMs.sort((a, b) => a - b)[1]).toBeLessThan(startLimitMs);

  await sleep(pauseMs);
  save('src/seconds', '15\n');
  await arrived('pass pass pass pass running');
  await sleep(pauseMs);
  save('src/new/deep/file', 'in a folder that was not there\n');
  save('src/seconds', '0.2\n');
  await arrived('pass pass pass pass unknown pass');

  save('out.log', 'ignored\n');
  save('build/a.txt', 'ignored\n');
  await sleep(pauseMs);
  expect(runsOf(path)).toHaveLength(6);

  save('src/seconds', '20\n');
  await arrived('pass pass pass pass unknown pass running');
  watching.child.kill('SIGINT');
  const end = await watching.end;
  expect(end.exitCode).toBe(130);
  expect(end.stdout.match(/^PASS tiny/gm)).toHaveLength(5);
  expect(end.stdout).not.toContain('UNKNOWN');
  expect(end.stderr).toMatch(/^watching envs\/tiny, verifying on every save; Ctrl-C ends it$/m);
  expect(end.stderr).not.toContain('waiting');
  expect(processesOf(path)).toEqual([]);
  await until('the end of all that it kept warm', () => left().length === 0);
});

test('an unknown stage, check or task is told at the start, and nothing is watched', async () => {
  for (const [words, message] of [
    [['tiny', '--stage', 'nope'], 'error: tiny has no stage nope\n  The stages are: unit.\n'],
    [['tiny', '--check', 'nope'], 'error: tiny has no check nope\n'],
    [['tinny'], 'error: there is no task tinny\n'],
  ] as const) {
    const end = await gym(path, ['watch', ...words]);
    expect(end).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) });
  }
  expect(runsOf(path)).toEqual([]);
});

test('a task file that is broken is told with its line, before and during the watch, which goes on; a kill -9 leaves nothing', async () => {
  const good = readFileSync(join(path, 'envs/tiny/task.ts'), 'utf8');
  save('task.ts', `${good.slice(0, 60)}\n`);
  const watching = startGym(path, ['watch', 'tiny', '--baseline', '.']);
  let said = '';
  watching.child.stderr?.on('data', (text: string) => {
    said += text;
  });
  const broken = (times: number): Promise<void> =>
    until(`error ${times}`, () => said.split(/^error envs\/tiny\/task\.ts:\d+: /m).length === times + 1);
  await broken(1);
  save('task.ts', good);
  await arrived('pass');
  save('task.ts', `${good.slice(0, 70)}\n`);
  await broken(2);
  save('src/seconds', '30\n');
  await broken(3);
  save('task.ts', good);
  await arrived('pass running');
  watching.child.kill('SIGKILL');
  await watching.end;
  await until('the end of all', () => left().length === 0);
});

test('a person sees that it waits, runs again with Enter, and quits', async () => {
  // Of util-linux: it makes a terminal.
  const words = ['-qec', `'${process.execPath}' '${program}' watch tiny`, '/dev/null'];
  const child = spawn('script', words, { cwd: path, env: ownEnv });
  let said = '';
  child.stdout.on('data', (text: string) => {
    said += text;
  });
  const ended = once(child, 'close');
  const waiting = (times: number): Promise<void> =>
    until(
      `waiting ${times}`,
      () => said.split('waiting for a save in envs/tiny; Enter runs again').length === times + 1,
    );
  await waiting(1);
  child.stdin.write('\n');
  await waiting(2);
  expect(runsOf(path)).toHaveLength(2);
  child.stdin.write('q\n');
  expect(await ended).toEqual([0, null]);
});
