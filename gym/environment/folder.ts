import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract, type Headers } from 'tar-stream';
import { failed, ok, type Result } from '../events/problem.ts';
import type { FolderFile, FolderRequest } from './environment.ts';
import type { ExecTarget } from './exec.ts';

const limitMs = 60_000;

/**
 * The regular files below a folder of a container, in the order of their paths, as the engine sees them: what is mounted as tmpfs it
 * does not see. A folder that is not there, or larger than the limit, is a problem of kind `evidence`.
 */
export async function readContainerFolder(
  { engine, id, service }: ExecTarget,
  request: FolderRequest,
): Promise<Result<FolderFile[]>> {
  const { folder, limitBytes } = request;
  const answer = await engine.call(
    'reading a folder',
    async () => filesOf(await engine.docker.getContainer(id).getArchive({ path: `${folder}/.` }), request),
    limitMs,
  );
  const fail = (why: string): Result<never> =>
    failed({ kind: 'evidence', message: `${folder} in ${service}: ${why}`, place: { service } });
  if (!answer.ok) return fail(answer.status === 404 ? 'it is not there' : answer.problems[0].message);
  if (answer.value === undefined) return fail(`it holds more than ${limitBytes} bytes`);
  return ok(answer.value.sort((a, b) => (a.path < b.path ? -1 : 1)));
}

/** `undefined`: too much. */
async function filesOf(
  archive: NodeJS.ReadableStream,
  { wants, contents, limitBytes }: FolderRequest,
): Promise<FolderFile[] | undefined> {
  const tar = extract();
  const source = Readable.from(archive);
  const files: FolderFile[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    tar.on('entry', (header: Headers, content: Readable, next: () => void) => {
      const path = header.name.replace(/^(\.\/)+/, '');
      const sizeBytes = header.size ?? 0;
      bytes += sizeBytes;
      if (bytes > limitBytes) {
        resolve(undefined);
        source.destroy();
        tar.destroy();
        return;
      }
      const isWanted = header.type === 'file' && wants(path);
      if (isWanted && contents) {
        buffer(content).then((read) => {
          files.push({ path, sizeBytes, content: read });
          next();
        }, reject);
        return;
      }
      if (isWanted) files.push({ path, sizeBytes, content: undefined });
      content.on('end', next).resume();
    });
    tar.once('finish', () => resolve(files));
    tar.once('error', reject);
    source.once('error', reject);
    source.pipe(tar);
  });
}
