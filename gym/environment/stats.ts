import { z } from 'zod';
import { failed, ok, type Result } from '../events/problem.ts';
import type { ContainerStats } from './environment.ts';
import type { ExecTarget } from './exec.ts';

const number = z.number().default(0);
/** As the Docker Engine API has it ("Get container stats based on resource usage"), of cgroup v1 and v2. */
const answered = z.object({
  read: z.string(),
  cpu_stats: z.object({
    cpu_usage: z.object({ total_usage: number }),
    throttling_data: z.object({ throttled_periods: number, throttled_time: number }).optional(),
  }),
  memory_stats: z.object({
    usage: z.number().optional(),
    stats: z.object({ total_inactive_file: z.number().optional(), inactive_file: z.number().optional() }).optional(),
  }),
  pids_stats: z.object({ current: number }).optional(),
  blkio_stats: z.object({
    io_service_bytes_recursive: z.array(z.object({ op: z.string(), value: number })).nullish(),
  }),
  networks: z.record(z.string(), z.object({ rx_bytes: number, tx_bytes: number })).optional(),
});

/** Reads them once, without the second that the engine else takes to compare. Problems are of kind `evidence`. */
export async function readStats({ engine, id, service }: ExecTarget): Promise<Result<ContainerStats>> {
  const options = { stream: false, 'one-shot': true } as const;
  const answer = await engine.call(`reading what ${service} uses`, () => engine.docker.getContainer(id).stats(options));
  if (!answer.ok) return failed({ ...answer.problems[0], kind: 'evidence', place: { service } });
  const stats = statsOf(answer.value);
  if (stats !== undefined) return ok(stats);
  const message = `the engine tells nothing of what ${service} uses: it does not run`;
  return failed({ kind: 'evidence', message, place: { service } });
}

/** An answer of the engine, whatever version of cgroup its host has; `undefined`: it is none of a running container. */
export function statsOf(answer: unknown): ContainerStats | undefined {
  const parsed = answered.safeParse(answer);
  if (!parsed.success) return undefined;
  const { read, cpu_stats, memory_stats, pids_stats, blkio_stats, networks } = parsed.data;
  // A container that has ended is answered for with zeros, and no memory.
  if (memory_stats.usage === undefined) return undefined;
  const inactive = memory_stats.stats?.total_inactive_file ?? memory_stats.stats?.inactive_file ?? 0;
  const devices = blkio_stats.io_service_bytes_recursive ?? [];
  // Recent kernels count nothing for cgroup v1, whatever is written. With v2 no device means that none was used.
  const isCounted = devices.length > 0 || memory_stats.stats?.total_inactive_file === undefined;
  const io = (wanted: string): number | null =>
    isCounted
      ? devices.filter(({ op }) => op.toLowerCase() === wanted).reduce((sum, { value }) => sum + value, 0)
      : null;
  const interfaces = Object.values(networks ?? {});
  return {
    atMs: Date.parse(read),
    cpuNs: cpu_stats.cpu_usage.total_usage,
    throttledPeriods: cpu_stats.throttling_data?.throttled_periods ?? 0,
    throttledNs: cpu_stats.throttling_data?.throttled_time ?? 0,
    memoryBytes: Math.max(0, memory_stats.usage - inactive),
    processes: pids_stats?.current ?? 0,
    readBytes: io('read'),
    writtenBytes: io('write'),
    rxBytes: interfaces.reduce((sum, { rx_bytes }) => sum + rx_bytes, 0),
    txBytes: interfaces.reduce((sum, { tx_bytes }) => sum + tx_bytes, 0),
  };
}
