import { findLabelled, removeAll } from '../environment/down.ts';
import type { Answer, Engine } from '../environment/engine.ts';
import { label } from '../environment/labels.ts';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import { restoreHosts } from './hosts.ts';
import type { Undo } from './notes.ts';
import { helperOf, mustRun, onceOf } from './once.ts';
import { disk, neighbours } from './perl.ts';
import { again, isSlot, type Member, portsText, type System, slotOf } from './system.ts';

/** A number of bytes that no machine has, and that a multiple of every page size is. */
const boundlessBytes = 2 ** 46;

/** Takes a fault back, step by step, and removes what was made for it. Goes on after a step that failed. Gives what was done, in words. */
export async function undoAll(system: System, id: string, steps: readonly Undo[]): Promise<Result<readonly string[]>> {
  const done: string[] = [];
  const problems: Problem[] = [];
  const remove = async (role: string): Promise<void> => {
    const labels = [`${label.project}=${system.project}`, `${label.helper}=${role}`];
    const made = await findLabelled(system.engine, labels, () => true);
    const removed = made.ok ? await removeAll(system.engine, made.value) : made;
    if (!removed.ok) problems.push(...removed.problems);
  };
  // What a process that was killed has left running might do again what is undone here.
  await remove(onceOf(id));
  const misled: Member[] = [];
  for (const step of steps) {
    const member = [...system.members.values()].find((each) => each.id === step.container);
    const holder = member ?? (await strayMember(system, step));
    if (holder === undefined) continue;
    if (step.do === 'resolve') {
      misled.push(holder);
      continue;
    }
    const result = await undoOne(system, id, step, holder);
    if (!result.ok) problems.push(...result.problems);
    else if (result.value !== '') done.push(result.value);
  }
  // All at once: there may be many clients.
  const restored = misled.length === 0 ? undefined : await restoreHosts(system, id, misled);
  if (restored?.ok === false) problems.push(...restored.problems);
  else if (restored?.ok) done.push(`names lead where they did for ${misled.map(({ service }) => service).join(', ')}`);
  // The proxy last: until names lead elsewhere it is needed.
  await remove(helperOf(id));
  const [first, ...others] = problems;
  return first === undefined ? ok(done) : failed(first, ...others);
}

/** A container that no service of the environment has: one that holds a network, if it is still there. */
async function strayMember(system: System, step: Undo): Promise<Member | undefined> {
  const { engine } = system;
  const there = await engine.call('looking at a container', () => engine.docker.getContainer(step.container).inspect());
  if (!there.ok) return undefined;
  return {
    service: step.service,
    id: step.container,
    name: there.value.Name.replace(/^\//, ''),
    info: there.value,
  };
}

async function undoOne(
  system: System,
  id: string,
  step: Exclude<Undo, { do: 'resolve' }>,
  member: Member,
): Promise<Result<string>> {
  const { engine } = system;
  const container = engine.docker.getContainer(member.id);
  switch (step.do) {
    case 'start': {
      const started = await engine.call(`starting ${step.service}`, () => container.start());
      // What it holds is told with the service.
      if (isSlot(member)) return ended(started, [304, 404], async () => '');
      return ended(started, [304, 404], async () => `${step.service} started${await portsNow(system, member)}`);
    }
    case 'unpause': {
      const unpaused = await engine.call(`letting ${step.service} go on`, () => container.unpause());
      // 500 with these words on Engine 20.10, 409 later: it was not paused.
      if (!unpaused.ok && /is not paused|not running/.test(unpaused.problems[0].message)) return ok('');
      return ended(unpaused, [404, 409], async () => `${step.service} goes on`);
    }
    case 'connect':
      return connect(system, step, member);
    case 'reach': {
      if (!member.info.State.Running) return ok('');
      const ran = await mustRun(system, `reaching others from ${step.service}`, {
        fault: id,
        image: 'debian',
        command: ['perl', '-e', neighbours, 'delete', ...step.addresses],
        host: { NetworkMode: `container:${member.id}`, CapAdd: ['NET_ADMIN'] },
      });
      return ran.ok ? ok(`${step.service} reaches ${step.addresses.join(', ')} again`) : ran;
    }
    case 'limit':
      return unlimit(engine, step, member);
    case 'free': {
      if (!member.info.State.Running) return ok('');
      const ran = await mustRun(
        system,
        `freeing ${step.service}:${step.path}`,
        diskHelper(id, member, 'free', step.path),
      );
      return ran.ok ? ok(`${step.service}:${step.path} has space again`) : ran;
    }
  }
}

/** A helper that works on a folder in the mounts of a running service. */
export function diskHelper(
  fault: string,
  member: Member,
  act: 'set' | 'free',
  path: string,
  mostBytes = 0,
): Parameters<typeof mustRun>[2] {
  return {
    fault,
    image: 'debian',
    command: ['perl', '-e', disk, act, path, fault, String(mostBytes)],
    host: {
      PidMode: `container:${member.id}`,
      CapAdd: ['SYS_ADMIN', 'SYS_CHROOT', 'SYS_PTRACE', 'DAC_OVERRIDE', 'CHOWN', 'FOWNER'],
      // Its profile forbids mounts; the word is understood where there is no AppArmor, too.
      SecurityOpt: ['apparmor=unconfined'],
    },
  };
}

async function ended(
  answer: Answer<unknown>,
  fine: readonly number[],
  text: () => Promise<string>,
): Promise<Result<string>> {
  if (answer.ok) return ok(await text());
  return answer.status !== undefined && fine.includes(answer.status) ? ok('') : answer;
}

/** With the address that it had, or with another where that is taken or cannot be asked for. */
async function connect(
  system: System,
  step: Extract<Undo, { do: 'connect' }>,
  member: Member,
): Promise<Result<string>> {
  const { engine } = system;
  const network = engine.docker.getNetwork(step.network);
  const attempt = (address: string | undefined): Promise<Answer<unknown>> =>
    engine.call(`connecting ${step.service} to ${step.network}`, () =>
      network.connect({
        Container: member.id,
        EndpointConfig: {
          Aliases: step.aliases,
          ...(address !== undefined && { IPAMConfig: { IPv4Address: address } }),
        },
      }),
    );
  const before = await again(system, member);
  if (before.ok && step.network in before.value.info.NetworkSettings.Networks) return ok('');
  const first = await attempt(step.address === '' ? undefined : step.address);
  const second = first.ok || first.status === 404 ? first : await attempt(undefined);
  return ended(second, [404], async () => {
    const now = await again(system, member);
    const address = now.ok ? (now.value.info.NetworkSettings.Networks[step.network]?.IPAddress ?? '') : '';
    const other = address === step.address ? '' : `, not ${step.address}`;
    return `${step.service} is in ${step.network} again as ${address}${other}${await portsNow(system, member)}`;
  });
}

/** The engine gives a started or connected container other ephemeral ports. */
async function portsNow(system: System, before: Member): Promise<string> {
  const now = await again(system, before);
  const slot = now.ok ? await slotOf(system, now.value) : undefined;
  const text = now.ok ? portsText((slot?.ok ? slot.value : undefined) ?? now.value) : '';
  return text === '' ? '' : `; published: ${text}`;
}

async function unlimit(
  engine: Engine,
  { limits, service }: Extract<Undo, { do: 'limit' }>,
  member: Member,
): Promise<Result<string>> {
  const container = engine.docker.getContainer(member.id);
  for (const update of updatesOf(limits)) {
    const updated = await engine.call(`lifting the limit of ${service}`, () => container.update(update));
    if (!updated.ok) return updated.status === 404 ? ok('') : updated;
  }
  return ok(`${service} has its limits back`);
}

/** The engine takes 0 for "as it is", so that no limit has to be said in another way. */
function updatesOf(limits: Extract<Undo, { do: 'limit' }>['limits']): readonly Record<string, number>[] {
  if ('nanoCpus' in limits) return [{ NanoCpus: limits.nanoCpus }];
  if ('cpuQuota' in limits)
    return [{ CpuPeriod: limits.cpuPeriod || 100_000, CpuQuota: limits.cpuQuota === 0 ? -1 : limits.cpuQuota }];
  const { memoryBytes, swapBytes } = limits;
  // Swap counts the memory in, and may never be the smaller one: what rises goes first.
  if (memoryBytes === 0) return [{ Memory: boundlessBytes, MemorySwap: boundlessBytes * 2 }];
  return [{ Memory: memoryBytes, MemorySwap: swapBytes === 0 ? memoryBytes * 2 : swapBytes }];
}
