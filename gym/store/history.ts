import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { takeRows } from './late-rows.ts';
import { ownerState, thisOwner } from './owner.ts';
import { namesMeant, type Store } from './store.ts';

const runRow = z.object({
  run: z.string(),
  kind: z.enum(['verify', 'loop']),
  task: z.string(),
  state: z.string(),
  distance: z.number().nullable(),
  exitCode: z.number().nullable(),
  headline: z.string(),
  startedAt: z.number(),
  durationMs: z.number().nullable(),
  /** The loop that a verification belongs to. */
  loop: z.string().nullable(),
});
/** One line of the history. `state` is `running` until the run ends, and `cut off` when its gym was killed before. */
export type RunRow = z.infer<typeof runRow>;

/** With the gym that saved it last (`thisOwner`); null: it was saved by a gym that did not note it. */
const storedRow = runRow.extend({ owner: z.string().nullable() });

const table = `
  CREATE TABLE IF NOT EXISTS runs (
    run TEXT PRIMARY KEY, kind TEXT NOT NULL, task TEXT NOT NULL, state TEXT NOT NULL, distance REAL, exitCode INTEGER,
    headline TEXT NOT NULL, startedAt REAL NOT NULL, durationMs REAL, loop TEXT, owner TEXT
  ) STRICT`;

/** The history of a checkout, shared by every gym beside this one. */
export interface History {
  save(row: RunRow): void;
  /** The newest runs first. */
  newest(limit: number): RunRow[];
  /** A run by its name or a unique end of it. */
  find(name: string): RunRow | undefined;
  close(): void;
}

/** Opens the history; WAL and a busy timeout let several gyms write at once. */
export function openHistory(store: Store): History {
  store.make();
  const database = new DatabaseSync(store.historyFile, { timeout: 5000 });
  // In WAL mode, a power cut may take the last lines with it, and damages nothing (sqlite.org/pragma.html#pragma_synchronous).
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  database.exec(table);
  addOwner(database);
  const rows = (sql: string, ...values: (string | number)[]): RunRow[] =>
    database
      .prepare(sql)
      .all(...values)
      .map((row) => asRow(storedRow.parse(row)));
  const save = (row: RunRow): void => {
    // Only of a run that has not ended does anybody ask whether its gym still lives.
    const owner = row.state === 'running' ? thisOwner() : null;
    const { run, kind, task, state, distance, exitCode, headline, startedAt, durationMs, loop } = row;
    database
      .prepare('INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
      .run(run, kind, task, state, distance, exitCode, headline, startedAt, durationMs, loop, owner);
  };
  takeRows(store, (row) => {
    const parsed = runRow.safeParse(row);
    if (parsed.success) save(parsed.data);
  });
  return {
    save,
    // SQLite refuses a fraction.
    newest: (limit) => rows('SELECT * FROM runs ORDER BY startedAt DESC, run DESC LIMIT ?', Math.ceil(limit)),
    find(name) {
      const names = database
        .prepare('SELECT run FROM runs')
        .all()
        .map((row) => String(row['run']));
      const [meant, second] = namesMeant(names, name);
      if (meant === undefined || second !== undefined) return undefined;
      return rows('SELECT * FROM runs WHERE run = ?', meant)[0];
    },
    close: () => database.close(),
  };
}

function asRow({ owner, ...row }: z.infer<typeof storedRow>): RunRow {
  const isCutOff = row.state === 'running' && ['gone', 'nobody'].includes(ownerState(owner ?? ''));
  return isCutOff ? { ...row, state: 'cut off' } : row;
}

/** Histories of the first gyms have no column for it. Another gym may add it at the same moment: only one succeeds. */
function addOwner(database: DatabaseSync): void {
  const hasOwner = (): boolean =>
    database.prepare("SELECT 1 FROM pragma_table_info('runs') WHERE name = 'owner'").get() !== undefined;
  if (hasOwner()) return;
  try {
    database.exec('ALTER TABLE runs ADD COLUMN owner TEXT');
  } catch (error) {
    if (!hasOwner()) throw error;
  }
}
