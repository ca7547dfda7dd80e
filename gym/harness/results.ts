import { constants } from 'node:fs';
import { open, realpath, rm } from 'node:fs/promises';
import { posix, resolve } from 'node:path';
import type { Environment } from '../environment/environment.ts';
import type { Stage } from '../task/schema.ts';
import type { Found } from './judge-stage.ts';
import { parseResults, resultLimitBytes } from './parse/index.ts';

/** Helper commands in a service (rm, pwd) take milliseconds. */
const helperMs = 30_000;

type Declared = NonNullable<Stage['results']>;

/** Gets the result file as it was read, whatever it holds: people and build machines want the tool's own. */
type Keep = (text: string) => void;

/** Where a stage reports its cases. */
export interface ResultFile {
  /** Removes what is there, so that an old or planted file is never believed. Gives why it could not. */
  clear(): Promise<string | undefined>;
  /** Reads what the stage wrote. */
  read(): Promise<Found>;
}

/** A result file on the host, relative to the folder that the stage runs in. */
export function hostResults(declared: Declared, directory: string, keep: Keep): ResultFile {
  const file = resolve(directory, declared.path);
  return {
    async clear() {
      try {
        await rm(file, { force: true });
        return undefined;
      } catch (error) {
        return `an old ${declared.path} could not be removed: ${errorText(error)}`;
      }
    },
    async read() {
      const bytes = await readRegular(file);
      if (bytes.kind === 'missing') return { kind: 'missing', path: declared.path };
      if (bytes.kind === 'refused') return { kind: 'unparseable', path: declared.path, because: bytes.because };
      return parsed(declared, bytes.text, await realpath(directory), keep);
    },
  };
}

/** A result file in a service's container, relative to the folder that the stage runs in there. */
export function serviceResults(
  declared: Declared,
  stage: Stage,
  environment: Environment,
  service: string,
  keep: Keep,
): ResultFile {
  let folder: string | undefined;
  const path = async (): Promise<string> => {
    folder ??= await workingFolder(environment, service, stage.workdir);
    return posix.resolve(folder, declared.path);
  };
  return {
    async clear() {
      const file = await path();
      const removed = await helper(environment, service, ['rm', '-f', '--', file]);
      if (removed.ok) return undefined;
      // An image without rm is fine as long as there is nothing to remove.
      const old = await environment.readFile(service, file, resultLimitBytes);
      if (!old.ok && old.problems[0].kind === 'evidence') return undefined;
      return `an old ${declared.path} could not be removed from service ${service}: ${removed.output}`;
    },
    async read() {
      const bytes = await environment.readFile(service, await path(), resultLimitBytes);
      if (bytes.ok) return parsed(declared, Buffer.from(bytes.value).toString('utf8'), folder ?? '/', keep);
      const [problem] = bytes.problems;
      if (problem.kind === 'evidence') return { kind: 'missing', path: declared.path };
      return { kind: 'unreadable', because: problem.message };
    },
  };
}

function parsed(declared: Declared, text: string, root: string, keep: Keep): Found {
  keep(text);
  const results = parseResults(declared.format, text, root);
  return { ...results, path: declared.path };
}

type Bytes =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'refused'; readonly because: string };

/** Reads a regular file only: a pipe would never end, a link leads elsewhere. */
async function readRegular(file: string): Promise<Bytes> {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = await handle.stat();
    if (!stat.isFile()) return { kind: 'refused', because: 'it is not a regular file' };
    if (stat.size > resultLimitBytes)
      return { kind: 'refused', because: `it has ${stat.size} bytes, more than is read` };
    return { kind: 'text', text: await handle.readFile('utf8') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? { kind: 'missing' }
      : { kind: 'refused', because: errorText(error) };
  }
}

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
