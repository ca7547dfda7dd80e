import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { forgetLostHeads, type Key, readHead, takeKey, writeHead } from './key.ts';
import { runRow } from './row.ts';
import { sha256 } from './sha256.ts';

/** Size and hash of a file. */
export const fileHash = z.object({ bytes: z.number(), sha256: z.string() });
/** Size of a file in bytes, and SHA-256 of its content as hex. */
export type FileHash = z.infer<typeof fileHash>;

const chainHead = z.object({ seq: z.number(), at: z.number() });

const entry = z.discriminatedUnion('type', [
  /** The first link. Runs that were there before have none; `lost`: a chain that this user's gym wrote is gone with its store. */
  z.object({ type: z.literal('began'), older: z.array(z.string()), lost: chainHead.nullable() }),
  /** A run ended so, standing on these files of its folder; a loop stands on its runs. */
  z.object({ type: z.literal('ended'), row: runRow, files: z.record(z.string(), fileHash) }),
  /** gym removed the folders of these runs. */
  z.object({ type: z.literal('removed'), runs: z.array(z.string()) }),
  /** Links that this user's gym wrote are not there any more. */
  z.object({ type: z.literal('cut'), lost: chainHead }),
]);
/** What a link says. */
export type ChainEntry = z.infer<typeof entry>;

const storedLink = z.object({
  seq: z.number(),
  /** Epoch milliseconds. */
  at: z.number(),
  body: z.string(),
  /** Hash of the link before; empty for the first. */
  previous: z.string(),
  hash: z.string(),
  /** Id of the key that sealed it; empty: none could be kept. */
  key: z.string(),
  seal: z.string(),
});
type StoredLink = z.infer<typeof storedLink>;

/**
 * Whether a link is as gym wrote it. `edited`: its hash or this user's seal does not fit. `unvouched`: it is whole in itself, but another
 * user's or machine's key sealed it, or none.
 */
export type LinkState = 'whole' | 'edited' | 'unvouched';

/** A link of the chain as it is found; `entry` is undefined where it cannot be read. */
export interface Link {
  readonly seq: number;
  readonly at: number;
  readonly previous: string;
  readonly hash: string;
  readonly state: LinkState;
  readonly entry: ChainEntry | undefined;
}

/** A run's name is kept beside what is hashed, to be found by; nothing is believed of it. */
export const chainTable = `
  CREATE TABLE IF NOT EXISTS chain (
    seq INTEGER PRIMARY KEY, at REAL NOT NULL, run TEXT, body TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL,
    key TEXT NOT NULL, seal TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS chain_run ON chain (run)`;

/** Where a chain is written. */
export interface ChainPlace {
  readonly database: DatabaseSync;
  /** Folder of the store. */
  readonly directory: string;
  /** Names of runs that are there when the chain begins. */
  readonly olderRuns: () => readonly string[];
}

/**
 * Appends entries together with what else `besides` writes: all or none, however gym ends. Of two gyms one waits for the other. The head
 * is noted outside the workspace after that; one that a kill left behind is still in the chain.
 */
export function appendEntries(
  { database, directory, olderRuns }: ChainPlace,
  said: readonly ChainEntry[],
  besides: () => void,
): void {
  const key = takeKey();
  const at = Date.now();
  const head = readHead(directory);
  let last: Pick<StoredLink, 'seq' | 'hash'> = { seq: 0, hash: '' };
  const append = (body: ChainEntry): void => {
    last = insertLink(database, key, last, body, at);
  };
  // The head must not outlive its link, be it a power cut that comes in between.
  database.exec('PRAGMA synchronous = FULL');
  database.exec('BEGIN IMMEDIATE');
  try {
    const found = database.prepare('SELECT * FROM chain ORDER BY seq DESC LIMIT 1').get();
    const lost = head === undefined ? null : { seq: head.seq, at: head.at };
    if (found === undefined) {
      append({ type: 'began', older: [...olderRuns()], lost });
    } else {
      last = storedLink.parse(found);
      if (head !== undefined && lost !== null && !hasLink(database, head.hash)) append({ type: 'cut', lost });
    }
    besides();
    for (const each of said) append(each);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
  if (head === undefined) forgetLostHeads();
  writeHead(directory, { ...last, at });
}

function insertLink(
  database: DatabaseSync,
  key: Key | undefined,
  last: Pick<StoredLink, 'seq' | 'hash'>,
  said: ChainEntry,
  at: number,
): Pick<StoredLink, 'seq' | 'hash'> {
  const body = JSON.stringify(said);
  const hash = hashOf({ at, body, previous: last.hash });
  const seq = last.seq + 1;
  const run = said.type === 'ended' ? said.row.run : null;
  database
    .prepare('INSERT INTO chain VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    .run(seq, at, run, body, last.hash, hash, key?.id ?? '', key?.seal(hash) ?? '');
  return { seq, hash };
}

const hasLink = (database: DatabaseSync, hash: string): boolean =>
  database.prepare('SELECT 1 FROM chain WHERE hash = ?').get(hash) !== undefined;

/** Its place is told by the link before, so that links that were exchanged show as that. */
const hashOf = ({ at, body, previous }: Pick<StoredLink, 'at' | 'body' | 'previous'>): string =>
  sha256(JSON.stringify([previous, at, body]));

/** All links in their order, or those that end one run. */
export function readLinks(database: DatabaseSync, key: Key | undefined, run?: string): Link[] {
  const rows =
    run === undefined
      ? database.prepare('SELECT * FROM chain ORDER BY seq').all()
      : database.prepare('SELECT * FROM chain WHERE run = ? ORDER BY seq').all(run);
  return rows.map((row) => asLink(storedLink.parse(row), key));
}

/** The link that the chain begins with; `undefined`: there is no chain. */
export function readFirstLink(database: DatabaseSync): Link | undefined {
  const row = database.prepare('SELECT * FROM chain ORDER BY seq LIMIT 1').get();
  return row === undefined ? undefined : asLink(storedLink.parse(row), undefined);
}

function asLink(stored: StoredLink, key: Key | undefined): Link {
  const { seq, at, previous, hash } = stored;
  return { seq, at, previous, hash, state: stateOf(stored, key), entry: entryOf(stored.body) };
}

function stateOf(stored: StoredLink, key: Key | undefined): LinkState {
  if (hashOf(stored) !== stored.hash) return 'edited';
  if (key === undefined || stored.key !== key.id) return 'unvouched';
  return key.seal(stored.hash) === stored.seal ? 'whole' : 'edited';
}

function entryOf(body: string): ChainEntry | undefined {
  try {
    return entry.parse(JSON.parse(body));
  } catch {
    return undefined;
  }
}
