import { ok, type Result } from '../events/problem.ts';
import type { Engine } from './engine.ts';
import { label } from './labels.ts';
import { dieEvents } from './watch.ts';

const limitMs = 5_000;

/**
 * Kills what runs of an environment, all at once. Resolves when every process has ended: the engine goes on to take networks apart,
 * which takes it several times as long.
 */
export async function haltProject(engine: Engine, project: string): Promise<Result<void>> {
  const filters = { label: [`${label.project}=${project}`] };
  const aborter = new AbortController();
  const events = await engine.call('watching the containers', () =>
    engine.docker.getEvents({
      filters: JSON.stringify({ ...filters, type: ['container'], event: [...dieEvents] }),
      abortSignal: aborter.signal,
    }),
  );
  if (!events.ok) return events;
  try {
    const running = await engine.call('listing containers', () =>
      engine.docker.listContainers({ filters: JSON.stringify(filters) }),
    );
    if (!running.ok) return running;
    const left = new Set(running.value.map(({ Id }) => Id));
    const dead = allDie(events.value, left);
    // Each of them ends in an error where the container has ended by itself: that is as good.
    const killed = Promise.all(
      [...left].map((id) =>
        engine.call(
          'killing a container',
          () => engine.docker.getContainer(id).kill({ abortSignal: aborter.signal }),
          limitMs,
        ),
      ),
    );
    await Promise.race([dead, killed]);
    return ok(undefined);
  } finally {
    // The answers to the kills come when networks are taken apart: nobody waits for them.
    aborter.abort();
  }
}

/** Resolves when an event has told the end of each. Never, where the stream ends before. */
function allDie(events: NodeJS.ReadableStream, left: Set<string>): Promise<void> {
  return new Promise((resolve) => {
    if (left.size === 0) resolve();
    let text = '';
    events.on('error', () => undefined);
    events.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      // The id is 64 digits long: nothing else in an event's line is taken for one.
      for (const id of left) if (text.includes(id)) left.delete(id);
      text = text.slice(text.lastIndexOf('\n') + 1);
      if (left.size === 0) resolve();
    });
  });
}
