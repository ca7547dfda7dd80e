import { expect, it } from 'vitest';
import { inject } from '../../../gym/fault/inject.ts';
import { docker, messageOf } from '../environment/support.ts';
import { duo } from './support.ts';

const system = duo('slots', 'slots');

const talk = async (host = 'b'): Promise<string> => (await system.talk('a', { host, limitMs: 1500 })).end;

it('a service in a slot is in no network while it is dead, and in the same ones under the same names afterwards', async () => {
  const mode = docker('inspect', '-f', '{{.HostConfig.NetworkMode}}', `${system.environment.project}-b`);
  expect(mode).toMatch(/^container:/);
  for (const kind of ['kill', 'stop'] as const) {
    await using fault = await system.must({ kind, service: 'b' });
    expect(await system.shell('c', 'getent hosts b echo || echo unknown')).toBe('unknown\n');
    expect((await system.clear(fault)).join()).toMatch(/^b started; published: 127\.0\.0\.1:\d+->7000\/tcp$/);
    await expect.poll(() => talk('echo'), { timeout: 10_000 }).toBe('closed');
  }
  await using _ = await system.must({ kind: 'restart', service: 'b' });
  await expect.poll(() => talk(), { timeout: 10_000 }).toBe('closed');
});

it('partition and latency act on what holds its networks', async () => {
  await using side = await system.must({
    kind: 'partition',
    service: 'b',
    from: { kind: 'network', network: 'back' },
  });
  expect(await talk()).not.toBe('closed');
  expect((await system.clear(side)).join()).toMatch(/again as 10\./);
  expect(await talk('echo')).toBe('closed');
  const wrong = await inject(system.place, {
    kind: 'partition',
    service: 'b',
    from: { kind: 'network', network: 'front' },
  });
  expect(wrong.ok ? '' : wrong.problems[0].remedy).toMatch(/back.*side/);
  expect(messageOf(wrong)).toBe('b is not in the network front');
  await using slow = await system.must({ kind: 'latency', to: 'b', port: 7000, from: 'd', latencyMs: 200 });
  expect((await system.talk('d')).ms).toBeGreaterThan(180);
  expect((await system.talk('a')).ms).toBeLessThan(180);
  await system.clear(slow);
  expect((await system.talk('d')).ms).toBeLessThan(180);
});
