// Recorded events and the terminal UI that shows them; for the picture, for development and for tests.
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import type { Event } from '../gym/events/event.ts';
import { readEvents } from '../gym/events/log.ts';
import type { Subscribe } from '../gym/tui/store.ts';

/** Events of some logs (a loop's and those of its runs) in the order in which they happened. */
export function readRecording(files: readonly string[]): readonly Event[] {
  return files
    .flatMap((file) => readEvents(file).map((event) => withAbsolutePaths(event, dirname(resolve(file)))))
    .toSorted((a, b) => a.at - b.at);
}

function withAbsolutePaths(event: Event, folder: string): Event {
  if (event.type === 'log.opened') return { ...event, file: resolve(folder, event.file) };
  if (event.type === 'run.finished') return { ...event, verdictFile: resolve(folder, event.verdictFile) };
  return event;
}

/** Plays a recording `speed` times as fast as it happened. `stop` ends it where it is. */
export function play(
  events: readonly Event[],
  speed: number,
): { readonly subscribe: Subscribe; readonly finished: Promise<void>; stop(): void } {
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  const timers = new Set<NodeJS.Timeout>();
  const stop = (): void => {
    for (const timer of timers) clearTimeout(timer);
    finish();
  };
  const subscribe: Subscribe = (listener) => {
    const first = events[0]?.at ?? 0;
    for (const event of events) timers.add(setTimeout(listener, (event.at - first) / speed, event));
    timers.add(setTimeout(finish, ((events.at(-1)?.at ?? first) - first) / speed));
    return stop;
  };
  return { subscribe, finished, stop };
}

/** The terminal UI as a module: Node does not run .tsx, so it is bundled first. */
export async function loadTui(): Promise<typeof import('../gym/tui/tui.tsx') & typeof import('../gym/tui/frame.tsx')> {
  const root = join(import.meta.dirname, '..');
  // Inside node_modules, so that the bundle finds the packages.
  const folder = join(root, 'node_modules', '.cache', 'gym', `tui-${process.pid}`);
  await mkdir(folder, { recursive: true });
  const build = await rolldown({
    cwd: root,
    input: { tui: './gym/tui/tui.tsx', frame: './gym/tui/frame.tsx' },
    platform: 'node',
    external: /^[^./]/,
  });
  await build.write({ dir: folder, format: 'esm' });
  await build.close();
  const load = (name: string) => import(pathToFileURL(join(folder, `${name}.js`)).href);
  const modules = { ...(await load('tui')), ...(await load('frame')) };
  await rm(folder, { recursive: true });
  return modules;
}
