import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { statsOf } from '../../../gym/environment/stats.ts';

/** What an engine answered of a container limited to 0.2 processors that wrote 8 MiB to its disk. */
const recorded = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../fixtures/engine/${name}.json`, import.meta.url), 'utf8'));

test('cgroup v1, of a kernel that counts no bytes of devices for it', () => {
  expect(statsOf(recorded('stats-v1'))).toEqual({
    atMs: Date.UTC(2026, 10, 20, 15, 2, 58, 672),
    cpuNs: 773_227_038,
    throttledPeriods: 22,
    throttledNs: 615_187_055,
    memoryBytes: 7_966_720 - 7_340_032,
    processes: 1,
    readBytes: null,
    writtenBytes: null,
    rxBytes: 736 + 1042,
    txBytes: 0,
  });
});

test('cgroup v2, as its own files told at that moment', () => {
  expect(statsOf(recorded('stats-v2'))).toEqual({
    atMs: Date.UTC(2026, 10, 20, 15, 2, 15, 177),
    // cpu.stat: usage_usec 3443580, nr_throttled 148, throttled_usec 11579395
    cpuNs: 3_443_580_000,
    throttledPeriods: 148,
    throttledNs: 11_579_395_000,
    // memory.current: 9043968; inactive_file 8388608
    memoryBytes: 9_043_968 - 8_388_608,
    // pids.current: 1
    processes: 1,
    // io.stat: rbytes=0 wbytes=8388608
    readBytes: 0,
    writtenBytes: 8_388_608,
    rxBytes: 876,
    txBytes: 0,
  });
});

test('bytes of devices are summed up; where none was used it is none with cgroup v2, and not known with v1', () => {
  const io = (name: string, io_service_bytes_recursive: object[] | null) => {
    const stats = statsOf({ ...recorded(name), blkio_stats: { io_service_bytes_recursive } });
    return [stats?.readBytes, stats?.writtenBytes];
  };
  const devices = [
    { op: 'Read', value: 4096 },
    { op: 'Write', value: 8192 },
    { op: 'Write', value: 1 },
    { op: 'Total', value: 12_289 },
  ];
  expect(io('stats-v1', devices)).toEqual([4096, 8193]);
  expect(io('stats-v2', null)).toEqual([0, 0]);
  expect(io('stats-v1', null)).toEqual([null, null]);
});

test('a container that has ended uses nothing that could be told', () => {
  expect(statsOf(recorded('stats-ended'))).toBeUndefined();
  expect(statsOf({ message: 'No such container' })).toBeUndefined();
});
