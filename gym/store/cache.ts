import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { sealOf, takeKey } from './key.ts';
import { sha256 } from './sha256.ts';
import { type Store, writeAtomically } from './store.ts';

/**
 * All that a step depends on, each by a name that people understand (`file src/a.ts`, `variable CI`, `image node:24`) with its value or a hash
 * of it.
 */
export type Inputs = Readonly<Record<string, string>>;

const keptFile = z.object({
  /** Relative to the run's folder. */
  path: z.string(),
  /** As much of it as counts: a log may have grown since. */
  bytes: z.number(),
  /** SHA-256 of so many bytes. */
  hash: z.string(),
});
/** A file in a run's folder, as it was when it was judged. */
export type KeptFile = z.infer<typeof keptFile>;

const record = z.object({
  schema: z.literal('gym.cache/1'),
  /** What ran: names of stages, or the whole verification. */
  step: z.string(),
  inputs: z.record(z.string(), z.string()),
  /** The run in which it passed (of a trial of what is proposed: in which it was made), what came of it, and the files in the run's folder that it stands on. */
  passed: z.object({ run: z.string(), kept: z.unknown(), files: z.array(keptFile) }).nullable(),
  /** The run in which the same failed. A step that has both is flaky, and taken from no run. */
  failed: z.string().nullable(),
});
/** What came of a step with these inputs. */
export type CacheRecord = z.infer<typeof record>;

/** What was found under a key. `damaged`: a record that cannot be read, or that does not stand for its key. */
export type CacheFind = { readonly record: CacheRecord } | 'nothing' | 'damaged';

/** Records of one task at most, and their age. */
const keptRecords = 200;
/** Lists of parts of one task at most. Only those of the last runs are asked for. */
const keptLists = 50;
/** A list of more parts is not kept: with paths of common length this many make a third of a megabyte. */
const partsLimit = 5_000;
const keptMs = 30 * 24 * 60 * 60_000;

/** The key of a step: a hash over its name and its inputs, in whatever order they are. */
export function cacheKey(step: string, inputs: Inputs): string {
  const sorted = Object.entries(inputs).sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256(JSON.stringify([step, sorted]));
}

const folderOf = (store: Store, task: string): string => join(store.directory, 'cache', task);

/** The record of a key. */
export function readCache(store: Store, task: string, key: string): CacheFind {
  return readRecord(join(folderOf(store, task), `${key}.json`), key);
}

function readRecord(file: string, key: string): CacheFind {
  const content = readSealed(file);
  if (content === undefined) return existsSync(file) ? 'damaged' : 'nothing';
  const parsed = record.safeParse(content);
  if (!parsed.success || cacheKey(parsed.data.step, parsed.data.inputs) !== key) return 'damaged';
  return { record: parsed.data };
}

/** What a file of this folder says; `undefined`: it is not there, or not as it was written. */
function readSealed(file: string): unknown {
  try {
    const [, hash = '', body = ''] = /^([0-9a-f]{64})\n([\s\S]*)$/.exec(readFileSync(file, 'utf8')) ?? [];
    return sealOf(body) === hash ? JSON.parse(body) : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a record under its key, whole or not at all. Its first line is the user's seal of the rest. */
export function writeCache(store: Store, task: string, kept: CacheRecord): void {
  writeHashed(folderOf(store, task), cacheKey(kept.step, kept.inputs), kept);
}

function writeHashed(folder: string, key: string, content: unknown, most = keptRecords): void {
  mkdirSync(folder, { recursive: true });
  const body = JSON.stringify(content);
  writeAtomically(join(folder, `${key}.json`), `${sealOf(body)}\n${body}`);
  prune(folder, most);
}

const partsFolder = (store: Store, task: string): string => join(folderOf(store, task), 'parts');
const partsRecord = z.record(z.string(), z.string());

/** Keeps what an input of a step consists of under its hash, the value of that input, for `readParts`. Of too many parts nothing is kept. */
export function writeParts(store: Store, task: string, hash: string, parts: Inputs): void {
  if (Object.keys(parts).length > partsLimit) return;
  writeHashed(partsFolder(store, task), hash, parts, keptLists);
}

/** What an input of an earlier step consisted of; `undefined`: it is not known any more, or never was. */
export function readParts(store: Store, task: string, hash: string): Inputs | undefined {
  return partsRecord.safeParse(readSealed(join(partsFolder(store, task), `${hash}.json`))).data;
}

/** Drops the record of a key. */
export function forgetCache(store: Store, task: string, key: string): void {
  rmSync(join(folderOf(store, task), `${key}.json`), { force: true });
}

/** The newest records of a step, the newest first; damaged ones are left out. */
export function newestRecords(store: Store, task: string, step: string): CacheRecord[] {
  const folder = folderOf(store, task);
  return byAge(folder).flatMap((name) => {
    const found = readRecord(join(folder, name), name.slice(0, -'.json'.length));
    return typeof found === 'object' && found.record.step === step ? [found.record] : [];
  });
}

const wholeFolder = (store: Store): string => join(store.directory, 'cache');

/** What is known of a whole run under a key, as its writer understands it; `undefined`: nothing that this user's key vouches for. */
export function readWhole(store: Store, key: string): unknown {
  try {
    const [hash, body = ''] = readFileSync(join(wholeFolder(store), `${key}.json`), 'utf8').split('\n');
    return takeKey()?.seal(body) === hash ? JSON.parse(body) : undefined;
  } catch {
    return undefined;
  }
}

/** Of a store, what no verdict takes into account; all else may be what people have decided or proven. */
const neutral = new Set(['rows', 'runs', 'cache', 'environments', 'slots', 'snapshots', 'worktrees', '.gitignore']);

/** A hash that changes when something does that a verdict may take into account, such as what was proven: names, sizes and times of its files. */
export function decisionsHash({ directory }: Store): string {
  const all = existsSync(directory) ? readdirSync(directory) : [];
  return statesHash(
    directory,
    all.filter((name) => !neutral.has(name) && !name.startsWith('history.sqlite')),
  );
}

/** The same of what was proposed alone. */
export const proposalsHash = ({ directory }: Store): string => statesHash(directory, ['proposals']);

function statesHash(directory: string, names: readonly string[]): string {
  const files = names.toSorted().flatMap((name) => {
    const path = join(directory, name);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
    return readdirSync(path)
      .sort()
      .map((each) => join(path, each));
  });
  const states = files.map((file) => {
    const stat = statSync(file, { throwIfNoEntry: false });
    return [file, stat?.isFile() === true ? [stat.size, stat.mtimeMs] : null];
  });
  return sha256(JSON.stringify(states));
}

/** Drops all that is known of whole runs: a step of one of them was seen to fail. */
export function forgetWholes(store: Store): void {
  for (const name of byAge(wholeFolder(store))) rmSync(join(wholeFolder(store), name), { force: true });
}

/** Keeps it. */
export function writeWhole(store: Store, key: string, known: unknown): void {
  writeHashed(wholeFolder(store), key, known);
}

/** A file in a run's folder as it is now. */
export function keptFileOf(runDirectory: string, path: string): KeptFile {
  const content = readFileSync(join(runDirectory, path));
  return { path, bytes: content.length, hash: sha256(content) };
}

/** The content that counts of a file in a run's folder; `undefined`: it is not as it was. */
export function readKept(runDirectory: string, { path, bytes, hash }: KeptFile): Uint8Array | undefined {
  try {
    const content = readFileSync(join(runDirectory, path)).subarray(0, bytes);
    return sha256(content) === hash ? content : undefined;
  } catch {
    return undefined;
  }
}

function prune(folder: string, most: number): void {
  const now = Date.now();
  for (const [index, name] of byAge(folder).entries()) {
    const file = join(folder, name);
    const isOld = now - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? now) > keptMs;
    if (index >= most || isOld) rmSync(file, { force: true });
  }
}

/** Files of records, the newest first. What a killed gym left beside them is none. */
function byAge(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
  const ages = new Map(
    names.map((name) => [name, statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0]),
  );
  return names.sort((a, b) => (ages.get(b) ?? 0) - (ages.get(a) ?? 0));
}
