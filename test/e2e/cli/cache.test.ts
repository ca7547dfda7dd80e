import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Event } from '../../../gym/events/event.ts';
import { commit, runsOf, tapStage, tinyCheckout, writeTask } from '../../support/gym/checkout.ts';
import { leftOf } from '../../support/gym/engine.ts';
import { eventsOf, gym, startGym } from '../../support/gym/program.ts';
import type { TemporaryFolder } from '../../support/repository.ts';

/** What a verification ran, and whether anything was brought up for it. */
interface Seen {
  readonly ran: readonly string[];
  readonly cached: readonly string[];
  readonly isUp: boolean;
  readonly exitCode: number | null;
  readonly run: string;
}

async function verify(
  { path }: TemporaryFolder,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Seen> {
  const { stdout, exitCode } = await gym(path, ['verify', 'tiny', '--json=stream', ...args], env);
  const events = eventsOf(stdout);
  const ended = events.filter((event) => event.type === 'stage.finished');
  const names = (isMeant: (event: Extract<Event, { type: 'stage.finished' }>) => boolean): string[] =>
    ended.filter(isMeant).map(({ stage }) => stage);
  return {
    ran: names(({ cachedFrom, exitCode: code }) => cachedFrom === undefined && code !== null),
    cached: names(({ cachedFrom }) => cachedFrom !== undefined),
    isUp: events.some((event) => event.type === 'phase.started' && event.phase === 'up'),
    exitCode,
    run: events[0]?.run ?? '',
  };
}

const why = async ({ path }: TemporaryFolder, stage: string, env: NodeJS.ProcessEnv = {}): Promise<string> =>
  (await gym(path, ['why', stage, 'tiny'], env)).stdout;

const base = `gym-cache-test-${process.pid}:base`;
const docker = (args: readonly string[], input = ''): void => {
  execFileSync('docker', args, { input, stdio: ['pipe', 'ignore', 'ignore'] });
};

describe('a stage in a service', () => {
  let checkout: TemporaryFolder;
  const file = (name: string, content: string): (() => void) => {
    return () => {
      checkout.write(`envs/tiny/${name}`, content);
      commit(checkout);
    };
  };
  beforeAll(() => {
    docker(['tag', 'debian:bookworm-slim', base]);
    checkout = tinyCheckout();
    writeTask(checkout, {
      services: `services:
  box:
    build: .
    init: true
    command: [sleep, infinity]
    env_file: box.env
    environment: { WHO: "\${GYM_TEST_WHO:-me}" }
    volumes: ["./data:/data:ro"]
`,
      stages: [
        { name: 'lint', command: 'test ! -e src/bad.txt', inputs: ['src/**'], pure: true },
        tapStage('1..1\nok 1 - adds up\n'),
        { name: 'e2e', service: 'box', command: 'grep -q . /data/state' },
      ],
    });
    file('Dockerfile', `FROM ${base}\nLABEL v=1\nCOPY app /app\n`)();
    file('.dockerignore', '*\n!app\n')();
    file('app/main.c', 'one\n')();
    file('box.env', 'A=1\n')();
    file('data/state', 'one\n')();
    file('src/a.txt', 'one\n')();
    file('README.md', 'one\n')();
  });
  afterAll(() => {
    expect(leftOf(checkout.path)).toEqual([]);
    checkout[Symbol.dispose]();
    docker(['rmi', base]);
  });

  test('is taken from the run in which it passed, as long as nothing that can reach it has changed', async () => {
    const first = await verify(checkout);
    expect(first).toMatchObject({ ran: ['lint', 'unit', 'e2e'], isUp: true, exitCode: 0 });
    const second = await verify(checkout);
    expect(second).toMatchObject({ ran: [], cached: ['lint', 'unit', 'e2e'], isUp: false, exitCode: 0 });
    const shown = JSON.parse((await gym(checkout.path, ['show', '--json'])).stdout);
    expect(shown.stages[1].cached).toEqual({ run: first.run, key: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(shown.headline).toContain(`cached from run ${first.run}`);
    expect(await why(checkout, 'unit')).toContain(`is taken from run ${first.run}`);
    // Known as a whole no more, but nothing that a stage depends on has changed.
    file('README.md', 'two\n')();
    expect(await verify(checkout)).toMatchObject({ ran: [], isUp: false, exitCode: 0 });
    file('src/b.txt', 'new\n')();
    expect(await why(checkout, 'lint')).toContain('file src/b.txt: new');
    expect(await verify(checkout)).toMatchObject({ ran: ['lint'], cached: ['unit', 'e2e'], isUp: false });
  });

  test.each([
    { what: 'a file that is mounted', change: file('data/state', 'two\n'), named: 'file data/state: changed' },
    {
      what: 'its Dockerfile',
      change: file('Dockerfile', `FROM ${base}\nLABEL v=2\nCOPY app /app\n`),
      named: 'what the image of box is built of: its Dockerfile changed\n',
    },
    {
      what: 'a file that is copied into its image',
      change: file('app/main.c', 'two\n'),
      named: 'what the image of box is built of: app/main.c changed\n',
    },
    {
      what: 'more files of its image',
      change: (): void => {
        for (const name of ['a', 'b', 'c', 'd', 'e']) checkout.write(`envs/tiny/app/${name}.c`, 'new\n');
        file('app/main.c', 'three\n')();
      },
      named: 'what the image of box is built of: app/a.c new, app/b.c new, app/c.c new, app/d.c new and 2 more\n',
    },
    { what: 'its env_file', change: file('box.env', 'A=2\n'), named: 'service box: changed' },
    {
      what: 'a variable',
      change: (): void => {},
      env: { GYM_TEST_WHO: 'you' },
      named: 'variable GYM_TEST_WHO: changed',
    },
    {
      what: 'the image that its own is built upon',
      change: (): void =>
        docker(['build', '-t', base, '-'], `FROM debian:bookworm-slim\nLABEL gym-test=${process.pid}\n`),
      named: `what the image of box is built of: image ${base} changed\n`,
    },
  ])('runs again after a change of $what', async ({ change, env, named }) => {
    expect(await verify(checkout)).toMatchObject({ isUp: false });
    change();
    expect(await why(checkout, 'unit', env)).toContain(named);
    expect(await verify(checkout, [], env)).toMatchObject({
      ran: ['unit', 'e2e'],
      cached: ['lint'],
      isUp: true,
      exitCode: 0,
    });
    expect(await verify(checkout, [], env)).toMatchObject({ ran: [], isUp: false });
  });
});

/** A task that needs no environment: one stage that fails as long as there is a file outside of all that can be seen. */
function flagTask(checkout: TemporaryFolder, before = ''): string {
  const flag = join(checkout.path, 'flag');
  const unit = { name: 'unit', command: `${before} test ! -e ${flag}`, inputs: ['src/**'], pure: true };
  writeTask(checkout, { stages: [unit, { name: 'late', command: 'true', inputs: [], pure: true }] });
  checkout.write('.gitignore', 'flag\n');
  return flag;
}

test('a stage that passes and fails with all the same is flaky, and runs each time', async () => {
  using checkout = tinyCheckout();
  const flag = flagTask(checkout);
  expect(await verify(checkout)).toMatchObject({ ran: ['unit', 'late'], isUp: false, exitCode: 0 });
  expect(await verify(checkout)).toMatchObject({ ran: [], exitCode: 0 });
  writeFileSync(flag, '');
  expect(await verify(checkout), 'what passed is true as long as nothing changes').toMatchObject({ ran: [] });
  expect(await verify(checkout, ['--no-cache'])).toMatchObject({ ran: ['unit'], exitCode: 1 });
  rmSync(flag);
  expect(await verify(checkout)).toMatchObject({ ran: ['unit'], cached: ['late'], exitCode: 0 });
  expect(await verify(checkout)).toMatchObject({ ran: ['unit'], exitCode: 0 });
  expect(await why(checkout, 'unit')).toContain('it is flaky');
});

test('a stage that does not pass ends the run, unless it is to go on; a part of a task says that it is one', async () => {
  using checkout = tinyCheckout();
  writeFileSync(flagTask(checkout), '');
  expect(await verify(checkout)).toMatchObject({ ran: ['unit'], exitCode: 1 });
  expect(await verify(checkout, ['--keep-going'])).toMatchObject({ ran: ['unit', 'late'], exitCode: 1 });
  const { stdout, exitCode } = await gym(checkout.path, ['verify', '--stage', 'late']);
  expect(stdout).toContain('only 1 of 2 checks asked for');
  expect(exitCode).toBe(0);
  const nothing = await gym(checkout.path, ['verify', '--check', 'latte']);
  expect(nothing).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Did you mean late?') });
  checkout.git('add', '-A');
  checkout.git('commit', '-qm', 'all');
  checkout.write('envs/tiny/src/a.txt', 'new\n');
  const changed = await gym(checkout.path, ['verify', '--changed']);
  expect(changed).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('fail unit') });
  expect(changed.stdout).not.toContain('late');
});

test('a damaged record is a miss that is told, and a gym that is killed leaves none', async () => {
  using checkout = tinyCheckout();
  flagTask(checkout, 'sleep 3;');
  const killed = startGym(checkout.path, ['verify', '--json=stream']);
  await killed.saw(({ type }) => type === 'stage.started');
  await sleep(200);
  killed.child.kill('SIGKILL');
  await killed.end;
  expect(existsSync(join(checkout.path, '.gym/cache'))).toBe(false);
  flagTask(checkout);
  expect(await verify(checkout)).toMatchObject({ ran: ['unit', 'late'] });
  const folder = join(checkout.path, '.gym/cache/tiny');
  for (const name of readdirSync(folder)) writeFileSync(join(folder, name), '{}');
  const { stderr } = await gym(checkout.path, ['verify']);
  expect(stderr.match(/what was kept of unit is damaged: it runs again/g)).toHaveLength(1);
  expect(await verify(checkout)).toMatchObject({ ran: [] });
  expect(runsOf(checkout.path)).toHaveLength(4);
});
