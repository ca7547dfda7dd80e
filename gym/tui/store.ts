import type { Event } from '../events/event.ts';
import { fold } from '../events/fold.ts';
import { initialView, type View } from '../events/view.ts';

/** Hands events to a listener until the function that it returns is called. */
export type Subscribe = (listener: (event: Event) => void) => () => void;

/** The view, in the form of React's useSyncExternalStore. */
export interface ViewStore {
  readonly get: () => View;
  readonly listen: (listener: () => void) => () => void;
  close(): void;
}

const flushMs = 100;

/** Folds events as they come, and tells listeners every 100 ms at most. */
export function openViewStore(subscribe: Subscribe): ViewStore {
  let current = initialView;
  let shown = initialView;
  let timer: NodeJS.Timeout | undefined;
  const listeners = new Set<() => void>();
  const flush = (): void => {
    timer = undefined;
    shown = current;
    for (const listener of listeners) listener();
  };
  const unsubscribe = subscribe((event) => {
    current = fold(current, event);
    timer ??= setTimeout(flush, flushMs);
  });
  // Events that were handed over at once are in the first frame.
  shown = current;
  return {
    get: () => shown,
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      clearTimeout(timer);
      unsubscribe();
    },
  };
}
