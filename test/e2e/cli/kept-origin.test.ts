import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { box, tinyCheckout, writeTask } from '../../support/gym/checkout.ts';
import { containersOf, leftOf, madeSince } from '../../support/gym/engine.ts';
import { gym, startGym } from '../../support/gym/program.ts';
import type { TemporaryFolder } from '../../support/repository.ts';

const variable = `${box}    environment: { FOO: "\${FOO:-none}" }\n`;
/** Is ready after more than a second. */
const slow = box
  .replace('[sleep, infinity]', '[sh, -c, "sleep 1.5; touch /ready; exec sleep infinity"]')
  .concat('    healthcheck: { test: [CMD, test, -f, /ready] }\n');

function readNotes(checkout: string): string[] {
  const folder = join(checkout, '.gym/environments');
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith('.reset'));
  return files.map((name) => readFileSync(join(folder, name), 'utf8'));
}

async function downed(checkout: TemporaryFolder): Promise<void> {
  const { stderr } = await gym(checkout.path, ['down', '--wait']);
  expect(stderr).toMatch(/^(tiny is down|nothing is up)\n$/);
  expect(leftOf(checkout.path)).toEqual([]);
}

test('what is kept outlives git clean: it is listed, reset, up already, and taken down', async () => {
  using checkout = tinyCheckout();
  const run = (...args: string[]) => gym(checkout.path, args);
  const clean = (): void => void checkout.git('clean', '-fdxq');
  /** Who brings the spare up writes to the store, too. */
  const spareIsUp = async (): Promise<void> => {
    const noted = (): boolean => readNotes(checkout.path).some((text) => text.includes('"spare":"r'));
    await expect.poll(noted, { timeout: 30_000, interval: 50 }).toBe(true);
  };
  expect((await run('up')).exitCode).toBe(0);
  expect((await run('reset')).exitCode).toBe(0);
  await spareIsUp();
  // The newest first: the other one is the spare's, which nobody knows of without the notes.
  const before = containersOf(checkout.path).findLast((name) => name.includes('-box'));
  clean();
  expect(existsSync(join(checkout.path, '.gym'))).toBe(false);
  expect((await run('ps')).stdout).toMatch(/^tiny +box +running/m);
  expect((await run('up')).stderr).toBe('tiny is up already\n');
  expect((await run('exec', 'box', 'true')).exitCode).toBe(0);
  expect((await run('logs', 'box')).exitCode).toBe(0);
  expect(containersOf(checkout.path)).toContain(before);
  clean();
  expect(await run('reset')).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('made anew') });
  await spareIsUp();
  expect((await run('ps')).stdout.match(/box +running/g)).toHaveLength(1);
  clean();
  await downed(checkout);
});

test('gym up brings up what is asked for now: variables, .env and the task are looked at, not only files', async () => {
  using checkout = tinyCheckout({ services: variable });
  checkout.write('.gitignore', '.env\n');
  const up = async (env: NodeJS.ProcessEnv = {}): Promise<string> => {
    const { stderr } = await gym(checkout.path, ['up'], env);
    return stderr.split('\n')[0] ?? '';
  };
  const foo = async (): Promise<string> => (await gym(checkout.path, ['exec', 'box', 'printenv', 'FOO'])).stdout.trim();
  expect(await up()).toMatch(/^tiny is up: box in/);
  expect([await up(), await foo()]).toEqual(['tiny is up already', 'none']);
  const changed = 'tiny is made anew: its Compose file comes to something else (variables, .env, files of variables)';
  expect([await up({ FOO: 'two' }), await foo()]).toEqual([changed, 'two']);
  expect(await up({ FOO: 'two', BAR: 'is not asked for' })).toBe('tiny is up already');
  expect((await gym(checkout.path, ['reset'])).stderr).toContain(
    'cannot be reset: its Compose file comes to something else',
  );
  checkout.write('envs/tiny/.env', 'FOO=three\n');
  expect([await up(), await foo()]).toEqual([changed, 'three']);
  writeTask(checkout, { services: variable, variables: { FOO: 'four' } });
  expect([await up(), await foo()]).toEqual(['tiny is made anew: its files have changed', 'four']);
  await downed(checkout);
});

test('an image whose tag has gone to another one is noticed', async () => {
  const tag = `gymtest-tag-${process.pid}:1`;
  const retag = (image: string): void => void execFileSync('docker', ['tag', image, tag]);
  retag('debian:bookworm-slim');
  onTestFinished(() => void execFileSync('docker', ['rmi', tag]));
  using checkout = tinyCheckout({ services: box.replace('debian:bookworm-slim', tag) });
  await gym(checkout.path, ['up']);
  expect((await gym(checkout.path, ['up'])).stderr).toBe('tiny is up already\n');
  retag('node:24-bookworm-slim');
  expect((await gym(checkout.path, ['up'])).stderr).toContain(
    `tiny is made anew: ${tag} of box is another image by now`,
  );
  expect((await gym(checkout.path, ['exec', 'box', 'node', '--version'])).exitCode).toBe(0);
  expect((await gym(checkout.path, ['up'])).stderr).toBe('tiny is up already\n');
  await downed(checkout);
});

test('of two gym up at once the second waits for the first, and finds it up', async () => {
  using checkout = tinyCheckout({ services: slow });
  const first = startGym(checkout.path, ['up']);
  const second = startGym(checkout.path, ['up']);
  const ends = await Promise.all([first.end, second.end]);
  expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  const said = ends.map(({ stderr }) => stderr).sort();
  expect(said).toEqual([
    expect.stringMatching(/^tiny is up: box in/),
    expect.stringMatching(/^waiting for process \d+, which is busy with gym-tiny-\w+\ntiny is up already\n$/),
  ]);
  const third = startGym(checkout.path, ['reset']);
  const rest = [third, startGym(checkout.path, ['up']), startGym(checkout.path, ['down', '--wait'])];
  const codes = await Promise.all(rest.map(async ({ end }) => (await end).exitCode));
  // Whether there was something to be reset depends on who came first.
  expect(codes.slice(1)).toEqual([0, 0]);
  expect([0, 2]).toContain(codes[0]);
  await downed(checkout);
});

test('when the first is killed the second goes on', async () => {
  using checkout = tinyCheckout({ services: slow });
  const since = Date.now();
  const first = startGym(checkout.path, ['up']);
  const until = performance.now() + 20_000;
  while (madeSince(checkout.path, since).length === 0 && performance.now() < until) await sleep(20);
  const second = startGym(checkout.path, ['up']);
  const waits = new Promise((resolve) => second.child.stderr?.on('data', (text) => /waiting/.test(text) && resolve(0)));
  await Promise.race([waits, second.end]);
  first.child.kill('SIGKILL');
  const end = await second.end;
  expect(end).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('tiny is up: box in') });
  expect(end.stderr).toContain(`waiting for process ${first.child.pid}`);
  expect((await gym(checkout.path, ['exec', 'box', 'true'])).exitCode).toBe(0);
  rmSync(join(checkout.path, '.gym'), { recursive: true });
  await downed(checkout);
});
