import { constants, existsSync, lstatSync, realpathSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname, isAbsolute, posix, resolve, sep } from 'node:path';
import type { Environment } from '../environment/environment.ts';
import type { Stage } from '../task/schema.ts';
import { resultLimitBytes } from './parse/index.ts';

/** Helper commands in a service (rm, pwd) take milliseconds. */
const helperMs = 30_000;

/** What was found in the place of a file that a stage should have written. */
export type StageContent =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  /** It is there, and no file that can be read; or it could not be looked for. */
  | { readonly kind: 'refused'; readonly because: string };

/** A file that a stage writes: its results, or a measurement. A relative path is relative to the folder that the stage runs in. */
export interface StageFile {
  /** Removes what is there, so that an old or planted file is never believed. Gives why it could not. */
  clear(): Promise<string | undefined>;
  /** Reads what the stage wrote. */
  read(): Promise<StageContent>;
  /** Changes whenever it is written; `undefined`: it is not there, or nobody can tell. */
  stamp(): Promise<string | undefined>;
  /** The folder that the stage runs in, where it runs. */
  folder(): Promise<string>;
  /** Takes what the stage prints on its standard output, where that is the file. */
  take?(chunk: Uint8Array): void;
}

/** The path of results that a stage prints on its standard output. */
export const standardOutput = '-';

/** What a stage prints, in place of a file. Nothing printed is no file. */
export function printedFile({ folder }: StageFile): StageFile {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  return {
    clear: async () => undefined,
    take(chunk) {
      bytes += chunk.length;
      if (bytes <= resultLimitBytes) chunks.push(chunk);
    },
    async read() {
      if (bytes === 0) return { kind: 'missing' };
      if (bytes > resultLimitBytes) return tooLarge(bytes);
      return { kind: 'text', text: Buffer.concat(chunks).toString('utf8') };
    },
    stamp: async () => undefined,
    folder,
  };
}

/** A stage's file: in its service's container, or on the host for a stage without one. */
export function stageFile(stage: Stage, path: string, environment: Environment, hostDirectory: string): StageFile {
  return stage.service === undefined
    ? hostFile(path, hostFolder(stage, hostDirectory), hostDirectory)
    : serviceFile(path, stage, environment, stage.service);
}

/** The folder in which a stage on the host runs. */
export function hostFolder({ workdir }: Stage, hostDirectory: string): string {
  return resolve(hostDirectory, workdir ?? '.');
}

/** Why a stage on the host would not run in the snapshot: an earlier stage put a link in the place of its folder. `undefined`: it would. */
export function leadsOut(
  { service, workdir }: Pick<Stage, 'service' | 'workdir'>,
  hostDirectory: string,
): string | undefined {
  if (service !== undefined || workdir === undefined || isAbsolute(workdir)) return undefined;
  const isInside = isWithin(resolve(hostDirectory, workdir), hostDirectory);
  return isInside ? undefined : `its folder ${workdir} leads out of the workspace`;
}

/** Whether a path, as far as it is there, leads into a folder with all its links followed. */
function isWithin(path: string, folder: string): boolean {
  if (!existsSync(path)) return path === dirname(path) ? false : isWithin(dirname(path), folder);
  const [real, root] = [realpathSync(path), realpathSync(folder)];
  return real === root || real.startsWith(`${root}${sep}`);
}

function hostFile(path: string, folder: string, root: string): StageFile {
  const file = resolve(folder, path);
  // An absolute path is the task's own choice.
  const wayOut = (): string | undefined =>
    isAbsolute(path) || isWithin(dirname(file), root) ? undefined : `${path} leads out of the workspace by a link`;
  return {
    async clear() {
      const because = wayOut();
      if (because !== undefined) return because;
      try {
        await rm(file, { force: true });
        return undefined;
      } catch (error) {
        return `an old ${path} could not be removed: ${errorText(error)}`;
      }
    },
    async read() {
      const because = wayOut();
      return because === undefined ? readRegular(file) : { kind: 'refused', because };
    },
    stamp: async () => stampOf(file),
    folder: async () => folder,
  };
}

/** Times of the last change cannot be set, as those of the last write can. */
function stampOf(file: string): string | undefined {
  const stat = lstatSync(file, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.ino} ${stat.size} ${stat.ctimeNs}`;
}

/** Tells the folder that commands start in, and removes a file below another one: both at once, as each command that is started takes the engine its time. */
const clearing = 'pwd -P; cd -- "$1" && rm -f -- "$2"';

function serviceFile(path: string, stage: Stage, environment: Environment, service: string): StageFile {
  let known = stage.workdir;
  const folder = async (): Promise<string> => {
    known ??= await ownFolder(environment, service);
    return known;
  };
  const look = async (): Promise<StageContent> => {
    const bytes = await environment.readFile(service, posix.resolve(await folder(), path), resultLimitBytes);
    if (!bytes.ok) return { kind: 'refused', because: bytes.problems[0].message };
    if (bytes.value === undefined) return { kind: 'missing' };
    return { kind: 'text', text: Buffer.from(bytes.value).toString('utf8') };
  };
  return {
    async clear() {
      const command = ['sh', '-c', clearing, 'sh', stage.workdir ?? '.', path];
      const { output, lost } = await helper(environment, service, command);
      if (lost !== undefined) return lost;
      const [own = '', ...said] = output.split('\n');
      if (own.startsWith('/')) known ??= own;
      // What the image's rm says does not count, nor whether there is one: only that nothing is left.
      const left = await look();
      if (left.kind === 'missing') return undefined;
      const because = said.join('\n') || (left.kind === 'refused' ? left.because : 'it is still there');
      return `an old ${path} could not be removed from service ${service}: ${because}`;
    },
    read: look,
    stamp: async () => environment.fileStamp(service, posix.resolve(await folder(), path)),
    folder,
  };
}

/** Reads a regular file only: a pipe would never end, a link leads elsewhere. */
export async function readRegular(file: string): Promise<StageContent> {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = await handle.stat();
    if (!stat.isFile()) return { kind: 'refused', because: 'it is not a regular file' };
    if (stat.size > resultLimitBytes) return tooLarge(stat.size);
    return { kind: 'text', text: await handle.readFile('utf8') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? { kind: 'missing' }
      : { kind: 'refused', because: errorText(error) };
  }
}

const tooLarge = (bytes: number): StageContent => ({
  kind: 'refused',
  because: `it has ${bytes} bytes, more than is read`,
});

/** The folder that commands start in: the image's own. */
async function ownFolder(environment: Environment, service: string): Promise<string> {
  const own = await helper(environment, service, ['pwd']);
  return posix.resolve('/', own.ok ? own.output : '');
}

async function helper(
  environment: Environment,
  service: string,
  command: readonly string[],
): Promise<{ ok: boolean; output: string; lost: string | undefined }> {
  let output = '';
  const ended = await environment.exec(service, {
    command,
    onOutput: (chunk) => {
      output += Buffer.from(chunk).toString('utf8');
    },
    signal: new AbortController().signal,
    timeoutMs: helperMs,
  });
  const lost = ended.kind === 'lost' ? ended.because : undefined;
  return { ok: ended.kind === 'exited' && ended.exitCode === 0, output: output.trim(), lost };
}

const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));
