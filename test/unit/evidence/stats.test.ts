import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ContainerStats } from '../../../gym/environment/environment.ts';
import { ok } from '../../../gym/events/problem.ts';
import { containerStats } from '../../../gym/task/source.ts';
import { readingOf } from './reading.ts';

const idle: ContainerStats = {
  atMs: 1000,
  cpuNs: 5e9,
  throttledPeriods: 1,
  throttledNs: 0,
  memoryBytes: 1_000_000,
  processes: 3,
  readBytes: 10,
  writtenBytes: 20,
  rxBytes: 30,
  txBytes: 40,
};

/** One reading after the other; the last one again and again. */
function stats(readings: readonly ContainerStats[]) {
  let count = 0;
  return {
    asked: () => count,
    environment: {
      stats: async () => {
        count += 1;
        return ok(readings[Math.min(count, readings.length) - 1] ?? idle);
      },
    },
  };
}

test('what a service used during the stage, over time', async () => {
  const later = { ...idle, atMs: 1200, cpuNs: 5.1e9, memoryBytes: 2_000_000, txBytes: 140 };
  const { environment } = stats([idle, later]);
  const reading = await readingOf(containerStats({ stage: 'e2e', services: ['app'], intervalMs: 60_000 }), {
    environment,
    during: () => sleep(20),
  });
  const of = (metric: string) =>
    reading.samples.filter((sample) => sample.metric === metric).map(({ value, atMs }) => [value, atMs]);
  expect(of('cpu_ms')).toEqual([
    [0, 1000],
    [100, 1200],
  ]);
  expect(of('cpu_cores')).toEqual([[0.5, 1200]]);
  expect(of('memory_bytes')).toEqual([
    [1_000_000n, 1000],
    [2_000_000n, 1200],
  ]);
  expect(of('tx_bytes')).toEqual([
    [0n, 1000],
    [100n, 1200],
  ]);
});

test('bytes that the kernel does not count are left out, and are not none', async () => {
  const uncounted = { ...idle, readBytes: null, writtenBytes: null };
  const { environment } = stats([uncounted, { ...uncounted, atMs: 1200, writtenBytes: 20 }]);
  const reading = await readingOf(containerStats({ stage: 'e2e', services: ['app'], intervalMs: 60_000 }), {
    environment,
    during: () => sleep(20),
  });
  const of = (metric: string) =>
    reading.samples.filter((sample) => sample.metric === metric).map(({ value, atMs }) => [value, atMs]);
  expect(of('read_bytes')).toEqual([]);
  expect(of('written_bytes')).toEqual([[20n, 1200]]);
});

test('counters that ran backwards are of a service that was started again', async () => {
  const { environment } = stats([idle, { ...idle, cpuNs: 1 }]);
  const reading = await readingOf(containerStats({ stage: 'e2e', services: ['app'] }), {
    environment,
    during: () => sleep(20),
  });
  expect(reading.problem).toBe('the counters of app ran backwards: it was started again during the stage');
});

test('nobody goes on asking after a stage that did not pass', async () => {
  const { environment, asked } = stats([idle]);
  await readingOf(containerStats({ stage: 'e2e', services: ['app'], intervalMs: 100 }), {
    environment,
    during: () => 'fail',
  });
  const count = asked();
  await sleep(300);
  expect(asked()).toBe(count);
});
