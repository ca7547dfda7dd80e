import { describe, expect, it } from 'vitest';
import {
  freeSubnets,
  overlaps,
  parseRoutes,
  parseSubnet,
  pools,
  prefixFor,
  subnetText,
} from '../../../gym/environment/subnets.ts';

function subnet(text: string): { base: number; prefix: number } {
  const parsed = parseSubnet(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

describe('subnets', () => {
  it('are /27 blocks of the pool, each once', () => {
    const all = [...freeSubnets([], 27, 5 / 8192, pools.slice(0, 1))].map(subnetText);
    expect(all).toHaveLength(8192);
    expect(new Set(all).size).toBe(8192);
    expect(all[0]).toBe('10.200.0.160/27');
    expect(all.at(-1)).toBe('10.200.0.128/27');
    expect(all.every((text) => pools.slice(0, 1).some((pool) => overlaps(subnet(text), pool)))).toBe(true);
  });

  it('avoid what is taken, larger and smaller', () => {
    const taken = [subnet('10.200.0.0/24'), subnet('10.200.1.4/30'), subnet('192.168.0.0/16')];
    const [first, second] = freeSubnets(taken, 27, 0);
    expect([first, second].map((each) => each && subnetText(each))).toEqual(['10.200.1.32/27', '10.200.1.64/27']);
  });

  it('come from the next pool when a route of the host takes all of one', () => {
    const [first] = freeSubnets([subnet('10.0.0.0/8')], 27, 0);
    expect(first && subnetText(first)).toBe('172.28.0.0/27');
    const [second] = freeSubnets([subnet('10.0.0.0/8'), subnet('172.16.0.0/12')], 27, 0.999_999);
    expect(second && subnetText(second)).toBe('192.168.255.224/27');
  });

  it('run out when everything is taken, or no pool is wide enough', () => {
    const all = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map(subnet);
    expect([...freeSubnets(all, 27, 0)]).toEqual([]);
    expect([...freeSubnets([], 27, 0.5, [subnet('10.1.2.0/28')])]).toEqual([]);
    expect([...freeSubnets([], 16, 0.5)].map(subnetText)).toHaveLength(8);
  });

  it.each([
    [1, 27],
    [29, 27],
    [30, 26],
    [61, 26],
    [62, 25],
    [250, 24],
  ])('%d endpoints need a /%d', (endpoints, prefix) => {
    expect(prefixFor(endpoints)).toBe(prefix);
  });

  it('reads the routes of the host, without the default one and its halves', () => {
    const text = [
      'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
      'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
      'docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
      'tun0\t00000000\t0100080A\t0003\t0\t0\t0\t00000080\t0\t0\t0',
      'tun0\t00000080\t0100080A\t0003\t0\t0\t0\t00000080\t0\t0\t0',
      'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
      '',
    ].join('\n');
    expect(parseRoutes(text).map(subnetText)).toEqual(['172.17.0.0/16', '192.0.2.0/24']);
  });

  it('takes a block by its first address', () => {
    expect(subnetText(subnet('10.1.2.3/24'))).toBe('10.1.2.0/24');
    expect(parseSubnet('fd00::/64')).toBeUndefined();
  });
});
