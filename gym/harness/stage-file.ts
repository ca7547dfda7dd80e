import { constants } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { posix, resolve } from 'node:path';
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
    folder,
  };
}

/** A stage's file: in its service's container, or on the host for a stage without one. */
export function stageFile(stage: Stage, path: string, environment: Environment, hostDirectory: string): StageFile {
  return stage.service === undefined
    ? hostFile(path, hostFolder(stage, hostDirectory))
    : serviceFile(path, stage, environment, stage.service);
}

/** The folder in which a stage on the host runs. */
export function hostFolder({ workdir }: Stage, hostDirectory: string): string {
  return resolve(hostDirectory, workdir ?? '.');
}

function hostFile(path: string, folder: string): StageFile {
  const file = resolve(folder, path);
  return {
    async clear() {
      try {
        await rm(file, { force: true });
        return undefined;
      } catch (error) {
        return `an old ${path} could not be removed: ${errorText(error)}`;
      }
    },
    read: () => readRegular(file),
    folder: async () => folder,
  };
}

function serviceFile(path: string, stage: Stage, environment: Environment, service: string): StageFile {
  let known: string | undefined;
  const folder = async (): Promise<string> => {
    known ??= await workingFolder(environment, service, stage.workdir);
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
      const removed = await helper(environment, service, ['rm', '-f', '--', posix.resolve(await folder(), path)]);
      // What the image's rm says does not count, nor whether there is one: only that nothing is left.
      const left = await look();
      if (left.kind === 'missing') return undefined;
      const said = removed.output || (left.kind === 'refused' ? left.because : 'it is still there');
      return `an old ${path} could not be removed from service ${service}: ${said}`;
    },
    read: look,
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

/** The folder that commands start in, where the stage names none: the image's own. */
async function workingFolder(environment: Environment, service: string, workdir: string | undefined): Promise<string> {
  if (workdir?.startsWith('/')) return workdir;
  const own = await helper(environment, service, ['pwd']);
  return posix.resolve('/', own.ok ? own.output.trim() : '', workdir ?? '');
}

async function helper(
  environment: Environment,
  service: string,
  command: readonly string[],
): Promise<{ ok: boolean; output: string }> {
  let output = '';
  const ended = await environment.exec(service, {
    command,
    onOutput: (chunk) => {
      output += Buffer.from(chunk).toString('utf8');
    },
    signal: new AbortController().signal,
    timeoutMs: helperMs,
  });
  return { ok: ended.kind === 'exited' && ended.exitCode === 0, output: output.trim() };
}

const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));
