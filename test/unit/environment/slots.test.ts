import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadCompose } from '../../../gym/environment/compose/load.ts';
import { planSlots } from '../../../gym/environment/slots/plan.ts';

const folder = mkdtempSync(join(tmpdir(), 'gym-slots-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function plan(compose: object): ReturnType<typeof planSlots> {
  const file = join(folder, 'compose.yaml');
  writeFileSync(file, JSON.stringify(compose));
  const model = loadCompose(file, {}, {});
  if (!model.ok) throw new Error(model.problems[0].message);
  return planSlots(model.value);
}

const a = { image: 'a' };

describe('the plan of slots', () => {
  it.each([
    ['an image, a command, an environment', { ...a, image: 'b', command: 'x', environment: { A: '1' } }, true],
    ['a volume and limits', { ...a, volumes: ['/data'], mem_limit: '1g', sysctls: { 'kernel.msgmax': '1' } }, true],
    ['a port', { ...a, ports: ['80'] }, false],
    ['a host name', { ...a, hostname: 'a' }, false],
    ['a further name', { ...a, networks: { default: { aliases: ['c'] } } }, false],
    ['a setting of its network', { ...a, sysctls: { 'net.core.somaxconn': '1' } }, false],
    ['a further host', { ...a, extra_hosts: ['c:10.0.0.1'] }, false],
  ])('stays the same with %s: %s', (_, service, isSame) => {
    expect(plan({ services: { a: service } })?.key === plan({ services: { a } })?.key).toBe(isSame);
  });

  it('is another one with other networks, or more services in them', () => {
    const keys = [
      plan({ services: { a } }),
      plan({ services: { a }, networks: { default: { internal: true } } }),
      plan({ services: { a, b: a } }),
      plan({ services: { a, b: { ...a, mac_address: '02:42:ac:11:00:03' } } }),
    ].map((each) => each?.key);
    expect(new Set(keys).size).toBe(4);
  });

  it('leaves out services that would see something else or take something from others', () => {
    const services = {
      a,
      joined: { ...a, network_mode: 'service:a' },
      host: { ...a, network_mode: 'host' },
      linking: { ...a, links: ['linked'] },
      linked: a,
      fixed: { ...a, networks: { own: { ipv4_address: '10.1.1.5' } } },
      theirs: { ...a, networks: ['default', 'theirs'] },
      named: { ...a, mac_address: '02:42:ac:11:00:03' },
      uts: { ...a, uts: 'host' },
    };
    const networks = {
      own: { ipam: { config: [{ subnet: '10.1.1.0/24' }] } },
      theirs: { external: true },
    };
    const planned = plan({ services, networks });
    expect(planned?.services.map(({ name }) => name)).toEqual(['a']);
    expect([...(planned?.networks.keys() ?? [])]).toEqual(['default']);
    expect(plan({ services: { host: services.host } })).toBeUndefined();
  });
});
