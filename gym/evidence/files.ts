import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { failed, ok, type Place, type Result } from '../events/problem.ts';
import { readRegular } from '../harness/stage-file.ts';
import type { Document, Sample } from '../task/measurement.ts';
import type { FileFormat } from '../task/source/files.ts';
import { matchesAny } from '../workspace/paths.ts';
import { parseDocuments } from './documents.ts';
import { type BeginSource, type Found, notRead, type ReadSource } from './reader.ts';
import { type TakeSamples, take } from './take.ts';

/** A folder of a container is sent whole by the engine. */
const folderLimitBytes = 512 * 1024 * 1024;
/** Texts that are read as documents at most. */
const contentLimitBytes = 128 * 1024 * 1024;
const mostFiles = 200_000;
/** What tools put there, and nobody wrote. */
const passedOver = new Set(['.git', 'node_modules']);

/** A file that was found, and its text where that is wanted. */
interface FoundFile {
  readonly path: string;
  readonly place: Place;
  readonly sizeBytes: number;
  readonly text: string | undefined;
}

/** Files of the workspace: without a stage as they are now, before any ran. */
export const beginWorkspace: BeginSource<'workspace'> = async (source, { hostDirectory, nonce }) => {
  const read: ReadSource = async () => {
    const files = await workspaceFiles(hostDirectory, source.pattern, source.format !== 'none');
    return files.ok ? asFound(files.value, { ...source, labels: {}, nonce }) : files;
  };
  if (source.stage !== undefined) return read;
  const found = await read();
  return async () => found;
};

/** Files of a service's container, as the engine sees them. */
export const beginServiceFiles: BeginSource<'service-files'> =
  async (source, { environment, nonce }) =>
  async () => {
    const { service, folder, pattern, format } = source;
    const files = await environment.readFolder(service, {
      folder,
      wants: (path) => matchesAny(path, pattern),
      contents: format !== 'none',
      limitBytes: folderLimitBytes,
    });
    if (!files.ok) return files;
    const found = files.value.map(({ path, sizeBytes, content }) => ({
      path,
      place: { file: join(folder, path), service },
      sizeBytes,
      text: content === undefined ? undefined : Buffer.from(content).toString('utf8'),
    }));
    return asFound(found, { ...source, labels: { service }, nonce });
  };

interface Reading {
  readonly format: FileFormat;
  readonly parse: TakeSamples;
  readonly labels: Readonly<Record<string, string>>;
  readonly nonce: string;
}

/** `files`, how many; `bytes` of each; and what is taken from their documents. */
async function asFound(files: readonly FoundFile[], { format, parse, labels, nonce }: Reading): Promise<Result<Found>> {
  const sizes: Sample[] = [
    { metric: 'files', labels, value: BigInt(files.length), unit: 'count' },
    ...files.map(({ path, sizeBytes }): Sample => {
      return { metric: 'bytes', labels: { ...labels, path }, value: BigInt(sizeBytes), unit: 'bytes' };
    }),
  ];
  if (format === 'none') return ok({ samples: sizes });
  const documents: Document[] = [];
  for (const { text = '', place } of files) {
    const found = await parseDocuments(format, text, place);
    if (!found.ok) return found;
    for (const document of found.value) documents.push(document);
  }
  const taken = take(documents, parse, nonce);
  return taken.ok ? ok({ ...taken.value, samples: [...sizes, ...taken.value.samples] }) : taken;
}

async function workspaceFiles(...request: Parameters<typeof filesOf>): ReturnType<typeof filesOf> {
  try {
    return await filesOf(...request);
  } catch (thrown) {
    return notRead(`the workspace cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

/** Throws where a folder cannot be read, or changes meanwhile. */
async function filesOf(folder: string, pattern: readonly string[], contents: boolean): Promise<Result<FoundFile[]>> {
  const paths = await walk(folder, '', (path) => matchesAny(path, pattern));
  if (paths.length > mostFiles) return notRead(`more than ${mostFiles} files fit ${pattern.join(', ')}`);
  const files: FoundFile[] = [];
  let bytes = 0;
  for (const path of paths.sort()) {
    const { size: sizeBytes } = await stat(join(folder, path));
    bytes += contents ? sizeBytes : 0;
    if (bytes > contentLimitBytes)
      return notRead(`the files that fit ${pattern.join(', ')} hold more than ${contentLimitBytes} bytes`);
    const content = contents ? await readRegular(join(folder, path)) : undefined;
    if (content?.kind === 'refused')
      return failed({ kind: 'evidence', message: `${path} cannot be read: ${content.because}`, place: { file: path } });
    files.push({ path, place: { file: path }, sizeBytes, text: content?.kind === 'text' ? content.text : undefined });
  }
  return ok(files);
}

/** Regular files that are wanted, by their paths below the top folder. */
async function walk(top: string, below: string, wants: (path: string) => boolean): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(top, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory() && !passedOver.has(entry.name)) found.push(...(await walk(top, path, wants)));
    else if (entry.isFile() && wants(path)) found.push(path);
  }
  return found;
}
