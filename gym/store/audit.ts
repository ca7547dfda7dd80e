import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { jsonOf } from '../events/json.ts';
import type { ChainEntry, FileHash, Link } from './chain.ts';
import type { History } from './history.ts';
import { type Head, readHead } from './key.ts';
import type { RunRow } from './row.ts';
import { hashFile, listRunFiles, verdictName } from './run-files.ts';
import type { Store } from './store.ts';

/**
 * What is not as gym wrote it. `unvouched`: nothing contradicts it, and nothing that this user's gym wrote vouches for it: another user's
 * gym, or one from before there was a chain.
 */
export interface Finding {
  readonly what: 'edited' | 'removed' | 'planted' | 'reordered' | 'unvouched';
  /** null: it concerns the chain itself. */
  readonly run: string | null;
  /** Relative to the run's folder; null: its line in the history, or its folder. */
  readonly file: string | null;
  readonly because: string;
}

/** What an audit of a store came to. */
export interface Audit {
  readonly directory: string;
  readonly links: number;
  /** Runs whose verdict is in the chain, with the files that are there. */
  readonly verdicts: number;
  /** Runs whose folders `gym gc` removed: their links are all that is left. */
  readonly collected: number;
  readonly findings: readonly Finding[];
  /** What a reader should know, and no finding: runs that ended without a verdict, a store that was begun anew. */
  readonly notes: readonly string[];
}

/** How a run ended, by the last link of it. */
type Ended = Extract<ChainEntry, { type: 'ended' }>;

/** Looks again so often where another gym has written meanwhile. */
const mostTries = 5;

/** Walks the chain of a store, and holds the history and the folders of all runs against it. Nothing is changed. */
export function auditStore(store: Store, history: History): Audit {
  for (let tries = 1; ; tries += 1) {
    const audit = auditOnce(store, history);
    const isStill = audit.findings.length === 0 || history.links().length === audit.links;
    if (isStill || tries === mostTries) return audit;
  }
}

function auditOnce(store: Store, history: History): Audit {
  const links = history.links();
  const entries = links.flatMap(({ entry, state }) => (entry === undefined || state === 'edited' ? [] : [entry]));
  const ended = new Map(entries.flatMap((entry) => (entry.type === 'ended' ? [[entry.row.run, entry] as const] : [])));
  const linked = new Set(links.flatMap(({ entry }) => (entry?.type === 'ended' ? [entry.row.run] : [])));
  const collected = collectedIn(links);
  const older = new Set(history.older());
  const rows = new Map(history.newest(Number.MAX_SAFE_INTEGER).map((row) => [row.run, row]));
  const judged = [...ended.values()].filter(({ row }) => row.kind === 'verify' && !collected.has(row.run));
  return {
    directory: store.directory,
    links: links.length,
    verdicts: judged.length,
    collected: collected.size,
    findings: [
      ...chainFindings(links, existsSync(store.directory) ? readHead(store.directory) : undefined),
      ...judged.flatMap((each) => fileFindings(store, each)),
      ...[...ended.values()].flatMap((each) => rowFindings(each, rows.get(each.row.run))),
      ...strangers(store, rows, { linked, collected, older }),
    ],
    notes: [...beginnings(entries), ...unfinished(rows, ended)],
  };
}

/** The same for one run alone: its line in the history, its last link, and its files. */
export function auditRun(store: Store, history: History, row: RunRow): Finding[] {
  const found = auditRow(history, row);
  const said = history.links(row.run).at(-1)?.entry;
  if (said?.type !== 'ended' || row.kind !== 'verify') return found;
  const isCollected = !existsSync(store.runDirectory(row.run)) && collectedIn(history.links()).has(row.run);
  return isCollected ? found : [...found, ...fileFindings(store, said)];
}

/** Runs whose folders gym removed, as the chain says. */
function collectedIn(links: readonly Link[]): ReadonlySet<string> {
  return new Set(
    links.flatMap(({ entry, state }) => (state !== 'edited' && entry?.type === 'removed' ? entry.runs : [])),
  );
}

/** A run's line in the history against its last link, without a look at its files. A run that has not ended has no link. */
export function auditRow(history: Pick<History, 'links' | 'older'>, row: RunRow): Finding[] {
  const link = history.links(row.run).at(-1);
  if (link === undefined) {
    if (isUnfinished(row)) return [];
    return [history.older().includes(row.run) ? olderRun(row.run) : unlinked(row.run)];
  }
  if (link.state === 'edited' || link.entry?.type !== 'ended') return [linkEdited(link, row.run)];
  return [...(link.state === 'unvouched' ? [unvouched(link, row.run)] : []), ...rowFindings(link.entry, row)];
}

/**
 * Whether a run has ended and these files of it may be believed: they are what its verdict stood on, or the run is older than the chain. Paths are
 * relative to its folder.
 */
export function areAsWritten(store: Store, history: History, row: RunRow, paths: readonly string[]): boolean {
  if (isUnfinished(row) || auditRow(history, row).some(({ what }) => what !== 'unvouched')) return false;
  const said = history.links(row.run).at(-1)?.entry;
  if (said?.type !== 'ended') return true;
  return paths.every((path) => {
    const hash = said.files[path];
    return hash !== undefined && isAsWritten(store.runDirectory(row.run), path, hash, row);
  });
}

/** Whether the chain says of a run that it ended so, under this user's seal. */
export function isVouchedFor(history: Pick<History, 'links'>, run: string, state: string): boolean {
  const link = history.links(run).at(-1);
  return link?.state === 'whole' && link.entry?.type === 'ended' && link.entry.row.state === state;
}

/** The chain in itself: each link as it was written, after the one that it was written after, up to the last that is known elsewhere. */
function chainFindings(links: readonly Link[], head: Head | undefined): Finding[] {
  const known = new Set(links.map(({ hash }) => hash));
  const inOrder = links.flatMap((link, index): Finding[] => {
    const run = link.entry?.type === 'ended' ? link.entry.row.run : null;
    const own =
      link.state === 'edited' ? [linkEdited(link, run)] : link.state === 'unvouched' ? [unvouched(link, run)] : [];
    const before = index === 0 ? '' : links[index - 1]?.hash;
    if (link.entry?.type === 'cut') own.push(cutFinding(link.entry.lost));
    if (link.previous === before) return own;
    const isElsewhere = link.previous === '' || known.has(link.previous);
    const because = isElsewhere
      ? `link ${link.seq} of the chain is not where it was`
      : `what was before link ${link.seq} of the chain is gone`;
    return [...own, { what: isElsewhere ? 'reordered' : 'removed', run, file: null, because }];
  });
  if (head === undefined || known.has(head.hash)) return inOrder;
  return [...inOrder, cutFinding(head)];
}

const cutFinding = ({ seq, at }: { readonly seq: number; readonly at: number }): Finding => ({
  what: 'removed',
  run: null,
  file: null,
  because: `the chain had ${seq} links on ${dayText(at)}; the last of them are gone`,
});

const linkEdited = ({ seq }: Link, run: string | null): Finding => ({
  what: 'edited',
  run,
  file: null,
  because: `link ${seq} of the chain is not as gym wrote it`,
});

const unvouched = ({ seq }: Link, run: string | null): Finding => ({
  what: 'unvouched',
  run,
  file: null,
  because: `link ${seq} of the chain was not sealed with this user's key: by another user's gym, or by none`,
});

const unlinked = (run: string): Finding => ({
  what: 'planted',
  run,
  file: null,
  because: 'no link of the chain says that it ended',
});

const olderRun = (run: string): Finding => ({
  what: 'unvouched',
  run,
  file: null,
  because: 'it is older than the chain',
});

function fileFindings(store: Store, { row, files }: Ended): Finding[] {
  const { run } = row;
  const directory = store.runDirectory(run);
  if (!existsSync(directory)) return [{ what: 'removed', run, file: null, because: 'its folder is gone' }];
  const linked = Object.entries(files).flatMap(([file, hash]): Finding[] => {
    if (isAsWritten(directory, file, hash, row)) return [];
    const isGone = !existsSync(join(directory, file));
    const because = isGone ? 'it is gone' : 'it is not what the verdict stood on';
    return [{ what: isGone ? 'removed' : 'edited', run, file, because }];
  });
  const added = listRunFiles(directory).filter((file) => files[file] === undefined);
  return [
    ...linked,
    ...added.map((file): Finding => ({ what: 'planted', run, file, because: 'it came after the verdict' })),
  ];
}

const eventsFile = 'events.ndjson';

/** A verdict gets its name after its link; a kill in between leaves it under its temporary one, which is as good. */
function isAsWritten(directory: string, file: string, { bytes, sha256 }: FileHash, row: RunRow): boolean {
  const isSame = (path: string, most?: number): boolean => {
    const found = hashFile(join(directory, path), most);
    return found?.bytes === bytes && found.sha256 === sha256;
  };
  if (file === eventsFile) return isSame(file, bytes) && endsWell(join(directory, file), bytes, row);
  if (isSame(file)) return true;
  if (file !== verdictName || existsSync(join(directory, file))) return false;
  return readdirSync(directory).some((name) => name.startsWith(`${verdictName}.`) && isSame(name));
}

/** After its link a run tells one thing more: how it finished. A torn line is read by nobody. */
function endsWell(file: string, bytes: number, { state, exitCode }: RunRow): boolean {
  const lines = readFileSync(file).subarray(bytes).toString('utf8').split('\n').slice(0, -1);
  const finished = z.object({
    type: z.literal('run.finished'),
    state: z.literal(state),
    exitCode: z.literal(exitCode),
  });
  return lines.length <= 1 && lines.every((line) => finished.safeParse(jsonOf(line)).success);
}

/** The history's line of a run against what its link says. A loop that was gone on with has a newer line. */
function rowFindings({ row }: Ended, found: RunRow | undefined): Finding[] {
  const { run } = row;
  if (found === undefined) return [{ what: 'removed', run, file: null, because: 'its line in the history is gone' }];
  if (row.kind === 'loop' && isUnfinished(found)) return [];
  const fits = isDeepStrictEqual({ ...row }, { ...found });
  return fits ? [] : [{ what: 'edited', run, file: null, because: 'its line in the history is not as gym wrote it' }];
}

const isUnfinished = ({ state }: RunRow): boolean => state === 'running' || state === 'cut off';

interface Known {
  /** Runs that a link names, be it an edited one. */
  readonly linked: ReadonlySet<string>;
  readonly collected: ReadonlySet<string>;
  readonly older: ReadonlySet<string>;
}

/** Verdicts that no link names: in the history, or in a folder alone. */
function strangers(store: Store, rows: ReadonlyMap<string, RunRow>, { linked, collected, older }: Known): Finding[] {
  const folder = join(store.directory, 'runs');
  const named = existsSync(folder) ? readdirSync(folder) : [];
  const withVerdict = named.filter((run) => existsSync(join(folder, run, verdictName)));
  const told = [...rows.values()].filter((row) => !isUnfinished(row)).map(({ run }) => run);
  const isKnown = (run: string): boolean => linked.has(run) || collected.has(run);
  const runs = [...new Set([...withVerdict, ...told])].filter((run) => !isKnown(run)).sort();
  return runs.map((run) => (older.has(run) ? olderRun(run) : unlinked(run)));
}

function beginnings(entries: readonly ChainEntry[]): string[] {
  return entries.flatMap((entry) => {
    if (entry.type !== 'began' || entry.lost === null) return [];
    const { seq, at } = entry.lost;
    return [`the store was begun anew: one with ${seq} links, the last of ${dayText(at)}, was removed`];
  });
}

function unfinished(rows: ReadonlyMap<string, RunRow>, ended: ReadonlyMap<string, Ended>): string[] {
  const cutOff = [...rows.values()].filter(({ run, state }) => state === 'cut off' && !ended.has(run));
  return cutOff.map(({ run, kind }) => `${kind === 'loop' ? 'loop' : 'run'} ${run} ended without a verdict`).sort();
}

const dayText = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ');
