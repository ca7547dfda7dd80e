import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { failed, ok, type Result } from '../events/problem.ts';
import { type Verdict, verdictSchema } from '../judge/verdict.ts';
import { openHistory, type RunRow } from '../store/history.ts';
import type { Store } from '../store/store.ts';
import { storesHere } from './stores.ts';

/** A run that was named, and where its files are. */
export interface NamedRun {
  readonly store: Store;
  readonly row: RunRow;
  /** The run itself; of a loop, its newest verification. */
  readonly verdictOf: string;
}

/** The run of that name, or of a unique end of it; without a name the newest verification. */
export function runNamed(cwd: string, name: string | undefined): Result<NamedRun> {
  const found = storesHere(cwd).flatMap((store) => findIn(store, name));
  const [newest] = found.sort((a, b) => b.row.startedAt - a.row.startedAt);
  if (newest !== undefined) return ok(newest);
  if (name === undefined) {
    return failed({ kind: 'usage', message: 'nothing has been verified here yet', remedy: 'Begin with gym verify.' });
  }
  const message = `there is no run ${name}, or several end so`;
  return failed({ kind: 'usage', message, remedy: 'gym runs lists them.' });
}

function findIn(store: Store, name: string | undefined): NamedRun[] {
  const history = openHistory(store);
  try {
    const row = name === undefined ? history.newest(100).find(({ kind }) => kind === 'verify') : history.find(name);
    if (row === undefined) return [];
    const judged = row.kind === 'loop' ? history.ofLoop(row.run)[0] : row;
    return [{ store, row, verdictOf: (judged ?? row).run }];
  } finally {
    history.close();
  }
}

/** The verdict of a run. */
export function readVerdict({ store, row, verdictOf }: NamedRun): Result<Verdict> {
  const file = join(store.runDirectory(verdictOf), 'verdict.json');
  if (!existsSync(file)) {
    return failed({ kind: 'usage', message: `run ${row.run} has no verdict: it is still running, or was cut off` });
  }
  const parsed = verdictSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return ok(parsed.data);
  return failed({ kind: 'evidence', message: 'the verdict cannot be read', place: { file } });
}
