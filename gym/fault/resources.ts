import { z } from 'zod';
import type { Answer } from '../environment/engine.ts';
import { failed, ok, type Result } from '../events/problem.ts';
import type { FaultEvidence, FaultOf } from '../task/environment-fault.ts';
import { mustRun, runOnce } from './once.ts';
import type { Plan, Planning } from './plan.ts';
import { again, type Member, notPossible, runningMember, type System } from './system.ts';
import { diskHelper } from './undo.ts';

/** A tmpfs with more room than this is not filled, for that is memory, but covered. */
const mostFilledBytes = 64 << 20;

/** Plans a full disk below a folder of a service. */
export function planDisk({ system, id }: Planning, { service, path }: FaultOf<'disk'>): Result<Plan> {
  const found = runningMember(system, service);
  if (!found.ok) return found;
  const member = found.value;
  // Podman's word for one of its own.
  if (!['', 'private'].includes(member.info.HostConfig.PidMode ?? ''))
    return notPossible(`a full disk in ${service}`, 'its processes are not in a namespace of their own');
  return ok({
    undo: [{ do: 'free', container: member.id, service, path }],
    members: [member],
    async act() {
      const helper = diskHelper(id, member, 'set', path, mostFilledBytes);
      const ran = await runOnce(system, helper);
      if (!ran.ok) return ran;
      const { exitCode, out, err } = ran.value;
      if (exitCode !== 0 && err.endsWith('is no folder\n'))
        return failed({ kind: 'usage', message: `${service}: ${err.trim()}` });
      if (exitCode !== 0) return notPossible(`a full disk at ${service}:${path}`, err.trim());
      const said = new Map(
        out
          .trim()
          .split('\n')
          .map((line): [string, string] => {
            const [key = '', value = ''] = line.split('\t');
            return [key, value];
          }),
      );
      return ok({ activated: /No space left/.test(said.get('after') ?? ''), evidence: diskEvidence(path, said) });
    },
  });
}

function diskEvidence(path: string, said: ReadonlyMap<string, string>): FaultEvidence[] {
  const write = { what: `a write below ${path}`, before: said.get('before') ?? '', after: said.get('after') ?? '' };
  const way =
    said.get('way') === 'filled' ? 'the tmpfs filled by a file' : 'covered by a layer that is full; removed on clear';
  const users = said.get('users') ?? '';
  return [
    write,
    { what: path, before: 'as it was', after: way },
    ...(users === ''
      ? []
      : [{ what: `processes with open files below ${path}`, before: users, after: 'write through those as before' }]),
  ];
}

/** Plans a limit of a service's memory, swap included. */
export function planMemory({ system }: Planning, { service, limitBytes }: FaultOf<'memory'>): Result<Plan> {
  const found = runningMember(system, service);
  if (!found.ok) return found;
  const member = found.value;
  const { Memory: memoryBytes = 0, MemorySwap: swapBytes = 0 } = member.info.HostConfig;
  const { engine } = system;
  const container = engine.docker.getContainer(member.id);
  return ok({
    undo: [{ do: 'limit', container: member.id, service, limits: { memoryBytes, swapBytes } }],
    members: [member],
    async act() {
      const before = await memoryOf(system, member);
      if (!before.ok) return before;
      const { heldBytes } = before.value;
      if (heldBytes > limitBytes) {
        const because = `it holds ${heldBytes} bytes that cannot be given back, and would be killed`;
        return notPossible(`a memory limit of ${limitBytes} bytes for ${service}`, because);
      }
      const updated = await engine.call(`limiting the memory of ${service}`, () =>
        container.update({ Memory: limitBytes, MemorySwap: limitBytes }),
      );
      if (!updated.ok) return notUpdated(`limiting the memory of ${service}`, updated);
      const after = await memoryOf(system, member);
      if (!after.ok) return after;
      const reached = after.value.limitBytes;
      // The kernel counts in pages.
      const activated = reached <= limitBytes && reached > limitBytes - 65_536;
      const what = "memory limit of the service's cgroup";
      const evidence = { what, before: `${before.value.limitBytes} bytes`, after: `${reached} bytes` };
      return ok({ activated, evidence: [evidence] });
    },
  });
}

/** 404 for a container that was just looked at: the engine has no such call (Podman before 5). */
function notUpdated(what: string, answer: Extract<Answer<unknown>, { ok: false }>): Result<never> {
  if (answer.status !== 404) return answer;
  return notPossible(what, 'the engine does not change limits of a container that runs');
}

const bytes = z.number().default(0);
const stats = z.object({
  memory_stats: z.object({
    limit: z.number(),
    usage: bytes,
    // Only cgroup v2 tells of `slab_reclaimable`.
    stats: z.object({ slab_reclaimable: z.number().optional(), active_file: bytes, inactive_file: bytes }).optional(),
  }),
});

/** What a service may use and what it uses of memory. */
export interface MemoryUse {
  /** Without a limit of its own, the machine's memory. */
  readonly limitBytes: number;
  /** What the kernel could not reclaim: with cgroup v2 a lower limit is set, and kills. 0 with v1, which refuses such a limit itself. */
  readonly heldBytes: number;
}

/** An answer of the engine, which reads it from the cgroup; `undefined`: it is none of a running container. */
export function memoryUse(answer: unknown): MemoryUse | undefined {
  const parsed = stats.safeParse(answer);
  if (!parsed.success) return undefined;
  const { limit: limitBytes, usage, stats: parts } = parsed.data.memory_stats;
  if (parts?.slab_reclaimable === undefined) return { limitBytes, heldBytes: 0 };
  const reclaimable = parts.active_file + parts.inactive_file + parts.slab_reclaimable;
  return { limitBytes, heldBytes: Math.max(0, usage - reclaimable) };
}

async function memoryOf({ engine }: System, { id, service }: Member): Promise<Result<MemoryUse>> {
  const read = await engine.call(`reading the memory limit of ${service}`, () =>
    engine.docker.getContainer(id).stats({ stream: false, 'one-shot': true }),
  );
  if (!read.ok) return read;
  const use = memoryUse(read.value);
  if (use !== undefined) return ok(use);
  return failed({ kind: 'environment', message: `the engine does not tell the memory limit of ${service}` });
}

/** Plans a limit of the processor time of a service. */
export function planCpu(planning: Planning, { service, cpus }: FaultOf<'cpu'>): Result<Plan> {
  const { system } = planning;
  const found = runningMember(system, service);
  if (!found.ok) return found;
  const member = found.value;
  const { NanoCpus: nanoCpus = 0, CpuPeriod: cpuPeriod = 0, CpuQuota: cpuQuota = 0 } = member.info.HostConfig;
  const { engine } = system;
  // The engine takes one way of saying it or the other: the one that the service has.
  const periodUs = 100_000;
  const update =
    nanoCpus > 0
      ? { NanoCpus: Math.round(cpus * 1e9) }
      : { CpuPeriod: periodUs, CpuQuota: Math.max(1000, Math.round(cpus * periodUs)) };
  return ok({
    undo: [
      { do: 'limit', container: member.id, service, limits: nanoCpus > 0 ? { nanoCpus } : { cpuPeriod, cpuQuota } },
    ],
    members: [member],
    async act() {
      const before = await cpuLimit(planning, member);
      if (!before.ok) return before;
      const updated = await engine.call(`limiting the processor of ${service}`, () =>
        engine.docker.getContainer(member.id).update(update),
      );
      if (!updated.ok) return notUpdated(`limiting the processor of ${service}`, updated);
      const after = await cpuLimit(planning, member);
      if (!after.ok) return after;
      const text = (limit: number): string => (limit === Number.POSITIVE_INFINITY ? 'none' : `${limit} processors`);
      const what = "processor limit of the service's cgroup";
      return ok({
        activated: after.value <= cpus * 1.01 || after.value <= 1000 / periodUs,
        evidence: [{ what, before: text(before.value), after: text(after.value) }],
      });
    },
  });
}

/**
 * Quota and period: `cpu.max` of cgroup v2, two files of v1. The service shows its own cgroup; with v2 and the host's cgroup
 * namespace it shows the host's, and where its own is below that stands in /proc/1/cgroup for who is in the same namespace.
 */
const readCpu = `
cd /proc/1/root/sys/fs/cgroup || exit
if [ -f cgroup.controllers ] && [ ! -f cpu.max ]; then cd "./$(sed -n s/^0:://p /proc/1/cgroup)" || exit; fi
if [ -f cgroup.controllers ]; then cat cpu.max; else cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us; fi`;

async function cpuLimit({ system, id }: Planning, member: Member): Promise<Result<number>> {
  const { PidMode: pidMode } = member.info.HostConfig;
  if (pidMode !== '') return configuredCpus(system, member);
  const read = await mustRun(system, `reading the processor limit of ${member.service}`, {
    fault: id,
    image: 'debian',
    command: ['sh', '-c', readCpu],
    host: { PidMode: `container:${member.id}`, CapAdd: ['SYS_PTRACE', 'DAC_READ_SEARCH'], CgroupnsMode: 'host' },
  });
  if (!read.ok) return read;
  const [quota = '', period = ''] = read.value.trim().split(/\s+/);
  return ok(quota === 'max' || Number(quota) < 0 ? Number.POSITIVE_INFINITY : Number(quota) / Number(period));
}

/** What the engine says, where nobody can look inside. */
async function configuredCpus(system: System, member: Member): Promise<Result<number>> {
  const now = await again(system, member);
  if (!now.ok) return now;
  const { NanoCpus: nanoCpus = 0, CpuPeriod: period = 0, CpuQuota: quota = 0 } = now.value.info.HostConfig;
  if (nanoCpus > 0) return ok(nanoCpus / 1e9);
  return ok(quota > 0 && period > 0 ? quota / period : Number.POSITIVE_INFINITY);
}

/** A clock that is off: cannot be had from outside of a container. */
export function planClock({ service }: FaultOf<'clock'>): Result<Plan> {
  return notPossible(
    `a clock offset in ${service}`,
    "Linux has one wall clock for all containers (time namespaces shift the monotonic clocks only), and an image has to bring libfaketime to answer in the clock's place",
    'Install libfaketime in an image of your own and set LD_PRELOAD and FAKETIME for the service in the Compose file.',
  );
}
