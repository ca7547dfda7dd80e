import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerStats, Environment } from '../environment/environment.ts';
import { failed, ok, type Result } from '../events/problem.ts';
import type { Sample } from '../task/measurement.ts';
import { type BeginSource, notRead } from './reader.ts';

/** Readings of one service at most: a stage that goes on longer is read to its end less often. */
const mostReadings = 20_000;

/** Reads what services use, again and again until the stage has ended. */
export const beginStats: BeginSource<'stats'> = async ({ services, intervalMs }, { environment, signal }) => {
  const ended = new AbortController();
  const over = AbortSignal.any([ended.signal, signal]);
  const series = services.map((service) => ({
    service,
    readings: follow(environment, service, { intervalMs, over }),
  }));
  return async () => {
    ended.abort();
    const samples: Sample[] = [];
    for (const { service, readings } of series) {
      const read = await readings;
      const last = await environment.stats(service);
      if (!read.ok) return read;
      if (!last.ok) return last;
      const found = statsSamples(service, [...read.value, last.value]);
      if (!found.ok) return found;
      for (const sample of found.value) samples.push(sample);
    }
    return ok({ samples });
  };
};

/** Never rejects. A reading that fails ends it; what came before is told nevertheless, when the last one succeeds. */
async function follow(
  environment: Environment,
  service: string,
  { intervalMs, over }: { readonly intervalMs: number; readonly over: AbortSignal },
): Promise<Result<ContainerStats[]>> {
  let readings: ContainerStats[] = [];
  let pauseMs = intervalMs;
  while (!over.aborted) {
    const beganMs = performance.now();
    const read = await environment.stats(service);
    if (!read.ok) return over.aborted ? ok(readings) : read;
    readings.push(read.value);
    if (readings.length >= mostReadings) {
      readings = readings.filter((_, index) => index % 2 === 0);
      pauseMs *= 2;
    }
    const restMs = Math.max(0, pauseMs - (performance.now() - beganMs));
    await sleep(restMs, undefined, { signal: over, ref: false }).catch(() => undefined);
  }
  return ok(readings);
}

const millisecondNs = 1e6;

/** Readings in the order of time as samples. Counters that ran backwards are a problem: the service was started again. */
export function statsSamples(service: string, readings: readonly ContainerStats[]): Result<Sample[]> {
  const [first] = readings;
  if (first === undefined) return notRead(`nothing was read of what ${service} uses`);
  const labels = { service };
  const samples: Sample[] = [];
  let before = first;
  for (const now of readings) {
    const isBackwards = (counter: 'cpuNs' | 'writtenBytes' | 'txBytes'): boolean =>
      (now[counter] ?? 0) < (before[counter] ?? 0);
    if (isBackwards('cpuNs') || isBackwards('writtenBytes') || isBackwards('txBytes')) {
      const message = `the counters of ${service} ran backwards: it was started again during the stage`;
      return failed({ kind: 'evidence', message, place: { service } });
    }
    const { atMs } = now;
    const whole = (metric: string, value: number, unit: 'bytes' | 'count'): Sample => ({
      metric,
      labels,
      value: BigInt(Math.round(value)),
      unit,
      atMs,
    });
    const passedMs = now.atMs - before.atMs;
    samples.push(
      { metric: 'cpu_ms', labels, value: (now.cpuNs - first.cpuNs) / millisecondNs, unit: 'ms', atMs },
      {
        metric: 'throttled_ms',
        labels,
        value: (now.throttledNs - first.throttledNs) / millisecondNs,
        unit: 'ms',
        atMs,
      },
      whole('throttled_periods', now.throttledPeriods - first.throttledPeriods, 'count'),
      whole('memory_bytes', now.memoryBytes, 'bytes'),
      whole('processes', now.processes, 'count'),
      ...(now.readBytes === null ? [] : [whole('read_bytes', now.readBytes - (first.readBytes ?? 0), 'bytes')]),
      ...(now.writtenBytes === null
        ? []
        : [whole('written_bytes', now.writtenBytes - (first.writtenBytes ?? 0), 'bytes')]),
      whole('rx_bytes', now.rxBytes - first.rxBytes, 'bytes'),
      whole('tx_bytes', now.txBytes - first.txBytes, 'bytes'),
    );
    if (passedMs > 0) {
      const cores = (now.cpuNs - before.cpuNs) / millisecondNs / passedMs;
      samples.push({ metric: 'cpu_cores', labels, value: cores, unit: 'ratio', atMs });
    }
    before = now;
  }
  return ok(samples);
}
