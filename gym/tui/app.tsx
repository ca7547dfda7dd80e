import { readFile } from 'node:fs/promises';
import { useInput, useWindowSize } from 'ink';
import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { View } from '../events/view.ts';
import { type Verdict, verdictSchema } from '../judge/verdict.ts';
import { keyNames } from './keys.ts';
import { isRunning, type Model, type Origin, shownLog, shownOf } from './model.ts';
import { Screen } from './screen.tsx';
import type { ViewStore } from './store.ts';
import { emptyLog, followFile, hasContent, type LogWindow } from './tail.ts';
import type { Theme } from './theme.ts';
import { initialUi, type Pressed, press } from './ui.ts';

/** What the app asks for. */
export interface AppProps {
  readonly store: ViewStore;
  readonly theme: Theme;
  /** Settles when the work is over, however it ended. */
  readonly finished: Promise<unknown>;
  readonly onEffect: (effect: NonNullable<Pressed['effect']>) => void;
  /** Whether a stop was asked for, be it by a signal. */
  readonly stopping: boolean;
  readonly origin: Origin;
}

/** The live screen: the model from the store, the files and the keyboard. */
export function App({ store, theme, finished, onEffect, stopping, origin }: AppProps): ReactNode {
  const view = useSyncExternalStore(store.listen, store.get);
  const settled = useSettled(finished);
  const running = isRunning(view, settled);
  const [chosen, setUi] = useState(initialUi);
  const ui = stopping ? { ...chosen, mode: 'stopping' as const } : chosen;
  const log = useLog(shownLog({ view, ui, hasContent })?.file ?? null);
  const now = useNow(running);
  const model: Model = {
    view,
    ui,
    log,
    hasContent,
    theme,
    running,
    origin,
    verdict: useVerdict(view),
    size: useWindowSize(),
    // What a run that was cut off had begun did not go on after its last event.
    now: running ? now : (view.lastAt ?? now),
  };
  // Keys that arrive together are pressed one after the other, each on what the one before left.
  const latest = useRef(model);
  latest.current = model;
  useInput((input, key) => {
    for (const name of keyNames(input, key)) {
      const pressed = press(latest.current.ui, name, shownOf(latest.current));
      latest.current = { ...latest.current, ui: pressed.ui };
      setUi(pressed.ui);
      if (pressed.effect !== undefined) onEffect(pressed.effect);
    }
  });
  return <Screen model={model} />;
}

function useSettled(promise: Promise<unknown>): boolean {
  const [settled, setSettled] = useState(false);
  useEffect(() => {
    const settle = () => setSettled(true);
    promise.then(settle, settle);
  }, [promise]);
  return settled;
}

/** The time, to the second; it stands still when nothing runs. */
function useNow(running: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}

function useLog(file: string | null): LogWindow {
  const [log, setLog] = useState({ file, window: emptyLog });
  useEffect(() => {
    if (file === null) return;
    const tail = followFile(file, (window) => setLog({ file, window }));
    return () => tail.close();
  }, [file]);
  return log.file === file ? log.window : emptyLog;
}

/** The last verdict that was written; what cannot be read leaves the one before. */
function useVerdict(view: View): Verdict | null {
  const file = view.run?.verdictFile ?? null;
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  useEffect(() => {
    if (file === null) return;
    readVerdict(file).then(
      (read) => setVerdict((before) => read ?? before),
      () => {},
    );
  }, [file]);
  return verdict;
}

/** Reads a verdict; null where it is not one. */
async function readVerdict(file: string): Promise<Verdict | null> {
  const parsed = verdictSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
  return parsed.success ? parsed.data : null;
}
