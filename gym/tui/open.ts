import type { Event } from '../events/event.ts';
import type { Choice, FoundTask, PastRun } from './start-screen.tsx';
import type { Leaving } from './tui.tsx';

/** An open terminal UI, as commands see it. */
export interface OpenTui {
  /** Takes the events that are shown. */
  readonly listener: (event: Event) => void;
  /** Settles when the user has left it and the screen is as before. */
  readonly closed: Promise<void>;
  close(): void;
}

/**
 * Opens the terminal UI. `onQuit` asks for a graceful end of the work; it is called again when the user would not wait
 * for that. The work is over with the end of its loop, or of its run where there is no loop.
 */
export async function openTui(onQuit: () => void): Promise<OpenTui> {
  const { startTui } = await inProduction(() => import('./tui.tsx'));
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  const listeners = new Set<(event: Event) => void>();
  const subscribe = (listener: (event: Event) => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const tui = startTui({ subscribe, onStop: onQuit, finished });
  let hasLoop = false;
  const listener = (event: Event): void => {
    hasLoop ||= event.type === 'loop.started';
    for (const each of listeners) each(event);
    if (event.type === (hasLoop ? 'loop.finished' : 'run.finished')) finish();
  };
  const left = (leaving: Leaving): void => {
    if (leaving === 'forced') onQuit();
  };
  return { listener, closed: tui.closed.then(left), close: tui.close };
}

/** Opens the start screen; settles when the user has chosen and the screen is as before. */
export async function openStart(tasks: readonly FoundTask[], runs: readonly PastRun[]): Promise<Choice> {
  const { chooseFrom } = await inProduction(() => import('./start-screen.tsx'));
  return chooseFrom(tasks, runs);
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
