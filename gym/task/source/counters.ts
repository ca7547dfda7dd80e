import { z } from 'zod';
import { made, stageName } from './shared.ts';

const services = z.array(z.string()).min(1);

/**
 * Kernel counters of a network interface, read from outside the service, before and after a stage: what counts is the
 * difference. Gives, with label `service`, tx_bytes, tx_packets, rx_bytes, rx_packets, and tx_payload_bytes and
 * rx_payload_bytes, from which the headers have been taken off packet by packet.
 */
export const networkSource = z.strictObject({
  kind: z.literal('network'),
  stage: stageName.optional(),
  services,
  /** Network of the Compose file whose interface is read. */
  network: z.string(),
  /** Bytes that are header in each packet; 66 for TCP with timestamps over IPv4 and Ethernet: 20 + 12 + 20 + 14. */
  headerBytes: z.number().int().nonnegative().default(66),
});
export type NetworkSource = z.output<typeof networkSource>;

/**
 * What the kernel counts in a service's network namespace: `Ip_…`, `IpExt_…`, `Tcp_…`, `TcpExt_…`, `Udp_…` and others as it names them
 * (bytes for those in octets, else counts; what they grew by), `sockets` by `protocol` and `state`, `sockstat_…` as they are after it,
 * and rx_errors, rx_dropped, tx_errors, tx_dropped by `interface`. All with label `service`.
 */
export const kernelSource = z.strictObject({ kind: z.literal('kernel'), stage: stageName.optional(), services });

/**
 * What the engine tells of containers, read again and again while the stage runs: cpu_ms, throttled_periods, throttled_ms, read_bytes,
 * written_bytes, rx_bytes, tx_bytes (what they grew by since the stage began), cpu_cores (used since the sample before), memory_bytes
 * and processes (at that moment). Each with label `service` and its time.
 */
export const statsSource = z.strictObject({
  kind: z.literal('stats'),
  stage: stageName.optional(),
  services,
  intervalMs: z.number().int().min(100).max(60_000).default(1000),
});
export type StatsSource = z.output<typeof statsSource>;

/** Kernel counters of services' interfaces on one network: a witness of what really went over the wire. */
export function networkCounters(spec: Omit<z.input<typeof networkSource>, 'kind'>): NetworkSource {
  return made('networkCounters', networkSource, { kind: 'network', ...spec }, networkCounters);
}

/** Counters of the IP stack and the sockets of services: a witness of retransmissions, refused connections, full queues. */
export function kernelCounters(spec: Omit<z.input<typeof kernelSource>, 'kind'>): z.output<typeof kernelSource> {
  return made('kernelCounters', kernelSource, { kind: 'kernel', ...spec }, kernelCounters);
}

/** Processor, memory, disk and network of services over time, as the engine reads them from the kernel: a witness. */
export function containerStats(spec: Omit<z.input<typeof statsSource>, 'kind'>): StatsSource {
  return made('containerStats', statsSource, { kind: 'stats', ...spec }, containerStats);
}
