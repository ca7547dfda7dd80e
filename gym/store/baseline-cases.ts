import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { areAsWritten } from './audit.ts';
import type { History } from './history.ts';
import { type Store, writeAtomically } from './store.ts';

const recorded = z.object({
  schema: z.literal('gym.cases/1'),
  /** Hash of the git tree that was judged. */
  tree: z.string(),
  /** By stage, every case that it reported. */
  stages: z.record(z.string(), z.array(z.object({ id: z.string(), state: z.enum(['passed', 'failed', 'skipped']) }))),
});
/** Cases by stage. */
export type StageCases = z.infer<typeof recorded>['stages'];

const file = 'cases.json';
/** How many runs are looked through. */
const lookedAt = 200;

/** Keeps the cases of a run that judged just this tree. */
export function recordCases(runDirectory: string, tree: string, stages: StageCases): void {
  writeAtomically(join(runDirectory, file), JSON.stringify({ schema: 'gym.cases/1', tree, stages }));
}

/** The cases of each stage of a task when a tree was judged, from the newest run in which the stage reported any. */
export function readCases(store: Store, history: History, { task, tree }: { task: string; tree: string }): StageCases {
  const found: StageCases = {};
  for (const row of history.newest(lookedAt)) {
    const path = join(store.runDirectory(row.run), file);
    if (row.kind !== 'verify' || row.task !== task || !existsSync(path)) continue;
    if (!areAsWritten(store, history, row, [file])) continue;
    const parsed = recorded.safeParse(parsedJson(readFileSync(path, 'utf8')));
    if (!parsed.success || parsed.data.tree !== tree) continue;
    for (const [stage, cases] of Object.entries(parsed.data.stages)) found[stage] ??= cases;
  }
  return found;
}

/** A damaged file holds none. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
