import { describe, expect, it } from 'vitest';
import {
  freeSubnets,
  overlaps,
  parseRoutes,
  parseSubnet,
  pool,
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
    const all = [...freeSubnets([], 27, 5)].map(subnetText);
    expect(all).toHaveLength(8192);
    expect(new Set(all).size).toBe(8192);
    expect(all[0]).toBe('10.200.0.160/27');
    expect(all.at(-1)).toBe('10.200.0.128/27');
    expect(all.every((text) => overlaps(subnet(text), pool))).toBe(true);
  });

  it('avoid what is taken, larger and smaller', () => {
    const taken = [subnet('10.200.0.0/24'), subnet('10.200.1.4/30'), subnet('192.168.0.0/16')];
    const [first, second] = freeSubnets(taken, 27, 0);
    expect([first, second].map((each) => each && subnetText(each))).toEqual(['10.200.1.32/27', '10.200.1.64/27']);
  });

  it('run out when everything is taken', () => {
    expect([...freeSubnets([subnet('10.0.0.0/8')], 27, 0)]).toEqual([]);
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

  it('reads the routes of the host, without the default one', () => {
    const text = [
      'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
      'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
      'docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
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
