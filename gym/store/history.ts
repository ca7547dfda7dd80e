import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import {
  appendEntries,
  type ChainEntry,
  chainTable,
  type FileHash,
  type Link,
  readFirstLink,
  readLinks,
} from './chain.ts';
import { readKey } from './key.ts';
import { type LateRow, takeRows } from './late-rows.ts';
import { ownerState, thisOwner } from './owner.ts';
import { type RunRow, runRow } from './row.ts';
import { namesMeant, type Store } from './store.ts';

export type { RunRow } from './row.ts';

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
  /** Saves how a run ended, and links that with the files that it stands on to the chain: both or none. */
  end(row: RunRow, files: Readonly<Record<string, FileHash>>): void;
  /** Notes in the chain that gym is about to remove the folders of these runs. */
  removed(runs: readonly string[]): void;
  /** The links of the chain in their order, or those that end one run. */
  links(run?: string): Link[];
  /** Names of runs that ended before there was a chain: nothing vouches for them. */
  older(): readonly string[];
  /** The newest runs first. */
  newest(limit: number): RunRow[];
  /** The verifications of a loop, the newest first. */
  ofLoop(loop: string): RunRow[];
  /** A run by its name or a unique end of it. */
  find(name: string): RunRow | undefined;
  close(): void;
}

const busyTimeoutMs = 5000;
/** SQLite's SQLITE_BUSY (sqlite.org/rescode.html#busy). */
const busyCode = 5;

/** Opens the history; WAL and a busy timeout let several gyms write at once. */
export function openHistory(store: Store): History {
  store.make();
  const database = new DatabaseSync(store.historyFile, { timeout: busyTimeoutMs });
  enterWalMode(database);
  // In WAL mode, a power cut may take the last lines with it, and damages nothing (sqlite.org/pragma.html#pragma_synchronous).
  database.exec('PRAGMA synchronous = NORMAL');
  database.exec(table);
  database.exec(chainTable);
  addOwner(database);
  const rows = (sql: string, ...values: (string | number)[]): RunRow[] =>
    database
      .prepare(sql)
      .all(...values)
      .map((row) => asRow(storedRow.parse(row)));
  const save = (row: RunRow): void => {
    database.prepare('INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').run(
      row.run,
      row.kind,
      row.task,
      row.state,
      row.distance,
      row.exitCode,
      row.headline,
      row.startedAt,
      row.durationMs,
      row.loop,
      // Only of a run that has not ended does anybody ask whether its gym still lives.
      row.state === 'running' ? thisOwner() : null,
    );
  };
  const endedRuns = (): readonly string[] =>
    database
      .prepare('SELECT run FROM runs WHERE durationMs IS NOT NULL ORDER BY run')
      .all()
      .map((row) => String(row['run']));
  const append = (entries: readonly ChainEntry[], besides: () => void): void =>
    appendEntries({ database, directory: store.directory, olderRuns: endedRuns }, entries, besides);
  const endAll = (ended: readonly LateRow[]): void =>
    append(
      ended.map(({ row, files }) => ({ type: 'ended', row, files })),
      () => {
        for (const { row } of ended) save(row);
      },
    );
  takeRows(store, endAll);
  return {
    save,
    end: (row, files) => endAll([{ row, files: { ...files } }]),
    removed: (runs) => append([{ type: 'removed', runs: [...runs] }], () => undefined),
    links: (run) => readLinks(database, readKey(), run),
    older() {
      const first = readFirstLink(database);
      return first === undefined ? endedRuns() : first.entry?.type === 'began' ? first.entry.older : [];
    },
    // SQLite refuses a fraction.
    newest: (limit) => rows('SELECT * FROM runs ORDER BY startedAt DESC, run DESC LIMIT ?', Math.ceil(limit)),
    ofLoop: (loop) => rows('SELECT * FROM runs WHERE loop = ? ORDER BY startedAt DESC, run DESC', loop),
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

/** Of two gyms that open a new history at once, SQLite lets one change its mode and refuses the other without waiting: both hold a lock that the other wants. */
function enterWalMode(database: DatabaseSync): void {
  const until = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      database.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      const isBusy = error instanceof Error && 'errcode' in error && error.errcode === busyCode;
      if (!isBusy || performance.now() > until) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
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
