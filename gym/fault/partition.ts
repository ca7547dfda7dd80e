import { failed, ok, type Result } from '../events/problem.ts';
import type { FaultOf } from '../task/environment-fault.ts';
import { known } from '../task/suggest.ts';
import type { Undo } from './notes.ts';
import { mustRun } from './once.ts';
import { neighbours } from './perl.ts';
import type { Outcome, Plan, Planning } from './plan.ts';
import {
  again,
  type Member,
  memberOf,
  networkHolder,
  networksOf,
  notPossible,
  prefixOf,
  runningMember,
} from './system.ts';

type Partition = FaultOf<'partition'>;

/** Plans what cuts a service off: from networks by disconnecting it, from another service by making their addresses unreachable. */
export async function planPartition(planning: Planning, fault: Partition): Promise<Result<Plan>> {
  const member = memberOf(planning.system, fault.service);
  if (!member.ok) return member;
  const holder = await networkHolder(planning.system, member.value);
  if (!holder.ok) return holder;
  if (networksOf(holder.value).size === 0)
    return notPossible(`cutting off ${fault.service}`, 'it is in no network of its own');
  if (fault.from.kind === 'service') return planPair(planning, fault.service, fault.from.service);
  return planDisconnect(planning, fault.from.kind === 'network' ? fault.from.network : null, holder.value);
}

/** `wanted`: a network's name in the Compose file or the engine; `null`: all. */
function planDisconnect({ system }: Planning, wanted: string | null, holder: Member): Result<Plan> {
  const { engine } = system;
  const prefix = prefixOf(holder);
  const all = [...networksOf(holder)];
  const chosen = all.filter(([name]) => wanted === null || name === wanted || name === `${prefix}_${wanted}`);
  if (chosen.length === 0) {
    const names = all.map(([name]) => name.replace(`${prefix}_`, ''));
    const message = `${holder.service} is not in the network ${wanted}`;
    return failed({ kind: 'usage', message, remedy: known('networks', names) });
  }
  const undo = chosen.map(([network, endpoint]): Undo => {
    // The engine itself adds the beginning of the id.
    const aliases = (endpoint.Aliases ?? []).filter((alias) => !holder.id.startsWith(alias));
    const address = endpoint.IPAMConfig?.IPv4Address ?? endpoint.IPAddress ?? '';
    return { do: 'connect', container: holder.id, service: holder.service, network, aliases, address };
  });
  const act = async (): Promise<Result<Outcome>> => {
    for (const [name] of chosen) {
      const network = engine.docker.getNetwork(name);
      const cut = await engine.call(`disconnecting ${holder.service} from ${name}`, () =>
        network.disconnect({ Container: holder.id }),
      );
      if (!cut.ok) return cut;
    }
    const after = await again(system, holder);
    if (!after.ok) return after;
    const left = networksOf(after.value);
    const text = (names: readonly string[]): string => names.join(', ') || 'none';
    const evidence = [
      { what: 'networks', before: text(all.map(([name]) => name)), after: text([...left.keys()]) },
      ...chosen.map(([name, { IPAddress: address = '' }]) => ({
        what: `address in ${name}`,
        before: address === '' ? 'none' : address,
        after: left.get(name)?.IPAddress ?? 'none',
      })),
    ];
    return ok({ activated: chosen.every(([name]) => !left.has(name)), evidence });
  };
  return ok({ undo, members: [holder], act });
}

async function planPair({ system, id }: Planning, one: string, other: string): Promise<Result<Plan>> {
  const ends: Member[] = [];
  for (const service of [one, other]) {
    const member = runningMember(system, service);
    if (!member.ok) return member;
    const holder = await networkHolder(system, member.value);
    if (!holder.ok) return holder;
    ends.push(holder.value);
  }
  const [a, b] = ends;
  if (a === undefined || b === undefined) throw new Error('unreachable');
  const what = `cutting off ${one} from ${other}`;
  if (a.id === b.id) return notPossible(what, 'they share one network interface');
  const shared = [...networksOf(a).keys()].filter((name) => networksOf(b).has(name));
  if (shared.length === 0)
    return failed({ kind: 'usage', message: `${one} and ${other} are in no common network: they are cut off already` });
  const addressesOf = (member: Member): string[] =>
    shared.flatMap((name) => networksOf(member).get(name)?.IPAddress || []);
  const ways = [
    { from: a, to: b, addresses: addressesOf(b) },
    { from: b, to: a, addresses: addressesOf(a) },
  ];
  /** What the program says in both ends' networks, side by side. */
  const everywhere = async (doing: 'look' | 'set'): Promise<Result<string[]>> => {
    const ran = await Promise.all(
      ways.map(({ from, addresses }) =>
        mustRun(system, what, {
          fault: id,
          image: 'debian',
          command: ['perl', '-e', neighbours, doing, ...addresses],
          host: { NetworkMode: `container:${from.id}`, CapAdd: ['NET_ADMIN'] },
        }),
      ),
    );
    const wrong = ran.find((each) => !each.ok);
    return wrong?.ok === false ? wrong : ok(ran.flatMap((each) => (each.ok ? each.value.trim().split('\n') : [])));
  };
  const act = async (): Promise<Result<Outcome>> => {
    const before = await everywhere('look');
    if (!before.ok) return before;
    const after = await everywhere('set');
    return after.ok ? ok(compareAnswers(ways, before.value, after.value)) : after;
  };
  return ok({
    undo: ways.map(({ from, addresses }) => ({
      do: 'reach',
      container: from.id,
      service: from.service,
      addresses,
    })),
    members: [a, b],
    act,
  });
}

interface Way {
  readonly from: Member;
  readonly to: Member;
  readonly addresses: readonly string[];
}

/** Lines "ADDRESS answers" or "ADDRESS no-answer", in the order of the ways and their addresses. */
function compareAnswers(ways: readonly Way[], before: readonly string[], after: readonly string[]): Outcome {
  const answer = (line: string | undefined): string => (line?.split(' ')[1] ?? '').replace('-', ' ');
  const evidence = ways
    .flatMap(({ from, to, addresses }) => addresses.map((address) => ({ from, to, address })))
    .map(({ from, to, address }, index) => ({
      what: `${to.service} (${address}) to a connection from ${from.service}`,
      before: answer(before[index]),
      after: answer(after[index]),
    }));
  return { activated: evidence.every((each) => each.after === 'no answer'), evidence };
}
