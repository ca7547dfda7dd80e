import type Dockerode from 'dockerode';
import { ok, type Result } from '../events/problem.ts';
import type { FaultOf } from '../task/environment-fault.ts';
import type { Undo } from './notes.ts';
import type { Outcome, Plan, Planning } from './plan.ts';
import { again, type Member, runningMember, slotOf, stateText } from './system.ts';

type ProcessFault = FaultOf<'kill' | 'stop' | 'pause' | 'restart'>;

/** Longer than anybody gives a service to stop in. */
const limitMs = 600_000;

/** Plans what ends, halts or restarts a service, and with it its place in networks. */
export async function planProcessFault({ system }: Planning, fault: ProcessFault): Promise<Result<Plan>> {
  const found = runningMember(system, fault.service);
  if (!found.ok) return found;
  const member = found.value;
  const { engine } = system;
  const held = await slotOf(system, member);
  if (!held.ok) return held;
  const container = engine.docker.getContainer(member.id);
  const slot = held.value && engine.docker.getContainer(held.value.id);
  const { service } = fault;
  return ok({
    members: [member],
    undo: undoOf(fault.kind, service, held.value === undefined ? [member] : [held.value, member]),
    async act() {
      const done = await engine.call(`${fault.kind} ${service}`, () => perform(container, slot, fault.kind), limitMs);
      if (!done.ok) return done;
      const after = await again(system, member);
      return after.ok ? ok(compare(fault, member, after.value)) : after;
    },
  });
}

function undoOf(kind: ProcessFault['kind'], service: string, containers: readonly Member[]): Undo[] {
  if (kind === 'restart') return [];
  if (kind === 'pause') return containers.slice(-1).map(({ id }) => ({ do: 'unpause', container: id, service }));
  return containers.map(({ id }) => ({ do: 'start', container: id, service }));
}

/** A service that has ended has no address and no name in its networks: where a slot holds them, it ends too. */
async function perform(
  container: Dockerode.Container,
  slot: Dockerode.Container | undefined,
  kind: ProcessFault['kind'],
): Promise<void> {
  if (kind === 'pause') await container.pause();
  else if (kind === 'restart' && slot === undefined) await container.restart();
  else if (kind === 'restart') {
    await container.stop();
    await slot?.restart({ t: 0 });
    await container.start();
  } else {
    const ended = container.wait();
    await (kind === 'stop' ? container.stop() : container.kill({ signal: 'SIGKILL' }));
    await ended;
    await slot?.kill();
  }
}

function compare({ kind }: ProcessFault, before: Member, after: Member): Outcome {
  const state = { what: 'state', before: stateText(before), after: stateText(after) };
  const { Running: running, Paused: paused, StartedAt: startedAt, Pid: pid } = after.info.State;
  if (kind === 'pause') return { activated: paused, evidence: [state] };
  if (kind !== 'restart') return { activated: !running, evidence: [state] };
  const old = before.info.State;
  const started = { what: 'started at', before: old.StartedAt, after: startedAt };
  return {
    activated: running && startedAt !== old.StartedAt,
    evidence: [started, { what: 'process', before: String(old.Pid), after: String(pid) }],
  };
}
