// Makes docs/picture.svg: the terminal UI at one moment of a recorded loop.
// Usage: node scripts/picture.ts EVENTS.ndjson... [--at SECONDS] [--out FILE]
// The default moment is the agent's last act: what was off before it is on the screen then.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Event } from '../gym/events/event.ts';
import { fold } from '../gym/events/fold.ts';
import { initialView, isOver } from '../gym/events/view.ts';
import { verdictSchema } from '../gym/judge/verdict.ts';
import { shownLog } from '../gym/tui/model.ts';
import { emptyLog, followFile, hasContent, type LogWindow } from '../gym/tui/tail.ts';
import { themeFor } from '../gym/tui/theme.ts';
import { initialUi } from '../gym/tui/ui.ts';
import { ansiToSvg } from './ansi-svg.ts';
import { loadTui, readRecording } from './recording.ts';

const size = { columns: 100, rows: 30 };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { at: { type: 'string' }, out: { type: 'string' } },
});
if (positionals.length === 0) {
  console.error('usage: node scripts/picture.ts EVENTS.ndjson... [--at SECONDS] [--out FILE]');
  process.exit(2);
}

const events = readRecording(positionals);
const until = momentOf(events, values.at);
const past = events.filter((event) => event.at <= until);
const view = past.reduce(fold, initialView);
const verdictFile = past.findLast((event) => event.type === 'run.finished')?.verdictFile;
const model = {
  view,
  ui: initialUi,
  log: await logAt(shownLog({ view, ui: initialUi, hasContent })?.file),
  hasContent,
  verdict: verdictFile === undefined ? null : verdictSchema.parse(JSON.parse(readFileSync(verdictFile, 'utf8'))),
  size,
  theme: themeFor({}),
  now: until,
  running: !isOver(view),
  origin: 'command' as const,
};
// Before Ink is loaded: it asks for the colours once.
process.env['FORCE_COLOR'] = '1';
const { frameText } = await loadTui();
const out = values.out ?? join(import.meta.dirname, '..', 'docs', 'picture.svg');
writeFileSync(out, ansiToSvg(frameText(model), size.columns, `gym loop ${view.loop?.task ?? view.run?.task ?? ''}`));
console.log(out);

/** Epoch milliseconds of the moment to be shown. */
function momentOf(all: readonly Event[], asked: string | undefined): number {
  const first = all[0]?.at ?? 0;
  if (asked !== undefined) return first + Number(asked) * 1000;
  const act = all.findLast((event) => event.type === 'agent.acted');
  return act?.at ?? all.at(-1)?.at ?? first;
}

/** The end of a log; nothing if it cannot be read within a second. */
async function logAt(file: string | undefined): Promise<LogWindow> {
  if (file === undefined) return emptyLog;
  const { promise, resolve } = Promise.withResolvers<LogWindow>();
  const tail = followFile(file, resolve);
  const timer = setTimeout(resolve, 1000, emptyLog);
  const log = await promise;
  tail.close();
  clearTimeout(timer);
  return log;
}
