import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { thisOwner } from '../../../gym/store/owner.ts';
import { box, processesOf, tinyCheckout } from '../../support/gym/checkout.ts';
import { gym, type RunningGym, repository, startGym } from '../../support/gym/program.ts';
import { docker } from '../environment/support.ts';
import { labelledNow, untilNone, watchdogsOf } from './support.ts';

/** What the issue promises on a machine that is not busy is 2 s; the tests share two cores with the engine and others. */
const reapedWithinMs = 6_000;
/** Its last look is some seconds after the gym has gone. */
const watchdogGoneMs = 15_000;

const other = (name: string): string => box.replace('services:\n', '').replace('box:', `${name}:`);
const services = `${box}${other('second')}    volumes: ["data:/data", /anonymous]\nvolumes: { data: {} }\n`;
const neverHealthy = `${services.replace(/volumes: \{.*\n$/, '')}${other('sick')}    healthcheck: { test: ["CMD", "false"], interval: 1s, retries: 600 }\nvolumes: { data: {} }\n`;
const asleepOnHost = { name: 'unit', command: 'setsid sleep 300 & sleep 300' };

const left = async (checkout: string): Promise<string[]> => [
  ...(await labelledNow(`dev.gym.checkout=${checkout}`)),
  ...processesOf(checkout).map((pid) => `process ${pid}`),
];
const noWatchdog = ({ child }: RunningGym): Promise<number> =>
  untilNone(async () => watchdogsOf(child.pid), watchdogGoneMs);
/** What is waited for at the end, side by side: of each watchdog how long it stayed, or that it is not gone. */
const stays: Promise<unknown>[] = [];
const noWatchdogLater = (killed: RunningGym): void => {
  stays.push(noWatchdog(killed).catch((error: unknown) => error));
};

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const limit = performance.now() + 60_000;
  while (!(await isSo())) {
    if (performance.now() > limit) throw new Error(`not within a minute: ${isSo}`);
    await sleep(20);
  }
}

/** Session of a process: field 6 of proc_pid_stat(5). */
function sessionOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
}

describe.runIf(process.platform === 'linux')('the watchdog', () => {
  test('reaps what a gym that is killed in a stage leaves, on the engine and on the host, without another gym', async () => {
    using checkout = tinyCheckout({ services, stages: [asleepOnHost] });
    const running = startGym(checkout.path, ['verify', '--json=stream']);
    await running.saw(({ type }) => type === 'stage.started');
    await until(async () => processesOf(checkout.path).length >= 2);
    // Two containers, a network, a named and an anonymous volume, and processes.
    expect((await left(checkout.path)).length).toBeGreaterThanOrEqual(7);
    expect(watchdogsOf(running.child.pid)).toHaveLength(1);
    running.child.kill('SIGKILL');
    expect(await untilNone(() => left(checkout.path), reapedWithinMs)).toBeGreaterThan(0);
    noWatchdogLater(running);
  });

  test.each([
    { command: 'verify', args: ['verify'] },
    { command: 'up', args: ['up'] },
  ])('reaps what gym $command has half brought up', async ({ args }) => {
    using checkout = tinyCheckout({ services: neverHealthy });
    const running = startGym(checkout.path, args);
    await until(async () => (await left(checkout.path)).length >= 6);
    running.child.kill('SIGKILL');
    await untilNone(() => left(checkout.path), reapedWithinMs);
    noWatchdogLater(running);
  });

  test('reaps the agent of a loop', async () => {
    using checkout = tinyCheckout({ stages: [{ name: 'unit', command: 'test -f answer.txt' }] });
    const running = startGym(checkout.path, [
      'loop',
      '--agent',
      'command:setsid sleep 300 & sleep 300',
      '--json=stream',
    ]);
    await running.saw(({ type }) => type === 'attempt.started');
    await until(async () => processesOf(checkout.path).length >= 2);
    running.child.kill('SIGKILL');
    await untilNone(() => left(checkout.path), reapedWithinMs);
    noWatchdogLater(running);
  });

  test('is in a session of its own, has no mark of a gym, and is gone when gym has ended in order', async () => {
    using checkout = tinyCheckout({ stages: [{ name: 'unit', command: 'sleep 1' }] });
    const running = startGym(checkout.path, ['verify', '--json=stream'], { GYM_RUN_ID: 'of-an-outer-gym' });
    await running.saw(({ type }) => type === 'stage.started');
    const [watchdog = 0] = watchdogsOf(running.child.pid);
    expect(sessionOf(watchdog)).toBe(watchdog);
    expect(readFileSync(`/proc/${watchdog}/environ`, 'utf8')).not.toContain('GYM_');
    // A shell, not a Node of 40 MB.
    expect(readFileSync(`/proc/${watchdog}/cmdline`, 'utf8')).toMatch(/^sh\0/);
    await running.end;
    expect(await untilNone(async () => watchdogsOf(running.child.pid), 1_000)).toBeLessThan(1_000);
  });

  test('outlives a Ctrl-C of the terminal, and what gym ends in order it does not touch', async () => {
    using checkout = tinyCheckout({ services, stages: [asleepOnHost] });
    // A group of its own, as a shell gives to a job.
    const child = spawn(process.execPath, [join(repository, 'dist/gym.js'), 'verify'], {
      cwd: checkout.path,
      stdio: 'ignore',
      detached: true,
    });
    const { pid = 0 } = child;
    onTestFinished(() => void child.kill('SIGKILL'));
    await until(async () => processesOf(checkout.path).length >= 2);
    const watchdogs = watchdogsOf(pid);
    expect(watchdogs).toHaveLength(1);
    const ended = once(child, 'exit');
    process.kill(-pid, 'SIGINT');
    expect(watchdogsOf(pid)).toEqual(watchdogs);
    expect(await ended).toEqual([130, null]);
    expect(await left(checkout.path)).toEqual([]);
    await untilNone(async () => watchdogsOf(pid), watchdogGoneMs);
  });

  test('has nothing to look for after gym was interrupted while the environment came up', async () => {
    using checkout = tinyCheckout({ services: neverHealthy });
    const running = startGym(checkout.path, ['verify', '--json=stream']);
    await running.saw((event) => event.type === 'service.changed' && event.state === 'started');
    running.child.kill('SIGINT');
    expect((await running.end).exitCode).toBe(130);
    expect(await left(checkout.path)).toEqual([]);
    expect(await untilNone(async () => watchdogsOf(running.child.pid), 1_000)).toBeLessThan(1_000);
  });

  test('leaves what is kept once it is up, what others hold, and what only looks like it', async () => {
    using kept = tinyCheckout();
    const untilDone = `until [ -e ${kept.path}/done ]; do sleep 0.1; done`;
    using alive = tinyCheckout({ stages: [{ name: 'unit', command: untilDone }] });
    using dead = tinyCheckout({ stages: [asleepOnHost] });
    await using _ = { [Symbol.asyncDispose]: async () => void (await gym(kept.path, ['down', '--wait'])) };
    const up = startGym(kept.path, ['up']);
    expect((await up.end).exitCode).toBe(0);
    expect(await untilNone(async () => watchdogsOf(up.child.pid), 1_000)).toBeLessThan(1_000);
    const before = await labelledNow(`dev.gym.checkout=${kept.path}`);

    const living = startGym(alive.path, ['verify', '--json=stream']);
    const killed = startGym(dead.path, ['verify', '--json=stream']);
    await Promise.all([living, killed].map(({ saw }) => saw(({ type }) => type === 'stage.started')));
    const volume = `gymtest-lookalike-${process.pid}`;
    const [owner = ''] = docker(
      'inspect',
      '--format',
      '{{index .Config.Labels "dev.gym.owner"}}',
      await containerOf(dead.path),
    ).split('\n');
    // The owner's name alone, and gym's labels with an owner that lives.
    docker('volume', 'create', '--label', `dev.gym.owner=${owner}`, volume);
    const labels = ['dev.gym.lease=process', 'dev.gym.project=x', `dev.gym.owner=${thisOwner()}`];
    docker('volume', 'create', ...labels.flatMap((each) => ['--label', each]), `${volume}-2`);
    onTestFinished(() => void docker('volume', 'rm', volume, `${volume}-2`));

    killed.child.kill('SIGKILL');
    await untilNone(() => left(dead.path), reapedWithinMs);
    await noWatchdog(killed);
    expect(await labelledNow(`dev.gym.checkout=${kept.path}`)).toEqual(before);
    expect(docker('volume', 'ls', '-q', '--filter', `name=${volume}`).split('\n')).toEqual([volume, `${volume}-2`]);
    kept.write('done', '');
    expect((await living.end).exitCode).toBe(0);
  });

  test('is gone some seconds after it has reaped', async () => {
    expect(await Promise.all(stays)).toEqual(Array.from({ length: 4 }, () => expect.any(Number)));
  });
});

async function containerOf(checkout: string): Promise<string> {
  const [first = ''] = await labelledNow(`dev.gym.checkout=${checkout}`);
  return first.replace('containers ', '');
}
