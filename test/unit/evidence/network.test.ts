import { describe, expect, test } from 'vitest';
import { counterSamples, type InterfaceCounters, parseCounters } from '../../../gym/evidence/network.ts';
import { networkCounters } from '../../../gym/task/source.ts';

const dev = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
  eth1:50057668     873    0    0    0     0          0         0 18446744073709551615     875    0    0    0     0       0          0
 eth10: 7 8 0 0 0 0 0 0 9 10 0 0 0 0 0 0
`;

describe('/proc/net/dev', () => {
  test.each<[string, InterfaceCounters | undefined]>([
    ['eth1', { rxBytes: 50_057_668n, rxPackets: 873n, txBytes: 2n ** 64n - 1n, txPackets: 875n }],
    ['eth10', { rxBytes: 7n, rxPackets: 8n, txBytes: 9n, txPackets: 10n }],
    ['eth', undefined],
    ['eth2', undefined],
    ['', undefined],
  ])('%j', (name, counters) => expect(parseCounters(dev, name)).toEqual(counters));
  test.each([
    '',
    'eth1:',
    'eth1: 1 2 3',
    'eth1: a b c d e f g h i j k',
    'eth1: -1 2 0 0 0 0 0 0 3 4',
    'cat: eth1: no such file',
  ])('what cannot be read is no reading: %j', (text) => expect(parseCounters(text, 'eth1')).toBeUndefined());
});

describe('between two readings', () => {
  const source = networkCounters({ stage: 'e2e', services: ['a'], network: 'data' });
  const counters = (base: bigint): InterfaceCounters => ({
    rxBytes: base * 1000n,
    rxPackets: base,
    txBytes: base * 2000n,
    txPackets: base * 3n,
  });
  test('the headers are taken off packet by packet, and large numbers stay exact', () => {
    if (source.kind !== 'network') throw new Error('not a network source');
    const huge = 2n ** 58n;
    const samples = counterSamples('a', counters(huge), counters(huge + 10n), source);
    if (!samples.ok) throw new Error(samples.problems[0].message);
    expect(samples.value.map(({ metric, value, unit, labels }) => [metric, value, unit, labels['service']])).toEqual([
      ['tx_bytes', 20_000n, 'bytes', 'a'],
      ['tx_packets', 30n, 'count', 'a'],
      ['tx_payload_bytes', 20_000n - 30n * 66n, 'bytes', 'a'],
      ['rx_bytes', 10_000n, 'bytes', 'a'],
      ['rx_packets', 10n, 'count', 'a'],
      ['rx_payload_bytes', 10_000n - 10n * 66n, 'bytes', 'a'],
    ]);
  });

  test('counters that ran backwards are no measurement', () => {
    const source = networkCounters({ stage: 'e2e', services: ['a'], network: 'data' });
    if (source.kind !== 'network') throw new Error('not a network source');
    const samples = counterSamples('a', counters(1000n), counters(10n), source);
    expect(samples.ok ? '' : samples.problems[0].message).toContain('a ran backwards');
  });
});
