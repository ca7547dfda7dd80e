import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { jsonOf } from '../events/json.ts';
import { areAsWritten } from './audit.ts';
import type { History } from './history.ts';
import { type Store, writeAtomically } from './store.ts';

const recorded = z.object({
  schema: z.literal('gym.cases/1'),
  /** Hash of the git tree that was judged. */
  tree: z.string(),
  /** Hash of the variables that the run was told: a harness may run other cases by them. */
  variables: z.string().optional(),
  /** By stage, every case that it reported. */
  stages: z.record(z.string(), z.array(z.object({ id: z.string(), state: z.enum(['passed', 'failed', 'skipped']) }))),
});
/** Cases by stage. */
export type StageCases = z.infer<typeof recorded>['stages'];

const file = 'cases.json';
/** How many runs are looked through. */
const lookedAt = 200;

/** Keeps the cases of a run that judged just this tree. */
export function recordCases(runDirectory: string, cases: Omit<z.infer<typeof recorded>, 'schema'>): void {
  writeAtomically(join(runDirectory, file), JSON.stringify({ schema: 'gym.cases/1', ...cases }));
}

/** Of which runs cases are read. */
export interface CasesAsk {
  readonly task: string;
  readonly tree: string;
  /** Only of those with these variables. */
  readonly variables?: string;
}

/** The cases of each stage of a task when a tree was judged, from the newest run in which the stage reported any. */
export function readCases(store: Store, history: History, { task, tree, variables }: CasesAsk): StageCases {
  const found: StageCases = {};
  for (const row of history.newest(lookedAt)) {
    const path = join(store.runDirectory(row.run), file);
    if (row.kind !== 'verify' || row.task !== task || !existsSync(path)) continue;
    if (!areAsWritten(store, history, row, [file])) continue;
    const parsed = recorded.safeParse(jsonOf(readFileSync(path, 'utf8')));
    if (!parsed.success || parsed.data.tree !== tree) continue;
    if (variables !== undefined && parsed.data.variables !== variables) continue;
    for (const [stage, cases] of Object.entries(parsed.data.stages)) found[stage] ??= cases;
  }
  return found;
}
