import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectEngine } from '../../../gym/environment/engine.ts';
import { listGolden, removeGolden } from '../../../gym/environment/golden-states.ts';
import { tinyCheckout, writeTask } from '../../support/gym/checkout.ts';
import { containersOf, leftOf } from '../../support/gym/engine.ts';
import { gym } from '../../support/gym/program.ts';

/** Of this process alone: a state that an earlier run has left is not met. */
const services = `services:
  box:
    image: debian:bookworm-slim
    command: [sleep, infinity]
    init: true
    ports: ["8080", "9090:9090/udp"]
    volumes: ["data:/data"]
    depends_on: {seed: {condition: service_completed_successfully}}
  seed:
    image: debian:bookworm-slim
    labels: {only: "${process.pid}"}
    command: [sh, -c, "echo row > /data/table; date +%N > /data/stamp"]
    volumes: ["data:/data"]
volumes: {data: {}}
`;

const note = (checkout: string): string => {
  const folder = join(checkout, '.gym/environments');
  const file = readdirSync(folder).find((name) => name.endsWith('.reset'));
  return file === undefined ? '' : readFileSync(join(folder, file), 'utf8');
};

async function spareIsUp(checkout: string): Promise<void> {
  await expect.poll(() => note(checkout), { timeout: 30_000, interval: 50 }).toMatch(/"spare":"r/);
}

test('gym reset gives the seeded state again and again, one environment is seen, and nothing is left', async () => {
  using checkout = tinyCheckout({ services });
  const read = async (): Promise<string> =>
    (await gym(checkout.path, ['exec', 'box', 'sh', '-c', 'cat /data/*'])).stdout;
  expect((await gym(checkout.path, ['reset'])).stderr).toMatch(/is not up\n\s+Bring it up: gym up/);
  expect((await gym(checkout.path, ['up'])).exitCode).toBe(0);
  const stamps: string[] = [];
  for (const way of ['made anew', 'by a spare', 'by a spare']) {
    await gym(checkout.path, ['exec', 'box', 'sh', '-c', 'echo bad > /data/table; echo bad > /data/more']);
    const reset = await gym(checkout.path, ['reset']);
    expect(reset.stderr).toContain(`tiny is reset, ${way}, in`);
    const ports = reset.stderr.trimEnd().split('\n').slice(1);
    expect(ports).toEqual([
      expect.stringMatching(/^box 8080\/tcp: 127\.0\.0\.1:\d+$/),
      expect.stringMatching(/^box 9090\/udp: 127\.0\.0\.1:\d+$/),
    ]);
    const state = await read();
    expect(state).toMatch(/^\d+\nrow\n$/);
    stamps.push(state);
    await spareIsUp(checkout.path);
    const listed = await gym(checkout.path, ['ps']);
    expect(listed.stdout.match(/box +running/g)).toHaveLength(1);
    for (const line of ports) expect(listed.stdout).toContain(line.replace(/^box (\S+): (\S+)$/, '$2->$1'));
  }
  expect(new Set(stamps).size).toBe(1);
  expect((await gym(checkout.path, ['up'])).stderr).toContain('tiny is up already');
  expect((await gym(checkout.path, ['down', '--wait'])).exitCode).toBe(0);
  expect(leftOf(checkout.path)).toEqual([]);
});

test('what was seeded once is not seeded again after down and up, until something that seeds it has changed', async () => {
  const name = `golden-${process.pid}`;
  const own = services.replace('echo row', `echo ${name}`);
  using checkout = tinyCheckout({ name, services: own });
  onTestFinished(() => removeStates(name));
  const life = async (): Promise<{ stamp: string; isKept: boolean }> => {
    expect((await gym(checkout.path, ['up'])).exitCode).toBe(0);
    const { stderr } = await gym(checkout.path, ['reset']);
    expect(stderr).toContain(`${name} is reset, made anew`);
    const { stdout: stamp } = await gym(checkout.path, ['exec', 'box', 'cat', '/data/stamp']);
    await spareIsUp(checkout.path);
    expect((await gym(checkout.path, ['down', '--wait'])).exitCode).toBe(0);
    expect(leftOf(checkout.path)).toEqual([]);
    return { stamp, isKept: stderr.includes('not seeded again') };
  };
  const first = await life();
  expect(first).toEqual({ stamp: expect.stringMatching(/^\d+\n$/), isKept: false });
  expect(await life()).toEqual({ ...first, isKept: true });
  writeTask(checkout, { name, services: own.replace('; date', ' && date') });
  const changed = await life();
  expect(changed.isKept).toBe(false);
  expect(changed.stamp).not.toBe(first.stamp);
});

async function removeStates(task: string): Promise<void> {
  const engine = await connectEngine(process.env);
  const listed = engine.ok ? await listGolden(engine.value) : engine;
  if (!engine.ok || !listed.ok) throw new Error('the states cannot be listed');
  await removeGolden(
    engine.value,
    listed.value.filter((each) => each.task === task),
  );
}

test('a spare that is cut off, or taken down while it comes up, leaves nothing', async () => {
  using checkout = tinyCheckout({ services });
  await gym(checkout.path, ['up']);
  await gym(checkout.path, ['reset']);
  await spareIsUp(checkout.path);
  await gym(checkout.path, ['reset']);
  await expect.poll(() => note(checkout.path), { timeout: 20_000, interval: 5 }).toMatch(/"builder":"/);
  const builder = Number(/"builder":"[^:]+:(\d+):/.exec(note(checkout.path))?.[1]);
  process.kill(builder, 'SIGKILL');
  // The next one does not wait for it, and prepares another.
  expect((await gym(checkout.path, ['reset'])).stderr).toContain('tiny is reset, made anew');
  expect((await gym(checkout.path, ['exec', 'box', 'cat', '/data/table'])).stdout).toBe('row\n');
  expect((await gym(checkout.path, ['down', '--wait'])).exitCode).toBe(0);
  await expect.poll(() => leftOf(checkout.path), { timeout: 20_000 }).toEqual([]);
});

test('gym down returns when all processes have ended, and the rest goes in the background', async () => {
  using checkout = tinyCheckout({ services });
  await gym(checkout.path, ['up']);
  const [box] = containersOf(checkout.path).filter((name) => name.endsWith('-box'));
  const inspect = ['inspect', '-f', '{{.State.Pid}}', box?.replace('container ', '') ?? ''];
  const pid = execFileSync('docker', inspect, { encoding: 'utf8' }).trim();
  const wasThere = existsSync(`/proc/${pid}`);
  const down = await gym(checkout.path, ['down']);
  expect({ said: down.stderr, wasThere, isThere: existsSync(`/proc/${pid}`) }).toEqual({
    said: 'tiny is down\n',
    wasThere: true,
    isThere: false,
  });
  await expect.poll(() => leftOf(checkout.path), { timeout: 20_000 }).toEqual([]);
  expect((await gym(checkout.path, ['up'])).exitCode).toBe(0);
  const again = await gym(checkout.path, ['down']);
  // At once, while what was there is being removed.
  const up = await gym(checkout.path, ['up']);
  expect([again.exitCode, up.exitCode, up.stderr]).toEqual([0, 0, expect.stringContaining('tiny is up')]);
  expect((await gym(checkout.path, ['exec', 'box', 'cat', '/data/table'])).stdout).toBe('row\n');
  await gym(checkout.path, ['down', '--wait']);
  await expect.poll(() => leftOf(checkout.path), { timeout: 20_000 }).toEqual([]);
});
