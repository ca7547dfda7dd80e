import { expect, test } from 'vitest';
import { statsOf } from '../../../gym/environment/stats.ts';

/** As an engine answers, shortened to what is read. */
const common = {
  read: '2026-11-20T08:00:00.5Z',
  cpu_stats: {
    cpu_usage: { total_usage: 123_456_789 },
    throttling_data: { periods: 10, throttled_periods: 3, throttled_time: 2_000_000 },
  },
  pids_stats: { current: 4 },
  networks: { eth0: { rx_bytes: 10, tx_bytes: 20 }, eth1: { rx_bytes: 1, tx_bytes: 2 } },
};

const told = {
  atMs: Date.UTC(2026, 10, 20, 8, 0, 0, 500),
  cpuNs: 123_456_789,
  throttledPeriods: 3,
  throttledNs: 2_000_000,
  memoryBytes: 600,
  processes: 4,
  readBytes: 4096,
  writtenBytes: 8193,
  rxBytes: 11,
  txBytes: 22,
};

test.each([
  [
    'v1',
    { usage: 1000, max_usage: 2000, stats: { total_inactive_file: 400, inactive_file: 300 } },
    [
      { op: 'Read', value: 4096 },
      { op: 'Write', value: 8192 },
      { op: 'Write', value: 1 },
      { op: 'Total', value: 12_289 },
    ],
  ],
  [
    'v2',
    { usage: 1000, stats: { inactive_file: 400, anon: 500 } },
    [
      { op: 'read', value: 4096 },
      { op: 'write', value: 8193 },
    ],
  ],
])('what an engine on cgroup %s tells', (_, memory_stats, io_service_bytes_recursive) => {
  expect(statsOf({ ...common, memory_stats, blkio_stats: { io_service_bytes_recursive } })).toEqual(told);
});

test('a container that has ended uses nothing that could be told', () => {
  const ended = { ...common, memory_stats: {}, blkio_stats: { io_service_bytes_recursive: null } };
  expect(statsOf(ended)).toBeUndefined();
  expect(statsOf({ message: 'No such container' })).toBeUndefined();
});
