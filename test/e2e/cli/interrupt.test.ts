import { globSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { box, commit, processesOf, runsOf, type TinyTask, tinyCheckout } from '../../support/gym/checkout.ts';
import { containersOf, leftOf } from '../../support/gym/engine.ts';
import { gym, type RunningGym, startGym } from '../../support/gym/program.ts';

/** A moment at which gym is cut short. */
interface Moment {
  readonly when: string;
  readonly task: TinyTask;
  readonly args: readonly string[];
  /** Resolves when it has come. */
  readonly come: (running: RunningGym, checkout: string) => Promise<unknown>;
  /** What there is to leave behind, on the engine and as processes. */
  readonly leaves: 'environment' | 'processes' | 'both';
}

const neverHealthy = `${box}    healthcheck: { test: ["CMD", "false"], interval: 1s, retries: 600 }\n`;
const asleep = { name: 'unit', service: 'box', command: 'sleep 300 & sleep 300' };
// One of its processes leaves the group that gym could kill at once.
const asleepOnHost = { name: 'unit', command: 'setsid sleep 300 & sleep 300' };
const failsOnHost = { name: 'unit', command: 'test -f answer.txt' };

const sees =
  (type: string) =>
  ({ saw }: RunningGym): Promise<unknown> =>
    saw((event) => event.type === type);
const processes = async (_: RunningGym, checkout: string): Promise<void> => {
  while (processesOf(checkout).length < 2) await sleep(20);
};
const containers = async (_: RunningGym, checkout: string): Promise<void> => {
  while (containersOf(checkout).length === 0) await sleep(20);
};

/** The command lines of all processes on this machine, those in containers too. */
function commandLines(): string[] {
  return globSync('/proc/[0-9]*/cmdline').flatMap((file) => {
    try {
      return readFileSync(file, 'utf8').split('\0').join(' ').trim();
    } catch {
      return [];
    }
  });
}

const verify = ['verify', '--json=stream'];
const loop = (agent: string): string[] => ['loop', '--agent', `command:${agent}`, '--json=stream'];

const moments: readonly Moment[] = [
  {
    when: 'gym up waits for a service',
    task: { services: neverHealthy },
    args: ['up'],
    come: containers,
    leaves: 'environment',
  },
  {
    when: 'gym verify brings a service up',
    task: { services: neverHealthy },
    args: verify,
    come: containers,
    leaves: 'environment',
  },
  {
    when: 'a stage runs in a service',
    task: { stages: [asleep] },
    args: verify,
    come: sees('stage.started'),
    leaves: 'environment',
  },
  { when: 'a stage runs on the host', task: { stages: [asleepOnHost] }, args: verify, come: processes, leaves: 'both' },
  {
    when: 'the agent of a loop works',
    task: { stages: [failsOnHost] },
    args: loop('setsid sleep 300 & sleep 300'),
    come: processes,
    leaves: 'processes',
  },
  {
    when: 'a loop verifies',
    task: { stages: [asleep] },
    args: loop('true'),
    come: sees('stage.started'),
    leaves: 'environment',
  },
];

describe('Ctrl-C', () => {
  test('is told by the verdict', async () => {
    using checkout = tinyCheckout({ stages: [asleepOnHost] });
    const running = startGym(checkout.path, ['verify']);
    await processes(running, checkout.path);
    running.child.kill('SIGINT');
    const { stdout } = await running.end;
    expect(stdout).toMatch(
      /^UNKNOWN tiny: it was stopped before it could be judged\nUNKNOWN tiny {3}more: gym show \S+\n$/,
    );
  });

  test.each(moments)('while $when leaves nothing at exit', async ({ task, args, come }) => {
    using checkout = tinyCheckout(task);
    const running = startGym(checkout.path, args);
    await come(running, checkout.path);
    const start = performance.now();
    running.child.kill('SIGINT');
    const { exitCode, stderr } = await running.end;
    expect({ exitCode, stderr }).toEqual({ exitCode: 130, stderr: expect.not.stringContaining('bug') });
    expect(performance.now() - start).toBeLessThan(15_000);
    expect({ engine: leftOf(checkout.path), processes: processesOf(checkout.path) }).toEqual({
      engine: [],
      processes: [],
    });
    expect(runsOf(checkout.path).length).toBeGreaterThan(0);
  });
});

test('Ctrl-C while an image is built ends the build', async () => {
  const services = 'services:\n  box:\n    build: .\n    command: [sleep, infinity]\n';
  using checkout = tinyCheckout({ services });
  // Another one each time, so that no cache knows it.
  const seconds = 300 + Math.random();
  checkout.write('envs/tiny/Dockerfile', `FROM debian:bookworm-slim\nRUN sleep ${seconds}\n`);
  commit(checkout);
  const running = startGym(checkout.path, verify);
  const isBuilt = (): boolean => commandLines().includes(`sleep ${seconds}`);
  await running.saw(isBuilt);
  const start = performance.now();
  running.child.kill('SIGINT');
  expect((await running.end).exitCode).toBe(130);
  expect(performance.now() - start).toBeLessThan(15_000);
  expect(leftOf(checkout.path)).toEqual([]);
  await vi.waitFor(() => expect(isBuilt()).toBe(false), 10_000);
});

describe('kill -9', () => {
  test.each(moments)('while $when leaves nothing once the next gym has run', async ({ task, args, come, leaves }) => {
    using checkout = tinyCheckout(task);
    const running = startGym(checkout.path, args);
    await come(running, checkout.path);
    // Asked before: the watchdog may be quicker than an answer.
    if (leaves !== 'processes') expect(leftOf(checkout.path)).not.toEqual([]);
    if (leaves !== 'environment') expect(processesOf(checkout.path)).not.toEqual([]);
    running.child.kill('SIGKILL');
    expect(await running.end).toMatchObject({ exitCode: null });

    const next = await gym(checkout.path, ['ps']);
    expect(next).toEqual({ exitCode: 0, stdout: '', stderr: expect.stringMatching(/nothing is up\n$/) });
    expect({ engine: leftOf(checkout.path), processes: processesOf(checkout.path) }).toEqual({
      engine: [],
      processes: [],
    });
    const runs = await gym(checkout.path, ['runs']);
    expect(runs.stdout).not.toContain('running');
    if (args[0] !== 'up') expect(runs.stdout).toContain('cut off');
  });

  test('of one gym does not end what another one is at', async () => {
    using checkout = tinyCheckout({ stages: [{ name: 'unit', command: 'sleep 4' }] });
    using dead = tinyCheckout({ stages: [asleepOnHost] });
    const killed = startGym(dead.path, verify);
    const alive = startGym(checkout.path, verify);
    await processes(killed, dead.path);
    await sees('stage.started')(alive);
    killed.child.kill('SIGKILL');
    await killed.end;
    expect((await gym(checkout.path, ['ps'])).stdout).toMatch(/tiny\s+box\s+running/);
    expect({ engine: leftOf(dead.path), processes: processesOf(dead.path) }).toEqual({ engine: [], processes: [] });
    expect((await alive.end).exitCode).toBe(0);
  });
});

test('what gym up has brought up stays, whatever the next gyms remove, until gym down', async () => {
  using checkout = tinyCheckout();
  expect((await gym(checkout.path, ['up'])).exitCode).toBe(0);
  const kept = leftOf(checkout.path);
  expect((await gym(checkout.path, ['verify'])).exitCode).toBe(0);
  expect((await gym(checkout.path, ['ps'])).stdout).toMatch(/tiny\s+box\s+running/);
  expect(leftOf(checkout.path)).toEqual(kept);
  expect((await gym(checkout.path, ['down', '--wait'])).exitCode).toBe(0);
  // Its container and network, and the volume that says that it is up.
  expect({ kept: kept.length, left: leftOf(checkout.path) }).toEqual({ kept: 3, left: [] });
});
