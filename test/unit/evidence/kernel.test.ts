import { expect, test } from 'vitest';
import { kernelGrowth, parseKernel } from '../../../gym/evidence/kernel.ts';

/** Of a real container, shortened. */
const read = (retransmitted: number, interfaces = ['lo', 'eth0']): string => `== dev
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
${interfaces.map((name) => `  ${name}:     906      11    1    2    0     0          0         0       42       1    3    4    0     0       0          0`).join('\n')}
== snmp
Ip: Forwarding DefaultTTL InReceives OutRequests
Ip: 1 64 18 ${retransmitted}
Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens CurrEstab RetransSegs
Tcp: 1 200 120000 -1 3 2 ${retransmitted}
== netstat
TcpExt: SyncookiesSent ListenOverflows
TcpExt: 0 7
IpExt: InOctets OutOctets
IpExt: 9007199254740993 50
== sockstat
sockets: used 5
TCP: inuse 2 orphan 0 tw 1 alloc 7 mem 1
== sockstat6
TCP6: inuse 1
== tcp
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F90 00000000:0000 0A 00000000:00000003 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
== tcp6
`;

test("what the kernel tells is given by the kernel's names, settings left out", () => {
  const { samples, interfaces } = parseKernel(read(5));
  const values = new Map(
    samples.map(({ metric, labels, value }) => [[metric, ...Object.values(labels)].join(' '), value]),
  );
  expect(interfaces).toEqual(['eth0', 'lo']);
  expect(Object.fromEntries(values)).toMatchObject({
    Ip_InReceives: 18n,
    Tcp_ActiveOpens: 3n,
    Tcp_RetransSegs: 5n,
    TcpExt_ListenOverflows: 7n,
    IpExt_InOctets: 9007199254740993n,
    sockstat_sockets_used: 5n,
    sockstat_TCP_tw: 1n,
    sockstat_TCP6_inuse: 1n,
    'sockets tcp ESTABLISHED': 1n,
    'sockets tcp LISTEN': 1n,
    'sockets tcp TIME_WAIT': 0n,
    'sockets tcp6 LISTEN': 0n,
    'accept_queue tcp 8080': 3n,
    'rx_errors eth0': 1n,
    'rx_dropped eth0': 2n,
    'tx_errors eth0': 3n,
    'tx_dropped eth0': 4n,
  });
  expect([...values.keys()].filter((name) => /Ttl|Rto|Forwarding|MaxConn/i.test(name))).toEqual([]);
  expect(samples.find(({ metric }) => metric === 'IpExt_InOctets')?.unit).toBe('bytes');
});

test('counters count from the stage on; what is so now is told as it is', () => {
  const grown = kernelGrowth('app', parseKernel(read(5)), parseKernel(read(9)));
  const of = (metric: string) =>
    grown.ok ? grown.value.filter((sample) => sample.metric === metric).map(({ value }) => value) : grown;
  expect(of('Tcp_RetransSegs')).toEqual([4n]);
  expect(of('TcpExt_ListenOverflows')).toEqual([0n]);
  expect(of('Tcp_CurrEstab')).toEqual([2n]);
  expect(of('accept_queue')).toEqual([3n]);
});

test('a service that was started again, or whose counters ran backwards, is not believed', () => {
  const problem = (before: string, after: string): string => {
    const grown = kernelGrowth('app', parseKernel(before), parseKernel(after));
    return grown.ok ? '' : grown.problems[0].message;
  };
  expect(problem(read(5), read(5, ['lo']))).toMatch(/^the interfaces of app changed/);
  expect(problem(read(5), read(4))).toMatch(/ran backwards, from 5 to 4/);
});
