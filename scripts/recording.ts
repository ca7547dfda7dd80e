// Recorded events and the terminal UI that shows them; for the picture, for development and for tests.
import { rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import type { Event } from '../gym/events/event.ts';
import { readEvents } from '../gym/events/log.ts';

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

/** Plays a recording `speed` times as fast as it happened, until it is stopped. */
export function play(events: readonly Event[], speed: number, listener: (event: Event) => void): { stop(): void } {
  const first = events[0]?.at ?? 0;
  const timers = events.map((event) => setTimeout(listener, (event.at - first) / speed, event));
  return { stop: () => timers.forEach(clearTimeout) };
}

type TuiModules = typeof import('../gym/tui/open.ts') &
  typeof import('../gym/tui/tui.tsx') &
  typeof import('../gym/tui/frame.tsx');

/** The terminal UI as a module: Node does not run .tsx, so it is bundled first. */
export async function loadTui(): Promise<TuiModules> {
  process.env['NODE_ENV'] ??= 'production';
  const root = join(import.meta.dirname, '..');
  // Inside node_modules, so that the bundle finds the packages.
  const folder = join(root, 'node_modules', '.cache', 'gym', `tui-${process.pid}`);
  await mkdir(folder, { recursive: true });
  const build = await rolldown({
    cwd: root,
    input: ['./gym/tui/open.ts', './gym/tui/tui.tsx', './gym/tui/frame.tsx'],
    platform: 'node',
    external: /^[^./]/,
  });
  const { output } = await build.write({ dir: folder, format: 'esm' });
  await build.close();
  // Parts are loaded when they are needed, so the folder stays until the end, also that by a signal.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  process.once('SIGTERM', () => process.exit(143));
  const modules = output.map((file) => import(pathToFileURL(join(folder, file.fileName)).href));
  return Object.assign({}, ...(await Promise.all(modules)));
}
