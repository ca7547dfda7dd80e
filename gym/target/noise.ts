import { readFileSync } from 'node:fs';
import type { HostNoise } from '../statistics/session.ts';
import type { Arms } from './arm.ts';

/** Where the counters of the machine stand; null: the kernel, or the engine, does not tell. */
export interface NoiseReading {
  readonly atMs: number;
  readonly waitedMs: number | null;
  /** The hypervisor's part of all CPU time, and all of it, in ticks. */
  readonly ticks: { readonly stolen: number; readonly all: number } | null;
  readonly throttledMs: number | null;
}

/** Reads them: pressure stall information of the CPU, /proc/stat, and what the engine knows of the containers. */
export async function readNoise({ baseline, candidate }: Arms): Promise<NoiseReading> {
  const arms = [candidate, ...(baseline === undefined ? [] : [baseline])];
  const asked = arms.flatMap(({ environment }) => environment.services.map((service) => environment.stats(service)));
  // Services whose work is done have no numbers.
  const throttledNs = (await Promise.all(asked)).flatMap((each) => (each.ok ? [each.value.throttledNs] : []));
  return {
    atMs: performance.now(),
    waitedMs: pressureMs(textOf('/proc/pressure/cpu')),
    ticks: cpuTicks(textOf('/proc/stat')),
    throttledMs: throttledNs.length === 0 ? null : throttledNs.reduce((sum, each) => sum + each, 0) / 1e6,
  };
}

/** What happened between two readings, as shares of the time. */
export function noiseBetween(before: NoiseReading, after: NoiseReading): HostNoise {
  const tookMs = Math.max(1, after.atMs - before.atMs);
  const share = (from: number | null, to: number | null, of: number) =>
    from === null || to === null || of <= 0 ? null : Math.min(1, Math.max(0, (to - from) / of));
  return {
    cpuPressure: share(before.waitedMs, after.waitedMs, tookMs),
    steal:
      before.ticks === null || after.ticks === null
        ? null
        : share(before.ticks.stolen, after.ticks.stolen, after.ticks.all - before.ticks.all),
    throttled: share(before.throttledMs, after.throttledMs, tookMs),
  };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** `some avg10=… total=MICROSECONDS` (Documentation/accounting/psi.rst). */
export function pressureMs(text: string): number | null {
  const total = /^some .*total=(\d+)/m.exec(text)?.[1];
  return total === undefined ? null : Number(total) / 1000;
}

/** `cpu user nice system idle iowait irq softirq steal guest guest_nice` (proc_stat(5)); guests are counted in user and nice already. */
export function cpuTicks(text: string): NoiseReading['ticks'] {
  const line = /^cpu\s+(.*)$/m.exec(text)?.[1];
  const ticks = line?.trim().split(/\s+/).slice(0, 8).map(Number) ?? [];
  const stolen = ticks[7];
  return stolen === undefined ? null : { stolen, all: ticks.reduce((sum, each) => sum + each, 0) };
}
