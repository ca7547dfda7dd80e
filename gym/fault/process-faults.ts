import type Dockerode from 'dockerode';
import { ok, type Result } from '../events/problem.ts';
import type { FaultOf } from '../task/environment-fault.ts';
import type { Outcome, Plan, Planning } from './plan.ts';
import { again, type Member, runningMember, stateText } from './system.ts';

type ProcessFault = FaultOf<'kill' | 'stop' | 'pause' | 'restart'>;

/** Longer than anybody gives a service to stop in. */
const limitMs = 600_000;

/** Plans what ends, halts or restarts a service. */
export function planProcessFault({ system }: Planning, fault: ProcessFault): Result<Plan> {
  const found = runningMember(system, fault.service);
  if (!found.ok) return found;
  const member = found.value;
  const { engine } = system;
  const container = engine.docker.getContainer(member.id);
  const { service } = fault;
  return ok({
    members: [member],
    undo:
      fault.kind === 'restart'
        ? []
        : [{ do: fault.kind === 'pause' ? 'unpause' : 'start', container: member.id, service }],
    async act() {
      const done = await engine.call(`${fault.kind} ${service}`, () => perform(container, fault.kind), limitMs);
      if (!done.ok) return done;
      const after = await again(system, member);
      return after.ok ? ok(compare(fault, member, after.value)) : after;
    },
  });
}

async function perform(container: Dockerode.Container, kind: ProcessFault['kind']): Promise<void> {
  if (kind === 'pause') await container.pause();
  else if (kind === 'restart') await container.restart();
  else if (kind === 'stop') await container.stop();
  else {
    const ended = container.wait();
    await container.kill({ signal: 'SIGKILL' });
    await ended;
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
