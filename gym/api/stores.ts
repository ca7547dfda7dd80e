import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { auditRow } from '../store/audit.ts';
import { openHistory, type RunRow } from '../store/history.ts';
import { checkoutOf, openStore, type Store } from '../store/store.ts';
import { findTasks } from '../task/found.ts';

/**
 * The stores in which what is asked for from a folder may be, of those that are there: of its checkout and, where tasks
 * that can be named here are checkouts of their own, theirs. Nothing is made.
 */
export function storesHere(folder: string): readonly Store[] {
  const tops = new Set([checkoutOf(folder), ...findTasks(folder).map(({ file }) => checkoutOf(dirname(file)))]);
  return [...tops].map(openStore).filter(({ historyFile }) => existsSync(historyFile));
}

/** A line of the history, and whether it is as the chain has it. */
export interface ListedRun extends RunRow {
  readonly isAsWritten: boolean;
}

/** The history of those stores, newest first; of each at most `limit` lines. */
export function newestRuns(folder: string, limit: number): readonly ListedRun[] {
  const rows = storesHere(folder).flatMap((store) => {
    const history = openHistory(store);
    try {
      return history.newest(limit).map((row) => ({
        ...row,
        isAsWritten: auditRow(history, row).every(({ what }) => what === 'unvouched'),
      }));
    } finally {
      history.close();
    }
  });
  return rows.sort((a, b) => b.startedAt - a.startedAt);
}
