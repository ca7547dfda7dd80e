import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { brokenIn, chaosCheckout } from '../../chaos/chaos.ts';
import { type PrivateEngine, privateEngine, whyNoEngine } from '../../chaos/private-engine.ts';
import { tinyCheckout } from '../../support/gym/checkout.ts';
import { gym, startGym } from '../../support/gym/program.ts';
import { untilNone } from '../reliability/support.ts';

const noEngine = whyNoEngine();
if (noEngine !== undefined) console.warn(`SKIPPED: a crash of the Docker engine is not tested, ${noEngine}`);
describe.runIf(noEngine === undefined)('an engine of its own', () => {
  let engine: PrivateEngine;
  beforeAll(async () => {
    engine = await privateEngine('debian:bookworm-slim');
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  test('that crashes in a stage and is started again: no verdict stands on it, and nothing is left', async () => {
    using checkout = chaosCheckout();
    checkout.write('envs/tiny/answer.txt', '42\n');
    const env = { DOCKER_HOST: engine.host };
    const running = startGym(checkout.path, ['verify', '--json=stream'], env);
    await running.saw(({ type }) => type === 'stage.started');
    await engine.crashAndRestart();
    expect((await running.end).exitCode).toBe(4);
    const label = ['--filter', 'label=dev.gym.project'];
    const left = async (): Promise<string[]> =>
      [
        engine.docker('ps', '--all', '--quiet', ...label),
        engine.docker('network', 'ls', '--quiet', ...label),
        engine.docker('volume', 'ls', '--quiet', ...label),
      ].filter((ids) => ids !== '');
    await untilNone(left, 30_000);
    expect((await gym(checkout.path, ['verify'], env)).exitCode).toBe(0);
    expect(await left()).toEqual([]);
    expect(brokenIn(checkout.path)).toEqual([]);
  });

  test('that is frozen: the stage ends within 15 s, and a service that dies ends it at once', async () => {
    const stage = { name: 'unit', service: 'box', command: 'sleep 300', timeoutSeconds: 400 };
    using checkout = tinyCheckout({ stages: [stage] });
    const env = { DOCKER_HOST: engine.host };
    const begun = async () => {
      const running = startGym(checkout.path, ['verify', '--json=stream'], env);
      await running.saw(({ type }) => type === 'stage.started');
      await sleep(500);
      return { running, since: performance.now() };
    };
    const dying = await begun();
    engine.docker('kill', ...engine.docker('ps', '--quiet', '--filter', 'label=dev.gym.service').split('\n'));
    await dying.running.saw(({ type }) => type === 'stage.finished');
    expect(performance.now() - dying.since).toBeLessThan(10_000);
    expect((await dying.running.end).exitCode).toBe(3);

    const frozen = await begun();
    engine.freeze();
    await frozen.running.saw(({ type }) => type === 'stage.finished');
    const tookMs = performance.now() - frozen.since;
    console.log(`a frozen engine ended the stage after ${Math.round(tookMs)} ms`);
    engine.thaw();
    expect(tookMs).toBeLessThan(15_000);
    const { exitCode, stdout } = await frozen.running.end;
    const because = 'the Docker engine stopped answering';
    expect(stdout).toContain(`"state":"unknown","because":"${because}"`);
    expect([3, 4]).toContain(exitCode);
    await untilNone(async () => [engine.docker('ps', '--all', '--quiet')].filter((ids) => ids !== ''), 30_000);
  });
});
