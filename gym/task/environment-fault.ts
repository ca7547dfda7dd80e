import { z } from 'zod';

const name = z.string().min(1);
const folderPath = z.string().regex(/^(\/[^/]+)+$/, 'the path of a folder begins with / and does not end with it');
const tcpPort = z.number().int().min(1).max(65_535);

/** Which connections a fault of the traffic is about: those from a service, or from all that can reach it, to a port of another. */
const traffic = { to: name, port: tcpPort, from: name.optional() };

/**
 * A failure in an environment that is up. Durations are milliseconds, sizes bytes.
 * `kill`: SIGKILL; `stop`: as the service is stopped when all is well; `partition`: cut off from all its networks, from one, or
 * from one other service; `latency`: added to every round trip, half of it each way; `bandwidth`: of all these connections
 * together, each way; `reset`: see `resetShape`; `count`: nothing but counting; `disk`: no space is left below a folder.
 */
export const environmentFault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('kill'), service: name }),
  z.strictObject({ kind: z.literal('stop'), service: name }),
  z.strictObject({ kind: z.literal('pause'), service: name }),
  z.strictObject({ kind: z.literal('restart'), service: name }),
  z.strictObject({
    kind: z.literal('partition'),
    service: name,
    from: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('service'), service: name }),
        z.strictObject({ kind: z.literal('network'), network: name }),
        z.strictObject({ kind: z.literal('everything') }),
      ])
      .default({ kind: 'everything' }),
  }),
  z.strictObject({ kind: z.literal('latency'), ...traffic, latencyMs: z.number().positive().max(600_000) }),
  z.strictObject({ kind: z.literal('bandwidth'), ...traffic, bytesPerSecond: z.number().int().positive() }),
  z.strictObject({
    kind: z.literal('reset'),
    ...traffic,
    when: z.union([
      /** After that many bytes of a connection, both ways together. */
      z.strictObject({ afterBytes: z.number().int().nonnegative() }),
      /** This share of the connections, as soon as they are made; which ones is decided by the seed. */
      z.strictObject({ probability: z.number().gt(0).max(1), seed: z.number().int() }),
    ]),
  }),
  z.strictObject({ kind: z.literal('count'), ...traffic }),
  z.strictObject({ kind: z.literal('disk'), service: name, path: folderPath }),
  z.strictObject({ kind: z.literal('memory'), service: name, limitBytes: z.number().int().positive() }),
  z.strictObject({ kind: z.literal('cpu'), service: name, cpus: z.number().positive() }),
  z.strictObject({ kind: z.literal('clock'), service: name, offsetMs: z.number().int() }),
]);
export type EnvironmentFault = z.infer<typeof environmentFault>;

/** A fault of one kind. */
export type FaultOf<Kind extends EnvironmentFault['kind']> = Extract<EnvironmentFault, { kind: Kind }>;

/** A fault that the proxy makes. */
export type TrafficFault = FaultOf<'latency' | 'bandwidth' | 'reset' | 'count'>;

/** What shows that a fault took effect: something read or measured before and after. */
export const faultEvidence = z.object({ what: z.string(), before: z.string(), after: z.string() });
export type FaultEvidence = z.infer<typeof faultEvidence>;

/** The service that a fault is done to. */
export function serviceOf(fault: EnvironmentFault): string {
  return 'to' in fault ? fault.to : fault.service;
}

/** A fault in a few words: "latency of 200 ms from api to db:5432". */
export function faultText(fault: EnvironmentFault): string {
  switch (fault.kind) {
    case 'kill':
    case 'stop':
    case 'pause':
    case 'restart':
      return `${fault.kind} ${fault.service}`;
    case 'partition':
      return `partition ${fault.service} from ${partitionText(fault.from)}`;
    case 'latency':
      return `latency of ${fault.latencyMs} ms ${wayText(fault)}`;
    case 'bandwidth':
      return `bandwidth of ${fault.bytesPerSecond} bytes/s ${wayText(fault)}`;
    case 'reset':
      return `reset ${'afterBytes' in fault.when ? `after ${fault.when.afterBytes} bytes` : `with probability ${fault.when.probability} (seed ${fault.when.seed})`} ${wayText(fault)}`;
    case 'count':
      return `count bytes ${wayText(fault)}`;
    case 'disk':
      return `disk full at ${fault.service}:${fault.path}`;
    case 'memory':
      return `memory of ${fault.service} limited to ${fault.limitBytes} bytes`;
    case 'cpu':
      return `cpu of ${fault.service} limited to ${fault.cpus}`;
    case 'clock':
      return `clock of ${fault.service} off by ${fault.offsetMs} ms`;
  }
}

function partitionText(from: FaultOf<'partition'>['from']): string {
  if (from.kind === 'everything') return 'everything';
  return from.kind === 'service' ? from.service : `the network ${from.network}`;
}

function wayText({ from, to, port }: TrafficFault): string {
  return `from ${from ?? 'all services'} to ${to}:${port}`;
}
