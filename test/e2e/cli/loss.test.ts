import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { box, shuffleCheckout, tapStage, tinyCheckout } from '../../support/gym/checkout.ts';
import { killService, leftOf } from '../../support/gym/engine.ts';
import { eventsOf, gym, startGym } from '../../support/gym/program.ts';
import { engineProxy } from '../../support/gym/proxy.ts';

const isStage = (name: string) => (event: { type: string; stage?: string }) =>
  event.type === 'stage.started' && event.stage === name;
const other = box.replace('box:', 'other:').replace('services:\n', '');

describe('a service that is killed while it is judged', () => {
  test.each([
    { what: 'under the stage', victim: 'box', seconds: 60 },
    { what: 'beside the stage, which notices nothing', victim: 'other', seconds: 2 },
  ])('$what: unknown, and the service is named', async ({ victim, seconds }) => {
    const pass = tapStage('1..1\nok 1 - adds up\n');
    const stage = { ...pass, command: `sleep ${seconds}; ${pass.command}` };
    using checkout = tinyCheckout({ stages: [stage], services: box + other });
    const running = startGym(checkout.path, ['verify', '--json=stream']);
    await running.saw(isStage('unit'));
    killService(checkout.path, victim);
    const end = await running.end;
    const finished = eventsOf(end.stdout).at(-1);
    expect({ exitCode: end.exitCode, finished }).toMatchObject({ exitCode: 3, finished: { state: 'unknown' } });
    const show = await gym(checkout.path, ['show']);
    expect(show.stdout).toMatch(/^UNKNOWN tiny/);
    expect(show.stdout).toMatch(new RegExp(`^unknown unit: service ${victim} was killed from outside`, 'm'));
    expect(leftOf(checkout.path)).toEqual([]);
  });

  test('in the middle of the shuffle: unknown, never a pass', async () => {
    using checkout = shuffleCheckout();
    const running = startGym(checkout.path, ['verify', 'shuffle', '--json=stream'], { SHUFFLE_BYTES: '67108864' });
    await running.saw(isStage('e2e'));
    killService(checkout.path, 'worker-2');
    const end = await running.end;
    const events = eventsOf(end.stdout);
    expect(end.exitCode).toBe(3);
    expect(events.at(-1)).toMatchObject({ type: 'run.finished', state: 'unknown' });
    const e2e = events.find((event) => event.type === 'stage.finished' && event.stage === 'e2e');
    expect(e2e).toMatchObject({ state: 'unknown', because: expect.stringContaining('worker-2 was killed') });
    const judged = events.flatMap((event) => (event.type === 'check.judged' && event.kind !== 'cases' ? event : []));
    expect(judged.filter(({ state }) => state === 'pass' || state === 'fail')).toEqual([]);
    expect(leftOf(checkout.path)).toEqual([]);
  });
});

describe('a service that ends by itself with an exit code', () => {
  const crash = 'image: debian:bookworm-slim\n    command: [sh, -c, "echo no such module; exit 1"]\n';
  const lateCrash = crash.replace('exit 1', 'sleep 1; exit 1');
  const never = '    healthcheck: {test: [CMD, "false"], interval: 1s, retries: 600}\n';
  const slow = '    healthcheck: {test: [CMD-SHELL, "sleep 1"], interval: 1s, timeout: 5s}\n';
  const pass = tapStage('1..1\nok 1 - adds up\n');
  test.each([
    { what: 'which the stage runs in', victim: 'box', services: `services:\n  box:\n    ${crash}`, runs: 3 },
    {
      what: 'beside the stage, which notices nothing',
      victim: 'other',
      services: `${box}  other:\n    ${crash}`,
      runs: 3,
    },
    { what: 'while another comes up', victim: 'other', services: `${box}${slow}  other:\n    ${crash}`, runs: 1 },
    { what: 'before it is healthy', victim: 'box', services: `services:\n  box:\n    ${crash}${never}`, runs: 3 },
    {
      what: 'in the middle of its health check, while another waits for its health',
      victim: 'other',
      services: `${box}    depends_on: {other: {condition: service_healthy}}\n  other:\n    ${lateCrash}${never}`,
      runs: 2,
    },
  ])('$what: each run fails, and its log is quoted', async ({ victim, services, runs }) => {
    using checkout = tinyCheckout({ stages: [{ ...pass, command: `sleep 0.2; ${pass.command}` }], services });
    for (let run = 0; run < runs; run += 1) {
      const { exitCode, stdout, stderr } = await gym(checkout.path, ['verify', '--no-cache']);
      expect({ exitCode, stdout }).toMatchObject({
        exitCode: 1,
        stdout: expect.stringMatching(/^FAIL tiny distance 1.5: /),
      });
      expect(stdout).toMatch(new RegExp(`^fail unit: service ${victim} ended `, 'm'));
      expect(stdout).toContain('no such module\n');
      if (stdout.includes('before the environment was up')) expect(stderr).not.toContain('up in');
      expect(stdout).toMatch(new RegExp(`   logs: gym logs \\S+ ${victim}   again: `));
    }
  });
});

test('a service that ends before it is healthy: gym up says that it could not be brought up', async () => {
  const services =
    'services:\n  box:\n    image: debian:bookworm-slim\n    command: [sh, -c, "echo no such module; exit 1"]\n';
  using checkout = tinyCheckout({ services: `${services}    healthcheck: {test: [CMD, "false"], interval: 1s}\n` });
  const { exitCode, stderr } = await gym(checkout.path, ['up']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 4, stderr: expect.stringContaining('no such module') });
  expect(leftOf(checkout.path)).toEqual([]);
});

describe('a service that a stage runs in and that has nothing more to do', () => {
  const over = 'image: debian:bookworm-slim\n    command: [echo, all is said]\n';
  const slow = '    healthcheck: {test: [CMD-SHELL, "sleep 1"], interval: 1s, timeout: 5s}\n';
  const pass = tapStage('1..1\nok 1 - adds up\n');
  test.each([
    { what: 'with results', services: `services:\n  over:\n    ${over}`, line: 2, stage: pass },
    { what: 'without', services: `services:\n  over:\n    ${over}`, line: 2, stage: { name: 'unit', command: 'true' } },
    { what: 'while another comes up', services: `${box}${slow}  over:\n    ${over}`, line: 7, stage: pass },
  ])('$what: its end is told, where it is defined, and what to do', async ({ services, line, stage }) => {
    using checkout = tinyCheckout({ stages: [{ ...stage, service: 'over' }], services });
    const { exitCode, stdout } = await gym(checkout.path, ['verify']);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /^fail unit: service over ended by itself \(exit code 0\); the end of its log: all is said$/m,
    );
    const where = `envs/tiny/compose.yaml:${line}, service over`;
    expect(stdout).toContain(
      `${where}: over ended during the run: exited, exit code 0. Where it is needed after that,`,
    );
    expect(leftOf(checkout.path)).toEqual([]);
  });
});

describe('a Docker engine that goes away', () => {
  test('during a stage: exit code 4, unknown, and the next gym removes what was left', async () => {
    using checkout = tinyCheckout({ stages: [{ name: 'unit', service: 'box', command: 'sleep 60' }] });
    await using proxy = await engineProxy(join(checkout.path, 'engine.sock'));
    const running = startGym(checkout.path, ['verify', '--json=stream'], { DOCKER_HOST: proxy.host });
    await running.saw(isStage('unit'));
    // Once gym has ended, any gym of another test may be the next.
    expect(leftOf(checkout.path)).not.toEqual([]);
    proxy.cut();
    const end = await running.end;
    expect(end.exitCode).toBe(4);
    expect(eventsOf(end.stdout).at(-1)).toMatchObject({ type: 'run.finished', state: 'unknown', exitCode: 4 });
    const show = await gym(checkout.path, ['show']);
    expect(show.stdout).toMatch(/^UNKNOWN tiny/);
    expect(show.stdout).toContain('the Docker engine stopped answering during the run');
    expect((await gym(checkout.path, ['ps'])).exitCode).toBe(0);
    expect(leftOf(checkout.path)).toEqual([]);
  });

  test('before anything is up: exit code 4, a verdict that says so once, and what to do', async () => {
    using checkout = tinyCheckout();
    const end = await gym(checkout.path, ['verify'], { DOCKER_HOST: `unix://${checkout.path}/none.sock` });
    expect(end.exitCode).toBe(4);
    expect(end.stdout).toMatch(/^UNKNOWN tiny: nothing was judged\n/);
    expect(end.stdout).toMatch(
      /no Docker engine answers at .*none\.sock \(ENOENT\)\. .*point DOCKER_HOST at one that runs/,
    );
    expect(end.stderr.match(/no Docker engine answers/g)).toHaveLength(1);
    expect(end.stderr).not.toContain('up in');
  });

  test('gym why says that it cannot tell, with exit code 4', async () => {
    using checkout = tinyCheckout();
    const end = await gym(checkout.path, ['why', 'unit'], { DOCKER_HOST: `unix://${checkout.path}/none.sock` });
    expect(end).toMatchObject({ exitCode: 4, stdout: '', stderr: expect.stringContaining('no Docker engine answers') });
  });
});
