import { z } from 'zod';
import { ok, type Result } from '../events/problem.ts';
import type { Engine } from './engine.ts';
import { carries, label } from './labels.ts';

/** How a service's container ended. */
export interface Exit {
  readonly service: string;
  readonly exitCode: number;
  readonly how: 'killed' | 'out-of-memory' | 'exited';
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Hears what happens to an environment's containers. */
export interface Watch {
  /** Calls back for every end, those that have been first. */
  onExit(listener: (exit: Exit) => void): void;
  /** Whether the connection was lost: ends since then are not known. */
  lost(): boolean;
  close(): void;
}

/** What the end of a container is called where events are asked for: by Docker, and by Podman, which tells it as `die` too. */
export const dieEvents = ['die', 'died'] as const;

const containerEvent = z.object({
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()) }),
  timeNano: z.number(),
});

/** Hangup, interrupt, quit, kill, terminate: those that come from outside. A crash (abort, segmentation fault) is the service's own. */
const killingSignals = [1, 2, 3, 9, 15];

/** Watches by the engine's event stream: one connection, no polling. It has to be there before the first container starts. */
export async function watchEvents(engine: Engine, project: string, generation: string): Promise<Result<Watch>> {
  const aborter = new AbortController();
  const filters = {
    type: ['container'],
    event: [...dieEvents, 'kill', 'oom'],
    label: [`${label.project}=${project}`, `${label.generation}=${generation}`],
  };
  const opened = await engine.call('watching the containers', () =>
    engine.docker.getEvents({ filters: JSON.stringify(filters), abortSignal: aborter.signal }),
  );
  if (!opened.ok) return opened;

  const exits = new Map<string, Exit>();
  const listeners: ((exit: Exit) => void)[] = [];
  const outOfMemory = new Set<string>();
  const killed = new Set<string>();
  const take = async (line: string): Promise<void> => {
    const event = parseEvent(line);
    const service = event?.Actor.Attributes[label.service];
    if (event === undefined || service === undefined || !carries(event.Actor.Attributes, filters.label)) return;
    const id = event.Actor.ID;
    if (event.Action === 'oom') outOfMemory.add(id);
    if (event.Action === 'kill') killed.add(id);
    if (event.Action !== 'die') return;
    const exitCode = Number(event.Actor.Attributes['exitCode'] ?? -1);
    // The `oom` event may come after `die`; the container's state knows too.
    const forMemory = outOfMemory.has(id) || (await wasOutOfMemory(engine, id));
    const bySignal = killed.has(id) || killingSignals.includes(exitCode - 128);
    const exit: Exit = {
      service,
      exitCode,
      how: forMemory ? 'out-of-memory' : bySignal ? 'killed' : 'exited',
      at: event.timeNano / 1e6,
    };
    exits.set(service, exit);
    for (const listener of listeners) listener(exit);
  };
  let lost = false;
  readLines(opened.value, take)
    .catch(() => undefined)
    .finally(() => {
      lost = !aborter.signal.aborted;
    });
  return ok({
    onExit: (listener) => {
      for (const exit of exits.values()) listener(exit);
      listeners.push(listener);
    },
    lost: () => lost,
    close: () => aborter.abort(),
  });
}

async function readLines(stream: NodeJS.ReadableStream, take: (line: string) => Promise<void>): Promise<void> {
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) await take(line);
  }
}

function parseEvent(line: string): z.infer<typeof containerEvent> | undefined {
  try {
    return containerEvent.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

async function wasOutOfMemory(engine: Engine, id: string): Promise<boolean> {
  const inspected = await engine.call('looking at a container', () => engine.docker.getContainer(id).inspect());
  return inspected.ok && inspected.value.State.OOMKilled;
}
