import { describe, expect, it } from 'vitest';
import { inject, list } from '../../../gym/fault/inject.ts';
import { docker, labelled, messageOf } from '../environment/support.ts';
import { duo, mustOk } from './support.ts';

const system = duo('network');

/** Networks of a service with its address and aliases in each. */
function endpoints(service: string): unknown {
  const text = docker(
    'inspect',
    '-f',
    '{{json .NetworkSettings.Networks}}',
    `${system.environment.project}-${service}`,
  );
  const networks: Record<string, { IPAddress: string; Aliases: string[] }> = JSON.parse(text);
  return Object.fromEntries(
    Object.entries(networks).map(([name, { IPAddress, Aliases }]) => [name, { IPAddress, Aliases: Aliases.sort() }]),
  );
}

describe('partition', () => {
  it('from all networks, or from one, and back with the same addresses and names', async () => {
    const before = endpoints('b');
    await using all = await system.must({ kind: 'partition', service: 'b', from: { kind: 'everything' } });
    expect(all.evidence[0]).toMatchObject({ what: 'networks', after: 'none' });
    expect((await system.talk('a')).end).not.toBe('closed');
    expect((await system.clear(all)).join()).toMatch(/again as 10\./);
    expect(endpoints('b')).toEqual(before);
    for (const host of ['b', 'echo'])
      expect(await system.talk('a', { host })).toMatchObject({ end: 'closed', bytes: 5 });

    await using one = await system.must({
      kind: 'partition',
      service: 'b',
      from: { kind: 'network', network: 'side' },
    });
    expect((await system.talk('a')).end).toBe('closed');
    expect(Object.keys(endpoints('b') ?? {})).toEqual([`${system.environment.project}_back`]);
    await system.clear(one);
    expect(endpoints('b')).toEqual(before);
    const wrong = await inject(system.place, {
      kind: 'partition',
      service: 'b',
      from: { kind: 'network', network: 'front' },
    });
    expect(messageOf(wrong)).toBe('b is not in the network front');
  });

  it('from one other service only, both ways, without a word', async () => {
    await using fault = await system.must({ kind: 'partition', service: 'a', from: { kind: 'service', service: 'b' } });
    expect(fault.evidence.map(({ before, after }) => `${before}, ${after}`)).toEqual(
      Array(2).fill('answers, no answer'),
    );
    expect(await system.talk('a', { limitMs: 700 })).toMatchObject({ end: 'silent', bytes: 0 });
    expect(await system.talk('c')).toMatchObject({ end: 'closed', bytes: 5 });
    await system.clear(fault);
    expect(await system.talk('a')).toMatchObject({ end: 'closed', bytes: 5 });
  });
});

describe('traffic', () => {
  it('gets a latency from one service, and not from another', async () => {
    await using fault = await system.must({ kind: 'latency', from: 'a', to: 'b', port: 7000, latencyMs: 300 });
    const slow = await system.talk('a');
    expect(slow).toMatchObject({ end: 'closed', bytes: 5 });
    expect(slow.ms).toBeGreaterThanOrEqual(299);
    // By its other name too; the other port is passed on as it is; the other client goes straight there.
    expect((await system.talk('a', { host: 'echo' })).ms).toBeGreaterThanOrEqual(299);
    expect((await system.talk('a', { port: 7001 })).ms).toBeLessThan(200);
    expect((await system.talk('c')).ms).toBeLessThan(200);
    const again = await inject(system.place, { kind: 'count', from: 'a', to: 'b', port: 7001 });
    expect(messageOf(again)).toBe(`traffic from a to b is disturbed already, by ${fault.id}`);
    const [listed] = mustOk(await list(system.place));
    expect(listed).toMatchObject({
      id: fault.id,
      restarted: [],
      traffic: { connections: 2, toTargetBytes: 10, toClientBytes: 10 },
    });
    await system.clear(fault);
    expect((await system.talk('a')).ms).toBeLessThan(200);
    expect(await system.shell('a', 'cat /etc/hosts')).not.toContain('gym');
    expect(labelled(`dev.gym.helper=fault-${fault.id}`)).toEqual([]);
  });

  it('is narrowed for all clients', async () => {
    await using fault = await system.must({ kind: 'bandwidth', to: 'b', port: 7000, bytesPerSecond: 50_000 });
    const [first, second] = await Promise.all([
      system.talk('a', { bytes: 20_000, limitMs: 5000 }),
      system.talk('c', { bytes: 20_000, limitMs: 5000 }),
    ]);
    for (const each of [first, second]) expect(each).toMatchObject({ end: 'closed', bytes: 20_000 });
    expect(Math.max(first.ms, second.ms)).toBeGreaterThanOrEqual(700);
    // The one that has the network of another, too.
    expect((await system.talk('d', { bytes: 15_000, limitMs: 5000 })).ms).toBeGreaterThanOrEqual(250);
    await system.clear(fault);
    expect((await system.talk('a', { bytes: 20_000 })).ms).toBeLessThan(350);
  });

  it('is reset after exactly so many bytes', async () => {
    await using fault = await system.must({
      kind: 'reset',
      from: 'a',
      to: 'b',
      port: 7000,
      when: { afterBytes: 1500 },
    });
    expect(await system.talk('a', { bytes: 1000 })).toMatchObject({ end: 'ECONNRESET', bytes: 500 });
    expect(await system.talk('a', { bytes: 700 })).toMatchObject({ end: 'closed', bytes: 700 });
    await system.clear(fault);
    expect(await system.talk('a', { bytes: 1000 })).toMatchObject({ end: 'closed', bytes: 1000 });
  });

  it('is counted to the byte, also after the target was started anew', async () => {
    await using fault = await system.must({ kind: 'count', from: 'a', to: 'b', port: 7000 });
    await system.talk('a', { bytes: 12_345 });
    await system.must({ kind: 'restart', service: 'b' });
    await expect.poll(() => system.talk('a', { bytes: 1 })).toMatchObject({ end: 'closed' });
    const [listed] = mustOk(await list(system.place));
    expect(listed?.traffic).toMatchObject({ toTargetBytes: 12_346, toClientBytes: 12_346, resets: 0 });
    await system.must({ kind: 'restart', service: 'a' });
    expect(mustOk(await list(system.place))[0]?.restarted).toEqual(['a']);
    await system.clear(fault);
    expect(mustOk(await list(system.place))).toEqual([]);
  });

  it('is disturbed for a service that has the network of another', async () => {
    await using fault = await system.must({ kind: 'latency', from: 'd', to: 'b', port: 7000, latencyMs: 300 });
    expect((await system.talk('d')).ms).toBeGreaterThanOrEqual(299);
    expect((await system.talk('a')).ms).toBeLessThan(200);
    await system.clear(fault);
    const own = await inject(system.place, {
      kind: 'partition',
      service: 'd',
      from: { kind: 'service', service: 'c' },
    });
    expect(messageOf(own)).toBe('cutting off d from c is not possible here: they share one network interface');
  });

  it('needs a port that is listened on', async () => {
    const fault = await inject(system.place, { kind: 'count', to: 'b', port: 5432 });
    expect(fault).toMatchObject({
      ok: false,
      problems: [{ message: 'b does not listen on TCP port 5432', remedy: 'It listens on: 7000, 7001.' }],
    });
    expect(mustOk(await list(system.place))).toEqual([]);
  });
});
