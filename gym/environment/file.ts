import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract, type Headers } from 'tar-stream';
import { z } from 'zod';
import { failed, ok, type Result } from '../events/problem.ts';
import { type ExecTarget, runExec } from './exec.ts';

const defaultLimitBytes = 64 * 1024 * 1024;
const mostLinks = 8;

/**
 * Reads a file out of a container, running or not, following symbolic links; `undefined`: there is none. Its problems are
 * of kind `evidence`.
 */
export async function readContainerFile(
  target: ExecTarget,
  path: string,
  limitBytes = defaultLimitBytes,
): Promise<Result<Uint8Array | undefined>> {
  const fail = (why: string): Result<never> =>
    failed({ kind: 'evidence', message: `${path} in ${target.service}: ${why}`, place: { service: target.service } });
  let at = path;
  for (let links = 0; links < mostLinks; links += 1) {
    const answer = await target.engine.call('reading a file', async () =>
      firstEntry(await target.engine.docker.getContainer(target.id).getArchive({ path: at }), limitBytes),
    );
    if (!answer.ok && answer.status === 404) {
      const inside = await readInside(target, at, limitBytes);
      return 'why' in inside ? fail(inside.why) : ok(inside.bytes);
    }
    if (!answer.ok) return fail(answer.problems[0].message);
    const entry = answer.value;
    if (entry.kind === 'file') return ok(entry.bytes);
    if (entry.kind === 'too-large') return fail(`it is larger than ${limitBytes} bytes`);
    if (entry.kind === 'other') return fail('it is no regular file');
    at = posix.resolve(posix.dirname(at), entry.link);
  }
  return fail('too many symbolic links');
}

const pathStat = z.object({ size: z.number(), mtime: z.string() });

/**
 * Changes whenever a file of a container is written: its size and time to the nanosecond, as the engine tells them in a header of its answer
 * (`HEAD /containers/{id}/archive`). `undefined`: there is none, or the engine does not see it.
 */
export async function containerFileStamp({ engine, id }: ExecTarget, path: string): Promise<string | undefined> {
  const answer = await engine.call('looking at a file', async (): Promise<unknown> => {
    return engine.docker.getContainer(id).infoArchive({ path });
  });
  const headers = answer.ok ? withHeaders.safeParse(answer.value).data?.headers : undefined;
  if (answer.ok && answer.value instanceof Readable) answer.value.resume();
  const header = headers?.['x-docker-container-path-stat'];
  if (header === undefined) return undefined;
  const stat = pathStat.safeParse(JSON.parse(Buffer.from(header, 'base64').toString('utf8'))).data;
  return stat === undefined ? undefined : `${stat.size} ${stat.mtime}`;
}

const withHeaders = z.object({ headers: z.object({ 'x-docker-container-path-stat': z.string().optional() }) });

/** The engine does not see into a container's tmpfs mounts (`docker cp` neither): there, the container has to read by itself. */
async function readInside(
  target: ExecTarget,
  path: string,
  limitBytes: number,
): Promise<{ bytes: Uint8Array | undefined } | { why: string }> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const outcome = await runExec(target, {
    command: ['cat', '--', path],
    onOutput: (chunk, stream) => {
      if (stream === 'stderr') return;
      bytes += chunk.length;
      if (bytes <= limitBytes) chunks.push(chunk);
    },
    signal: new AbortController().signal,
    timeoutMs: 30_000,
  });
  if (outcome.kind === 'lost') return { why: outcome.because };
  if (outcome.kind !== 'exited') return { why: 'it did not come to its end' };
  if (outcome.exitCode !== 0) return { bytes: undefined };
  return bytes > limitBytes ? { why: `it is larger than ${limitBytes} bytes` } : { bytes: Buffer.concat(chunks) };
}

type Entry =
  | { kind: 'file'; bytes: Uint8Array }
  | { kind: 'link'; link: string }
  | { kind: 'too-large' }
  | { kind: 'other' };

/** The engine answers with a tar archive of what is at the path. */
function firstEntry(archive: NodeJS.ReadableStream, limitBytes: number): Promise<Entry> {
  return new Promise((resolve, reject) => {
    const tar = extract();
    const source = Readable.from(archive);
    const settle = (entry: Entry): void => {
      resolve(entry);
      source.destroy();
      tar.destroy();
    };
    tar.on('entry', (header: Headers, content: Readable) => {
      if (header.type === 'symlink') settle({ kind: 'link', link: header.linkname ?? '' });
      else if (header.type !== 'file') settle({ kind: 'other' });
      else if ((header.size ?? 0) > limitBytes) settle({ kind: 'too-large' });
      else buffer(content).then((bytes) => settle({ kind: 'file', bytes }), reject);
    });
    tar.once('finish', () => resolve({ kind: 'other' }));
    tar.once('error', reject);
    source.once('error', reject);
    source.pipe(tar);
  });
}
