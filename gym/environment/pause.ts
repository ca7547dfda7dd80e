import { setTimeout as sleep } from 'node:timers/promises';
import { failed, ok, type Problem, type Result } from '../events/problem.ts';
import type { Engine } from './engine.ts';

type Services = ReadonlyMap<string, { readonly id: string }>;

/** The freezer of cgroup v1 gives up where processes are held back by a CPU limit; a moment later it succeeds. */
const tries = 8;
const betweenMs = 150;

/** Pauses or resumes the containers of all services. One that does not run, or is so already, stays as it is. */
export async function halt(engine: Engine, services: Services, how: 'pause' | 'unpause'): Promise<Result<void>> {
  const done = await Promise.all([...services].map(([service, { id }]) => haltOne(engine, service, id, how)));
  const [first, ...others] = done.flat();
  return first === undefined ? ok(undefined) : failed(first, ...others);
}

async function haltOne(engine: Engine, service: string, id: string, how: 'pause' | 'unpause'): Promise<Problem[]> {
  const container = engine.docker.getContainer(id);
  for (let left = tries - 1; ; left -= 1) {
    const answer = await engine.call(`${how} ${service}`, () =>
      how === 'pause' ? container.pause() : container.unpause(),
    );
    if (answer.ok) return [];
    const looked = await engine.call(`looking at ${service}`, () => container.inspect());
    if (!looked.ok) return [...looked.problems];
    const { Running: running, Paused: paused } = looked.value.State;
    if (!running || paused === (how === 'pause')) return [];
    if (left === 0) return [...answer.problems];
    await sleep(betweenMs);
  }
}
