import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Event } from '../../../gym/events/event.ts';
import { fold } from '../../../gym/events/fold.ts';
import { initialView } from '../../../gym/events/view.ts';
import { verdictSchema } from '../../../gym/judge/verdict.ts';
import type { Model } from '../../../gym/tui/model.ts';
import { themeFor } from '../../../gym/tui/theme.ts';
import { initialUi } from '../../../gym/tui/ui.ts';
import { readRecording } from '../../../scripts/recording.ts';

const folder = join(import.meta.dirname, '../../fixtures/events');

/** A recorded loop: a start state 6 % off, an attempt that leaves 1.5 %, and one that is exact. */
export const recorded = readRecording([join(folder, 'loop.ndjson')]);

/** The recording up to the first event that fits, and that one. */
export function until(fits: (event: Event) => boolean): readonly Event[] {
  return recorded.slice(0, recorded.findIndex(fits) + 1);
}

/** A model of some events in a terminal of 100x30. */
export function modelOf(events: readonly Event[], change: Partial<Model> = {}): Model {
  const view = events.reduce(fold, initialView);
  const file = view.run?.verdictFile ?? null;
  return {
    view,
    ui: initialUi,
    log: { first: 1, lines: Array.from({ length: 40 }, (_, index) => `line ${index + 1}`), bytes: 400 },
    hasContent: () => true,
    verdict: file === null ? null : verdictSchema.parse(JSON.parse(readFileSync(file, 'utf8'))),
    size: { columns: 100, rows: 30 },
    theme: themeFor({ LANG: 'C.UTF-8' }),
    now: view.lastAt ?? 0,
    running: true,
    origin: 'command',
    ...change,
  };
}

/** Up to the end of attempt 1, which is 1.5 % off. */
export const afterFirstAttempt = until((event) => event.type === 'attempt.judged' && event.attempt === 1);
