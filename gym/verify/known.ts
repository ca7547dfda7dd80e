import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { askEngine, imageIn } from '../environment/ask.ts';
import { isGreen, type Verdict } from '../judge/verdict.ts';
import { cacheKey, decisionsHash, proposalsHash, readWhole, writeWhole } from '../store/cache.ts';
import { checkoutOfLoop } from '../store/proposals.ts';
import { sha256 } from '../store/sha256.ts';
import { openStore, type Store } from '../store/store.ts';
import type { Task } from '../task/schema.ts';
import { type Contents, contentsOf } from '../workspace/contents.ts';
import { listFiles } from '../workspace/files.ts';
import { refsHash } from '../workspace/refs.ts';
import { buildId } from './build-id.ts';
import { hostVariables } from './host-variables.ts';

/**
 * What a whole passing run stood on, besides the files of its workspace: all of it can be looked up without loading the task. It is kept under
 * a key of those files, of gym, and of how it was asked.
 */
interface WholeRun {
  readonly run: string;
  /** SHA-256 of its verdict's file. */
  readonly verdict: string;
  /** Keys of its steps, by stage. */
  readonly keys: Readonly<Record<string, string>>;
  /** Hashes of the values of all variables that the task or its Compose files asked for; null: it was not set. */
  readonly variables: Readonly<Record<string, string | null>>;
  /** Hash of all variables that a stage on the host may ask for; null: no stage runs there. */
  readonly host: string | null;
  /** Hashes of files outside of what git sees; null: it was not there. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly images: Readonly<Record<string, string>>;
  readonly engine: string;
  /** Hash of all refs: what is held against a baseline depends on where branches are. */
  readonly refs: string;
  /** Hash of what people have decided or proven. */
  readonly decisions: string;
  /** The day on which it began, in UTC, where a check is waived until one. */
  readonly day: string | null;
}

/** By its seal this user's gym wrote it, and by its key this very build, which checked all of it: a schema would take longer to load than the answer. */
const isOwn = <Written extends object>(read: unknown): read is Written => typeof read === 'object' && read !== null;

/** How a verification was asked for. */
export interface WholeAsk {
  readonly store: Store;
  readonly taskFile: string;
  /** The folder of the task: the workspace. */
  readonly root: string;
  readonly called: string | undefined;
  readonly strict: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const hashOrNull = (text: string | Uint8Array | undefined): string | null => (text === undefined ? null : sha256(text));

function keyOf(
  { taskFile, called = '', strict }: Pick<WholeAsk, 'taskFile' | 'called' | 'strict'>,
  contents: Contents,
) {
  const gym = `${buildId()} ${process.platform} ${process.arch} ${release()} ${process.version}`;
  return cacheKey(`whole run of ${taskFile} called ${called}${strict ? ', strict' : ''} by ${gym}`, contents);
}

/** A passing run of the very same. */
export interface FoundWhole {
  readonly run: string;
  readonly verdict: Verdict;
  readonly keys: Readonly<Record<string, string>>;
}

/** Looks for a passing run of the very same; `undefined`: none is known for sure. Loads no task and runs nothing but git. */
export async function findWhole(ask: WholeAsk): Promise<FoundWhole | undefined> {
  const { store, root, env } = ask;
  const facts = askEngine(env);
  const found = readWhole(store, keyOf(ask, contentsOf(root, await listFiles(root))));
  if (!isOwn<WholeRun>(found)) return undefined;
  const { run, keys, variables, host, files, images, engine, day } = found;
  const holds =
    Object.entries(variables).every(([name, hash]) => hashOrNull(env[name]) === hash) &&
    Object.entries(files).every(([file, hash]) => hashOrNull(readOrNot(file)) === hash) &&
    (host === null || host === hostHash(env)) &&
    (day === null || day === dayOf(Date.now())) &&
    found.refs === refsHash(root) &&
    found.decisions === decisionsOf(ask);
  const now = await facts;
  if (!holds || now?.engine !== engine) return undefined;
  if (Object.entries(images).some(([reference, id]) => imageIn(now, reference) !== id)) return undefined;
  const text = readOrNot(join(store.runDirectory(run), 'verdict.json'));
  if (text === undefined || sha256(text) !== found.verdict) return undefined;
  const verdict: unknown = JSON.parse(text.toString('utf8'));
  return isOwn<Verdict>(verdict) ? { run, keys, verdict } : undefined;
}

/** What was looked at while a task was loaded and run. */
export interface WholeSeen {
  readonly task: Task;
  /** Keys of the steps, by stage. */
  readonly keys: Readonly<Record<string, string>>;
  /** Files that were judged. */
  readonly contents: Contents;
  readonly images: Readonly<Record<string, string>>;
  readonly engine: string;
  /** Names of variables. */
  readonly variables: Iterable<string>;
  /** Contents of files outside of the snapshot; `undefined`: not there. */
  readonly files: ReadonlyMap<string, string | Uint8Array | undefined>;
}

/** Keeps a passing run as known as a whole. */
export function keepWhole(ask: WholeAsk & { readonly standing: Standing }, verdict: Verdict, seen: WholeSeen): void {
  if (!isGreen(verdict.state) || verdict.workspace.restored.length > 0) return;
  // What was proposed may be decided otherwise.
  if (verdict.proposals !== undefined) return;
  const { store, env } = ask;
  const { task, keys, contents, images, engine, variables, files } = seen;
  const own = readFileSync(join(store.runDirectory(verdict.run), 'verdict.json'));
  const kept: WholeRun = {
    run: verdict.run,
    verdict: sha256(own),
    keys: { ...keys },
    variables: Object.fromEntries([...variables].map((name) => [name, hashOrNull(env[name])])),
    host: task.stages.some(({ service }) => service === undefined) ? hostHash(env) : null,
    files: Object.fromEntries([...files].map(([file, content]) => [file, hashOrNull(content)])),
    images: { ...images },
    engine,
    ...ask.standing,
    day: task.waivers.length > 0 ? dayOf(verdict.startedAt) : null,
  };
  writeWhole(store, keyOf(ask, contents), kept);
}

const hostHash = (env: WholeAsk['env']): string => sha256(JSON.stringify(hostVariables(env)));

/** Where branches are and what people have decided, as hashes. */
export type Standing = Pick<WholeRun, 'refs' | 'decisions'>;

/** As it is now: to be asked before anything is judged by it, as a commit, a fetch or a person may change it meanwhile. */
export const standingOf = (ask: Pick<WholeAsk, 'store' | 'root'>): Standing => ({
  refs: refsHash(ask.root),
  decisions: decisionsOf(ask),
});

/** What is proposed in the worktree of a loop is kept with the loop. */
function decisionsOf({ store, root }: Pick<WholeAsk, 'store' | 'root'>): string {
  const loops = checkoutOfLoop(root);
  const own = decisionsHash(store);
  return loops === undefined ? own : sha256(`${own} ${proposalsHash(openStore(loops))}`);
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

function readOrNot(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
