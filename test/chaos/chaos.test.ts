import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { untilNone } from '../integration/reliability/support.ts';
import { tinyCheckout } from '../support/gym/checkout.ts';
import { leftOf } from '../support/gym/engine.ts';
import { gym, startGym } from '../support/gym/program.ts';
import { engineProxy } from '../support/gym/proxy.ts';
import { brokenIn, chaos, chaosCheckout, medianAndMost } from './chaos.ts';

/** `npm run chaos` kills 50 times. */
const kills = 8;
const seed = 20_261_120;
/** The watchdog's own limit is two seconds; the engine is shared. */
const reapedMs = 10_000;

const nothingLeft = (checkout: string): Promise<number> => untilNone(async () => leftOf(checkout), reapedMs);

describe.runIf(process.platform === 'linux')('chaos', () => {
  test(`${kills} kills at random moments (seed ${seed}) leave nothing, break nothing, and the next run passes`, async () => {
    const { kills: done, leftAtLast, broken, verifyExitCode, loopExitCode } = await chaos(seed, kills);
    const { median, most } = medianAndMost(done.map(({ reapMs }) => reapMs));
    console.log(
      `${done.length} kills, last thing seen after ${Math.round(median)} ms (median), ${Math.round(most)} ms (most)`,
    );
    expect(done).toHaveLength(kills);
    expect(done.filter(({ left }) => left.length > 0)).toEqual([]);
    expect({ leftAtLast, broken, verifyExitCode, loopExitCode }).toEqual({
      leftAtLast: [],
      broken: [],
      verifyExitCode: 0,
      loopExitCode: 0,
    });
    // A `down` that is killed is finished by the next gym; all else by the watchdog.
    expect(done.filter(({ scenario, reapedBy }) => scenario !== 'down' && reapedBy === 'next gym')).toEqual([]);
  });

  test('networks that are removed under a run: nothing is left, and the next run passes', async () => {
    using checkout = chaosCheckout();
    checkout.write('envs/tiny/answer.txt', '42\n');
    const running = startGym(checkout.path, ['verify', '--json=stream']);
    await running.saw(({ type }) => type === 'stage.started');
    const [network = ''] = leftOf(checkout.path).flatMap((each) => /^network (.*)$/.exec(each)?.[1] ?? []);
    for (const container of ['box', 'second']) {
      execFileSync('docker', [
        'network',
        'disconnect',
        '--force',
        network,
        network.replace(/_default$/, `-${container}`),
      ]);
    }
    execFileSync('docker', ['network', 'rm', network]);
    expect([0, 3, 4]).toContain((await running.end).exitCode);
    await nothingLeft(checkout.path);
    expect((await gym(checkout.path, ['verify'])).exitCode).toBe(0);
    expect(brokenIn(checkout.path)).toEqual([]);
  });

  test.each([
    { moment: 'while services come up', type: 'service.changed' },
    { moment: 'in a stage', type: 'stage.started' },
  ])(
    'an engine that goes away $moment and comes back: no verdict stands on it, and nothing is left',
    async ({ type }) => {
      using checkout = chaosCheckout();
      checkout.write('envs/tiny/answer.txt', '42\n');
      await using proxy = await engineProxy(join(checkout.path, 'engine.sock'));
      const running = startGym(checkout.path, ['verify', '--json=stream'], { DOCKER_HOST: proxy.host });
      await running.saw((event) => event.type === type);
      proxy.cut();
      await sleep(700);
      await proxy.restore();
      expect((await running.end).exitCode).toBe(4);
      await nothingLeft(checkout.path);
      expect((await gym(checkout.path, ['verify'], { DOCKER_HOST: proxy.host })).exitCode).toBe(0);
      expect(brokenIn(checkout.path)).toEqual([]);
    },
  );

  const canMount = process.getuid?.() === 0;
  if (!canMount) console.warn('SKIPPED: a full disk of the store is not tested, only root can mount a small one');
  test.runIf(canMount).each([0, 40_000])(
    'a disk of the store with %i bytes left: it is said, nothing is left, and with room the next run passes',
    async (roomBytes) => {
      using checkout = tinyCheckout({
        stages: [{ name: 'unit', service: 'box', command: 'head -c 300000 /dev/zero' }],
      });
      const store = join(checkout.path, '.gym');
      mkdirSync(store);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'gym-chaos', store]);
      using _ = { [Symbol.dispose]: () => void spawnSync('umount', ['--lazy', store]) };
      expect((await gym(checkout.path, ['verify'])).exitCode).toBe(0);
      const filler = join(store, 'filler');
      const { bavail, bsize } = statfsSync(store);
      writeFileSync(filler, Buffer.alloc(bavail * bsize - roomBytes));

      const full = await gym(checkout.path, ['verify']);
      expect({ code: full.exitCode, said: full.stderr }).toEqual({
        code: 4,
        said: expect.stringMatching(/gym: the disk is full \(.*\)\. Make room, then run it again\.\n$/),
      });
      await nothingLeft(checkout.path);
      rmSync(filler);
      expect(await gym(checkout.path, ['verify'])).toMatchObject({ exitCode: 0 });
      expect(brokenIn(checkout.path)).toEqual([]);
    },
  );
});
