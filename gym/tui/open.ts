import type { Event } from '../events/event.ts';
import type { Choice, Offer } from './start.ts';
import type { Subscribe } from './store.ts';
import type { Leaving } from './tui.tsx';

/** An open terminal UI, as commands see it. */
export interface OpenTui {
  /** Takes the events that are shown. */
  readonly listener: (event: Event) => void;
  /** Settles when the user has left it and the screen is as before. */
  readonly closed: Promise<Leaving>;
  close(): void;
}

/**
 * Opens the terminal UI. `onQuit` asks for a graceful end of the work; it is called again when the user would not wait
 * for that. The work is over with the end of its loop, or of its run where there is no loop.
 */
export async function openTui(onQuit: () => void, origin: 'command' | 'start' = 'command'): Promise<OpenTui> {
  const { startTui } = await inProduction(() => import('./tui.tsx'));
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  const { subscribe, tell } = relay();
  const tui = startTui({ origin, subscribe, onStop: onQuit, finished });
  let hasLoop = false;
  const listener = (event: Event): void => {
    hasLoop ||= event.type === 'loop.started';
    tell([event]);
    if (event.type === (hasLoop ? 'loop.finished' : 'run.finished')) finish();
  };
  const left = (leaving: Leaving): Leaving => {
    if (leaving === 'forced') onQuit();
    return leaving;
  };
  return { listener, closed: tui.closed.then(left), close: tui.close };
}

/** Shows an earlier run, or one that another gym is at; settles when the user has left it and the screen is as before. */
export async function openRecord(events: AsyncGenerator<readonly Event[]>): Promise<Leaving> {
  const [{ startTui }, first] = await Promise.all([inProduction(() => import('./tui.tsx')), events.next()]);
  const { subscribe, tell } = relay(first.value ?? []);
  const follow = async (): Promise<void> => {
    for await (const batch of events) tell(batch);
  };
  const finished = follow();
  const tui = startTui({ origin: 'record', subscribe, onStop: () => undefined, finished });
  const leaving = await tui.closed;
  await events.return(undefined);
  await finished;
  return leaving;
}

/** Hands events on to those who listen; `past`: those that happened already. */
function relay(past: readonly Event[] = []): { subscribe: Subscribe; tell: (events: readonly Event[]) => void } {
  const listeners = new Set<(event: Event) => void>();
  const subscribe: Subscribe = (listener) => {
    past.forEach(listener);
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const tell = (events: readonly Event[]): void => {
    for (const event of events) for (const listener of listeners) listener(event);
  };
  return { subscribe, tell };
}

/** Opens the start screen, at the row of `last`; settles when the user has chosen and the screen is as before. */
export async function openStart(offer: Offer, last: Choice | null): Promise<Choice> {
  const { chooseFrom } = await inProduction(() => import('./start-screen.tsx'));
  return chooseFrom(offer, last);
}

/** React is several times slower outside production. It asks once, when it is loaded; what gym starts must not see it. */
async function inProduction<Module>(load: () => Promise<Module>): Promise<Module> {
  const before = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    return await load();
  } finally {
    if (before === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = before;
  }
}
