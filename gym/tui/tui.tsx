import { render } from 'ink';
import type { ReactElement } from 'react';
import { App } from './app.tsx';
import { type Interruption, interruptions } from './interrupt.ts';
import type { Origin } from './model.ts';
import { openViewStore, type Subscribe } from './store.ts';
import { themeFor } from './theme.ts';

/** What the terminal UI needs of who starts it. */
export interface TuiOptions {
  /** Hands over events; those that happened already may be handed over at once. */
  readonly subscribe: Subscribe;
  readonly origin: Origin;
  /** Asked for once, when the user stops what is running: end it gracefully, then settle `finished`. What is only looked at is not stopped. */
  readonly onStop: () => void;
  /** Settles when the work is over and cleaned up. */
  readonly finished: Promise<unknown>;
}

/**
 * Why the terminal UI was left: the work was over, or the caller closed it (`left`); the user goes back to the start screen (`back`), stopped the work
 * and it is cleaned up (`stopped`), or would not wait for that (`forced`: exit at once).
 */
export type Leaving = 'left' | 'back' | 'stopped' | 'forced';

/** A running terminal UI. */
export interface Tui {
  /** Settles when the screen and the cursor are as before. Rejects where the UI itself broke. */
  readonly closed: Promise<Leaving>;
  close(): void;
}

/**
 * Opens the terminal UI on the alternate screen. To be called at a terminal only. It stays when the work is over, until
 * the user quits. While it is open it takes SIGINT and Ctrl-C: the first stops, a second one forces. Other signals are
 * the caller's; one that ends the process restores the screen as well.
 */
export function startTui({ origin, subscribe, onStop, finished }: TuiOptions): Tui {
  const store = openViewStore(subscribe);
  const theme = themeFor(process.env);
  const interrupted = interruptions(Date.now);
  let leaving: Leaving = 'left';
  let stopping = false;
  let over = false;

  const leave = (why: Leaving): void => {
    leaving = why;
    app.unmount();
  };
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    app.rerender(screen());
    onStop();
  };
  const interrupt = (asked: Interruption): void => {
    if (asked === 'ignore') return;
    if (over || origin === 'record') leave('left');
    else if (asked === 'force') leave('forced');
    else stop();
  };
  const onSignal = (): void => interrupt(interrupted('signal'));
  const screen = (): ReactElement => (
    <App
      store={store}
      theme={theme}
      finished={finished}
      stopping={stopping}
      origin={origin}
      onEffect={(effect) => {
        if (effect === 'leave') leave(origin === 'command' ? 'left' : 'back');
        else if (effect === 'stop') stop();
        else interrupt(interrupted('key'));
      }}
    />
  );
  const settle = (): void => {
    over = true;
    if (stopping) leave('stopped');
  };

  const app = render(screen(), { alternateScreen: true, exitOnCtrlC: false, interactive: true });
  process.on('SIGINT', onSignal);
  finished.then(settle, settle);
  const closed = app
    .waitUntilExit()
    .then(() => leaving)
    .finally(() => {
      process.off('SIGINT', onSignal);
      store.close();
    });
  return { closed, close: () => leave('left') };
}
